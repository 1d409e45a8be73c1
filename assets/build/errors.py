"""The one error the build raises for something its user can put right."""


class BuildError(Exception):
    """The build cannot go on; the message says what is missing or wrong, and where."""
