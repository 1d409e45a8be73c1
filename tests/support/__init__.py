"""Real parts for tests: server processes, a browser, a faulty network. Nothing in here stands in for the product."""
