"""What the server keeps: the port (`port`), and one adapter per database engine."""
