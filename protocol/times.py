"""Points in time (ms since 1970) and spans of time (s) as the wire has them: whole numbers, and small enough for every reader."""

LONGEST_SECONDS = 7 * 86_400
"""Longest duration or grace of a visit, seconds."""


def is_time(value: object) -> bool:
    """Whether `value` is a time in ms since 1970. Below 2**53: JavaScript and SQLite hold it exactly."""
    return type(value) is int and 0 <= value < 2**53


def is_seconds(value: object) -> bool:
    """Whether `value` is a span of time a visit may have, in seconds."""
    return type(value) is int and 0 <= value <= LONGEST_SECONDS
