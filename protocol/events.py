"""The signed inside of an envelope: one immutable event, and how it must agree with what the envelope says."""

from dataclasses import dataclass, field
from typing import Any

from protocol import PROTOCOL_VERSION
from protocol.encoding import compact_json
from protocol.envelope import Envelope, Header
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_digest, is_id
from protocol.jws import Typ, Unverified, peek
from protocol.kinds import KINDS, Coarse
from protocol.times import is_seconds, is_time
from protocol.version import check_version


@dataclass(frozen=True)
class Event:
    """One event as its author signed it.

    `case`: the visit, alarm or incident it belongs to. `prev`: ids of the events of that case the author had seen.
    `roster`: hash of the roster version it was sealed by. `created`: the author's device clock, ms since 1970, a claim.
    `readers`: key ids it was sealed to, sorted. `body`: content by kind.
    """

    id: str
    server: str
    unit: str
    kind: str
    case: str
    member: str
    device: str
    roster: str
    created: int
    readers: tuple[str, ...]
    body: dict[str, Any] = field(default_factory=dict)
    prev: tuple[str, ...] = ()
    drill: bool = False
    duration: int | None = None
    grace: int | None = None
    v: int = PROTOCOL_VERSION

    def payload(self) -> str:
        """The text that is signed."""
        return compact_json({name: value for name, value in vars(self).items() if value is not None})

    def header(self) -> Header:
        """The header the envelope of this event must carry. Raises ProtocolError(event_invalid) for an unknown kind."""
        rule = KINDS.get(self.kind)
        if rule is None:
            raise ProtocolError(ErrorCode.EVENT_INVALID, "kind")
        tells_case = rule.coarse is not Coarse.OTHER
        return Header(
            self.server,
            self.unit,
            self.id,
            rule.coarse,
            self.case if tells_case else None,
            rule.act,
            self.drill,
            self.duration,
            self.grace,
        )


@dataclass(frozen=True)
class OpenedEvent:
    """An event out of its envelope, signature still to be checked.

    `kid`: the key it claims to be signed by. `mismatch`: envelope and inside disagree; only an alarm is let through so,
    and then it counts as a real one whatever either says of a drill.
    """

    event: Event
    kid: str
    mismatch: bool


def _parse(payload: dict[str, Any]) -> Event:
    check_version(payload, ErrorCode.EVENT_INVALID, "event")
    known = set(Event.__dataclass_fields__)
    ids_ok = all(is_id(payload.get(name)) for name in ("id", "server", "unit", "case", "member", "device"))
    lists_ok = all(isinstance(payload.get(name), list) for name in ("readers", "prev"))
    if not set(payload) <= known or not ids_ok or not lists_ok:
        raise ProtocolError(ErrorCode.EVENT_INVALID, "members")
    typed = (
        isinstance(payload.get("kind"), str)
        and is_digest(payload.get("roster"))
        and is_time(payload.get("created"))
        and isinstance(payload.get("body"), dict)
        and isinstance(payload.get("drill"), bool)
        and all(is_digest(kid) for kid in payload["readers"])
        and all(is_id(other) for other in payload["prev"])
        and all(payload.get(name) is None or is_seconds(payload[name]) for name in ("duration", "grace"))
    )
    if not typed:
        raise ProtocolError(ErrorCode.EVENT_INVALID, "types")
    if payload["kind"] not in KINDS:
        # A kind this version does not know is a newer one: kept as it came until the app is updated.
        raise ProtocolError(ErrorCode.UPDATE_NEEDED, "event kind")
    return Event(**{**payload, "readers": tuple(payload["readers"]), "prev": tuple(payload["prev"])})


def read_event(envelope: Envelope, jws: str) -> OpenedEvent:
    """Read the JWS found inside `envelope` and hold it against the envelope.

    Raises ProtocolError: event_invalid, or update_needed when a newer version or kind must be kept for later.
    """
    unverified: Unverified = peek(jws, Typ.EVENT, ErrorCode.EVENT_INVALID)
    event = _parse(unverified.payload)
    same = event.header() == envelope.header and set(event.readers) == set(envelope.readers)
    urgent = KINDS[event.kind].coarse is Coarse.URGENT or envelope.header.kind is Coarse.URGENT
    bound = (event.server, event.unit, event.id) == (
        envelope.header.server,
        envelope.header.unit,
        envelope.header.id,
    )
    if not same and not (urgent and bound):
        raise ProtocolError(ErrorCode.EVENT_INVALID, "envelope and event disagree")
    return OpenedEvent(event, unverified.kid, mismatch=not same)


def is_drill(opened: OpenedEvent) -> bool:
    """Whether an alarm may be treated as a drill: only when inside and outside agree that it is one."""
    return opened.event.drill and not opened.mismatch
