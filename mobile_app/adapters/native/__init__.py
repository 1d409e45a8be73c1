"""The ports on CPython: SQLite files, `protocol.jose`, `requests`. Runs simulated devices: the real client, without a browser."""
