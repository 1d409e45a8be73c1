"""Acknowledgements: signed and not sealed, so that a locked phone can check who has seen its alarm."""

from dataclasses import dataclass
from enum import StrEnum

from protocol import PROTOCOL_VERSION
from protocol.encoding import compact_json
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_digest, is_id
from protocol.jws import Typ, peek
from protocol.times import is_time
from protocol.version import check_version


class AckState(StrEnum):
    """What a member says of an alarm: it was opened in front of them, or they take it."""

    SEEN = "seen"
    TAKEN = "taken"


@dataclass(frozen=True)
class Statement:
    """`member` on `device` says `state` of the alarm `case`. `created`: device clock, ms, a claim."""

    id: str
    server: str
    unit: str
    case: str
    member: str
    device: str
    state: AckState
    roster: str
    created: int
    v: int = PROTOCOL_VERSION

    def payload(self) -> str:
        """The text that is signed, with the device's member key."""
        return compact_json(vars(self))


def read_statement(jws: str) -> tuple[Statement, str]:
    """Read a statement and the key id it claims. Raises ProtocolError: statement_invalid, update_needed."""
    unverified = peek(jws, Typ.STATEMENT, ErrorCode.STATEMENT_INVALID)
    raw = unverified.payload
    check_version(raw, ErrorCode.STATEMENT_INVALID, "statement")
    typed = (
        set(raw) == set(Statement.__dataclass_fields__)
        and all(is_id(raw[name]) for name in ("id", "server", "unit", "case", "member", "device"))
        and is_digest(raw["roster"])
        and is_time(raw["created"])
        and isinstance(raw["state"], str)
    )
    if not typed:
        raise ProtocolError(ErrorCode.STATEMENT_INVALID, "members")
    if raw["state"] not in tuple(AckState):
        raise ProtocolError(ErrorCode.UPDATE_NEEDED, "statement state")
    return Statement(**{**raw, "state": AckState(raw["state"])}), unverified.kid
