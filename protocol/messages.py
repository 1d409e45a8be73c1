"""Bodies of requests and answers. The same types validate at the server, describe the API, and are built by the client.

Times are ms since 1970 by the server's clock, ids UUIDv4, `jws` compact JWS text. Rules that types can't say are in the
modules that read the signed texts.
"""

from dataclasses import dataclass, field
from typing import Literal

from protocol.errors import ProtocolError


@dataclass(frozen=True)
class Health:
    """GET /healthz"""

    status: Literal["ok", "degraded"]
    version: str
    storage: str


@dataclass(frozen=True)
class ServerInfo:
    """GET /api/v1/server: who this server is. `epoch` changes when a backup is restored."""

    server: str
    epoch: str
    version: str
    protocol: int
    now: int


@dataclass(frozen=True)
class FoundUnit:
    """POST /api/v1/units: the one-time set-up token and the root of a new roster."""

    token: str
    root: str


@dataclass(frozen=True)
class RosterHead:
    """Newest version of a roster: its height from 0 and its hash."""

    height: int
    head: str


@dataclass(frozen=True)
class AppendRoster:
    """POST /api/v1/units/{unit}/roster: the next version; refused with roster_conflict if another came first."""

    version: str


@dataclass(frozen=True)
class RosterPage:
    """GET /api/v1/units/{unit}/roster?after=H: the versions above height H in order (H = -1: all)."""

    versions: list[str]
    height: int
    head: str


@dataclass(frozen=True)
class CreateInvite:
    """POST /api/v1/units/{unit}/invites: a leader's grant and the package sealed with the link's secret."""

    grant: str
    package: str


@dataclass(frozen=True)
class InviteCreated:
    """When the invite ends, by the server's clock."""

    id: str
    expires: int


@dataclass(frozen=True)
class InviteStatus:
    """One invite as leaders see it."""

    id: str
    state: Literal["open", "used", "expired", "revoked"]
    created: int
    expires: int
    roles: list[str]


@dataclass(frozen=True)
class InviteList:
    """GET /api/v1/units/{unit}/invites"""

    invites: list[InviteStatus]


@dataclass(frozen=True)
class InviteView:
    """GET /api/v1/invites/{id}: all a new device needs to join; refused once used, expired or revoked."""

    unit: str
    grant: str
    package: str
    expires: int
    roster: list[str]


@dataclass(frozen=True)
class SubmittedEvent:
    """One sealed event: `envelope` is the exact JSON text, so that its hash is the same on every retry."""

    id: str
    envelope: str


@dataclass(frozen=True)
class SubmitEvents:
    """POST /api/v1/units/{unit}/events, one signed request. Each event is accepted or refused by itself."""

    events: list[SubmittedEvent]


@dataclass(frozen=True)
class Refusal:
    """Inside of every error answer."""

    code: str
    message: str
    detail: str = ""


def refusal(error: ProtocolError) -> Refusal:
    """An error as it stands inside an answer."""
    return Refusal(error.code, error.code.replace("_", " "), error.detail)


@dataclass(frozen=True)
class ErrorAnswer:
    """The one error shape."""

    error: Refusal


@dataclass(frozen=True)
class EventResult:
    """`accepted`: stored now. `duplicate`: stored before, `received` is the first time. `refused`: see `error`."""

    id: str
    status: Literal["accepted", "duplicate", "refused"]
    received: int = 0
    error: Refusal | None = None


@dataclass(frozen=True)
class EventResults:
    """One result per submitted event, in order."""

    results: list[EventResult]


@dataclass(frozen=True)
class FeedEntry:
    """One thing addressed to this device. `content`: envelope text or statement JWS; `sender`: device that sent it.

    `delay`: of urgent and deadline events, how long the sender says it had to wait before it was sent, ms; a visit's end counts from
    `received` less this.
    """

    type: Literal["event", "statement"]
    id: str
    sender: str
    received: int
    content: str
    delay: int = 0


@dataclass(frozen=True)
class FeedPage:
    """GET /api/v1/units/{unit}/feed?cursor=C: what follows the cursor, oldest first; save `cursor` with what it brought."""

    epoch: str
    cursor: str
    more: bool
    roster: RosterHead
    entries: list[FeedEntry] = field(default_factory=list)


@dataclass(frozen=True)
class SubmitStatement:
    """POST /api/v1/units/{unit}/statements: a signed acknowledgement of an alarm."""

    statement: str


@dataclass(frozen=True)
class StatementAccepted:
    """When it was first received."""

    id: str
    received: int


@dataclass(frozen=True)
class ReceivedStatement:
    """A statement with the server's time of receipt. Who said it is in the signature, not here."""

    statement: str
    received: int


@dataclass(frozen=True)
class AlarmStatus:
    """GET /api/v1/units/{unit}/alarms/{case}. `members`: people it is sealed to besides the sender; `delivered`: how many of
    them have fetched it on at least one device."""

    case: str
    state: Literal["open", "cancelled", "safe"]
    drill: bool
    received: int
    members: int
    delivered: int
    statements: list[ReceivedStatement]


@dataclass(frozen=True)
class AskChallenge:
    """POST /api/v1/units/{unit}/challenges"""

    device: str


@dataclass(frozen=True)
class Challenge:
    """Answer it within `seconds` with a signed POST /api/v1/units/{unit}/sessions whose `id` is the challenge."""

    challenge: str
    seconds: int
