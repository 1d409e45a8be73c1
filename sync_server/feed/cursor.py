"""The feed cursor: opaque to clients, bound to one device of one unit, and knows the epoch it was given in."""

from protocol.errors import ErrorCode, ProtocolError
from sync_server.tokens import make_token, read_token

_SEQ_BYTES = 8


def write_cursor(secret: bytes, epoch: str, unit: str, device: str, seq: int) -> str:
    """Cursor that stands after sequence number `seq`."""
    return make_token(secret, "cursor", (unit, device), seq.to_bytes(_SEQ_BYTES, "big") + epoch.encode())


def read_cursor(secret: bytes, epoch: str, unit: str, device: str, cursor: str) -> int:
    """Sequence number a cursor stands after; the empty cursor is the beginning.

    Raises ProtocolError: cursor_invalid (also another device's), epoch_changed.
    """
    if not cursor:
        return 0
    data = read_token(secret, "cursor", (unit, device), cursor)
    if data is None:
        raise ProtocolError(ErrorCode.CURSOR_INVALID)
    if data[_SEQ_BYTES:] != epoch.encode():
        raise ProtocolError(ErrorCode.EPOCH_CHANGED)
    return int.from_bytes(data[:_SEQ_BYTES], "big")
