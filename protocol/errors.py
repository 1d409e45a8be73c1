"""Stable error codes of the wire. The JSON shape is one: {"error": {"code", "message", "detail"}}.

`message` is for developers, in English; the app shows its own words for each code (message key "error.<code>").
Every code stands in docs/protocol.md, and a test walks them all.
"""

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """Every code the protocol knows."""

    BAD_JSON = "bad_json"
    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    STORAGE_FULL = "storage_full"
    INTERNAL = "internal"
    UPDATE_NEEDED = "update_needed"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_WRONG = "signature_wrong"
    SESSION_NEEDED = "session_needed"
    CHALLENGE_EXPIRED = "challenge_expired"
    WRONG_SERVER = "wrong_server"
    WRONG_UNIT = "wrong_unit"
    UNIT_UNKNOWN = "unit_unknown"
    DEVICE_UNKNOWN = "device_unknown"
    DEVICE_REMOVED = "device_removed"
    NOT_ALLOWED = "not_allowed"
    SETUP_TOKEN_WRONG = "setup_token_wrong"
    INVITE_MALFORMED = "invite_malformed"
    INVITE_UNKNOWN = "invite_unknown"
    INVITE_USED = "invite_used"
    INVITE_EXPIRED = "invite_expired"
    INVITE_REVOKED = "invite_revoked"
    ROSTER_INVALID = "roster_invalid"
    ROSTER_CONFLICT = "roster_conflict"
    ROSTER_ROLLBACK = "roster_rollback"
    ROSTER_FORK = "roster_fork"
    ENVELOPE_INVALID = "envelope_invalid"
    EVENT_INVALID = "event_invalid"
    ID_REUSED = "id_reused"
    READER_UNKNOWN = "reader_unknown"
    STATEMENT_INVALID = "statement_invalid"
    ALARM_UNKNOWN = "alarm_unknown"
    CURSOR_INVALID = "cursor_invalid"
    EPOCH_CHANGED = "epoch_changed"


@dataclass(frozen=True)
class ErrorRule:
    """How a code travels: HTTP `status`, and whether sending the very same thing again can ever succeed."""

    status: int
    permanent: bool


RULES: dict[ErrorCode, ErrorRule] = {
    ErrorCode.BAD_JSON: ErrorRule(400, True),
    ErrorCode.BAD_REQUEST: ErrorRule(400, True),
    ErrorCode.TOO_LARGE: ErrorRule(413, True),
    ErrorCode.NOT_FOUND: ErrorRule(404, True),
    ErrorCode.METHOD_NOT_ALLOWED: ErrorRule(405, True),
    ErrorCode.RATE_LIMITED: ErrorRule(429, False),
    ErrorCode.OVERLOADED: ErrorRule(503, False),
    ErrorCode.STORAGE_FULL: ErrorRule(507, False),
    ErrorCode.INTERNAL: ErrorRule(500, False),
    ErrorCode.UPDATE_NEEDED: ErrorRule(426, True),
    ErrorCode.SIGNATURE_MISSING: ErrorRule(401, True),
    ErrorCode.SIGNATURE_WRONG: ErrorRule(401, True),
    ErrorCode.SESSION_NEEDED: ErrorRule(401, False),
    ErrorCode.CHALLENGE_EXPIRED: ErrorRule(401, False),
    ErrorCode.WRONG_SERVER: ErrorRule(421, True),
    ErrorCode.WRONG_UNIT: ErrorRule(403, True),
    ErrorCode.UNIT_UNKNOWN: ErrorRule(404, True),
    ErrorCode.DEVICE_UNKNOWN: ErrorRule(403, True),
    ErrorCode.DEVICE_REMOVED: ErrorRule(403, True),
    ErrorCode.NOT_ALLOWED: ErrorRule(403, True),
    ErrorCode.SETUP_TOKEN_WRONG: ErrorRule(403, True),
    ErrorCode.INVITE_MALFORMED: ErrorRule(400, True),
    ErrorCode.INVITE_UNKNOWN: ErrorRule(404, True),
    ErrorCode.INVITE_USED: ErrorRule(410, True),
    ErrorCode.INVITE_EXPIRED: ErrorRule(410, True),
    ErrorCode.INVITE_REVOKED: ErrorRule(410, True),
    ErrorCode.ROSTER_INVALID: ErrorRule(422, True),
    ErrorCode.ROSTER_CONFLICT: ErrorRule(409, False),
    ErrorCode.ROSTER_ROLLBACK: ErrorRule(409, True),
    ErrorCode.ROSTER_FORK: ErrorRule(409, True),
    ErrorCode.ENVELOPE_INVALID: ErrorRule(422, True),
    ErrorCode.EVENT_INVALID: ErrorRule(422, True),
    ErrorCode.ID_REUSED: ErrorRule(409, True),
    ErrorCode.READER_UNKNOWN: ErrorRule(422, True),
    ErrorCode.STATEMENT_INVALID: ErrorRule(422, True),
    ErrorCode.ALARM_UNKNOWN: ErrorRule(404, False),
    ErrorCode.CURSOR_INVALID: ErrorRule(400, True),
    ErrorCode.EPOCH_CHANGED: ErrorRule(409, False),
}


class ProtocolError(Exception):
    """Something breaks the protocol. `code` is what a caller decides on; `detail` helps a developer and holds no content."""

    def __init__(self, code: ErrorCode, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail
