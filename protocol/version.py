"""The version rule, one for every signed or sealed object: what is newer is kept for later, what is not a version is refused."""

from typing import Any

from protocol import PROTOCOL_VERSION
from protocol.errors import ErrorCode, ProtocolError


def check_version(raw: dict[str, Any], code: ErrorCode, what: str) -> None:
    """Look at the member `v` before anything else of `raw`.

    Raises ProtocolError: update_needed when it is a newer version, `code` when it is no version this side ever knew.
    """
    version = raw.get("v")
    # Not isinstance: true is an int to Python, and 1.0 equals 1.
    if type(version) is int and version > PROTOCOL_VERSION:
        raise ProtocolError(ErrorCode.UPDATE_NEEDED, f"{what} version {version}")
    if type(version) is not int or version != PROTOCOL_VERSION:
        raise ProtocolError(code, f"{what} version")
