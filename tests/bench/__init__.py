"""Measurements against the budgets: `python -m tests.bench [room …]`. They never decide whether a test passes."""
