"""Tests of every kind: unit, contract, integration, e2e (a real browser) and bench, with their tools in support and check."""
