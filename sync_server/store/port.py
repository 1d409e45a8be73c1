"""The storage port: what the server asks of any database engine, in the words of the protocol.

Every method that changes something returns after it is durable. Where a decision must be made inside the transaction, the
method raises ProtocolError with the code the client gets, and has then changed nothing. Times are ms since 1970 by the
server's clock, ids UUIDv4 text. One contract suite (tests/contract) runs against every adapter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from protocol.kinds import Act, Coarse


class StoreUnavailable(Exception):
    """The store can't do it now; the same call may succeed later. Nothing was changed."""


class StoreBusy(StoreUnavailable):
    """Too much is waiting already."""


class StoreFull(StoreUnavailable):
    """There is no room left on the disk."""


class StoreRefused(Exception):
    """The store can't be opened; the text says why, to whoever runs the server."""


@dataclass(frozen=True)
class Identity:
    """Who this server is. `epoch` changes when data may have been lost (a backup was restored); `secret` never leaves it."""

    server: str
    epoch: str
    secret: bytes


@dataclass(frozen=True)
class Head:
    """Newest roster version of a unit."""

    height: int
    head: str


@dataclass(frozen=True)
class NewVersion:
    """A checked roster version. `head`: its hash; `prev`: the hash it must follow, None for a root."""

    unit: str
    height: int
    prev: str | None
    head: str
    jws: str


@dataclass(frozen=True)
class NewInvite:
    """A checked grant with its package; `hours` count from receipt."""

    id: str
    unit: str
    grant: str
    package: str
    hours: int


@dataclass(frozen=True)
class Invite:
    """An invite as stored; `used` and `revoked`: when, or None."""

    id: str
    unit: str
    grant: str
    package: str
    created: int
    expires: int
    used: int | None
    revoked: int | None

    def state(self, now: int) -> Literal["open", "used", "expired", "revoked"]:
        """What can be done with it at `now`; what happened to it counts before its age."""
        if self.used is not None:
            return "used"
        if self.revoked is not None:
            return "revoked"
        return "expired" if now >= self.expires else "open"


@dataclass(frozen=True)
class NewEvent:
    """A sealed event whose envelope was checked. `digest`: SHA-256 of `content`; `readers`: devices it is handed to.

    `delay`: how long the sender says it waited before it was sent, ms (device clock, a claim).
    """

    id: str
    unit: str
    digest: bytes
    sender: str
    kind: Coarse
    content: str
    readers: tuple[str, ...]
    case: str | None = None
    act: Act | None = None
    drill: bool = False
    duration: int | None = None
    grace: int | None = None
    delay: int = 0


@dataclass(frozen=True)
class NewStatement:
    """A checked acknowledgement. `devices`: besides the alarm's readers, whom it is handed to."""

    id: str
    unit: str
    digest: bytes
    sender: str
    case: str
    content: str
    devices: tuple[str, ...]


@dataclass(frozen=True)
class Receipt:
    """What became of one event or statement. `received`: first time it was received; 0 for `reused` (id with other content)."""

    outcome: Literal["accepted", "duplicate", "reused"]
    received: int


@dataclass(frozen=True)
class Entry:
    """One thing in a device's feed."""

    seq: int
    type: Literal["event", "statement"]
    id: str
    sender: str
    received: int
    content: str
    delay: int = 0


@dataclass(frozen=True)
class Slice:
    """A piece of a feed. `last`: newest sequence number the store has given at all, 0 when none."""

    entries: list[Entry]
    more: bool
    last: int


@dataclass(frozen=True)
class AlarmAct:
    """One urgent event of a case. `readers`: device → whether it has confirmed that it got this event."""

    act: Act
    sender: str
    drill: bool
    received: int
    readers: dict[str, bool]


@dataclass(frozen=True)
class Alarm:
    """An alarm case: its urgent events in the order of receipt, and its acknowledgements (jws, received)."""

    case: str
    acts: list[AlarmAct]
    statements: list[tuple[str, int]]


class Store(Protocol):
    """Everything the server keeps."""

    engine: str
    """Name of the database engine, for the health check."""

    async def identity(self) -> Identity:
        """Who this server is; made at the very first start."""

    async def new_epoch(self) -> Identity:
        """Give out a new epoch: every device starts its feed afresh and sends again what the server may have lost."""

    async def units(self) -> int:
        """How many units there are."""

    async def add_setup_token(self, digest: bytes, *, printed: bool) -> None:
        """Keep the SHA-256 of a one-time token. A `printed` one (at start) takes the place of the last printed one."""

    async def found(self, token: bytes, version: NewVersion) -> None:
        """Use up a set-up token (given by its SHA-256) and start a unit. The same token with the same root is a no-op.

        Raises ProtocolError: setup_token_wrong (unknown or used), roster_conflict (the unit exists).
        """

    async def head(self, unit: str) -> Head | None:
        """Newest roster version, None for an unknown unit. Called for every request, so it must be cheap."""

    async def versions(self, unit: str, after: int) -> list[tuple[str, int]]:
        """Roster versions above height `after` in order: (jws, received)."""

    async def append(self, version: NewVersion, invite: str | None) -> None:
        """Append a version if `prev` is still the newest, and use up `invite` in the same step.

        The same version again is a no-op. Raises ProtocolError: unit_unknown, roster_conflict, invite_unknown, invite_used,
        invite_expired, invite_revoked.
        """

    async def add_invite(self, invite: NewInvite) -> Invite:
        """Keep an invite. The same again returns the first. Raises ProtocolError(id_reused) for other content."""

    async def invite(self, invite: str) -> Invite | None:
        """One invite."""

    async def invites(self, unit: str) -> list[Invite]:
        """Invites of a unit, newest first."""

    async def revoke_invite(self, unit: str, invite: str) -> None:
        """Revoke it; a no-op when revoked already. Raises ProtocolError: invite_unknown, invite_used."""

    async def accept(self, events: Sequence[NewEvent], *, urgent: bool) -> list[Receipt]:
        """Take events in, each by itself; one receipt per event, in order. `urgent` ones go before what waits.

        Sequence numbers are given inside the commit: a reader that has seen number n never finds a smaller new one later.
        Raises StoreBusy or StoreFull (others before urgent ones).
        """

    async def acknowledge(self, statement: NewStatement) -> Receipt:
        """Take a statement in and hand it to the alarm's readers. Raises ProtocolError(alarm_unknown), StoreBusy, StoreFull."""

    async def feed(self, unit: str, device: str, after: int, *, entries: int, size: int) -> Slice:
        """What is addressed to the device above `after`: at most `entries`, about `size` bytes, at least one if any."""

    def confirm(self, unit: str, device: str, seq: int) -> None:
        """Note that the device has everything up to `seq`. Returns at once; lost at a crash, it is told again."""

    async def alarm(self, unit: str, case: str) -> Alarm | None:
        """An alarm case, None when no alarm was raised under this id."""

    async def healthy(self) -> bool:
        """Whether the store can be read and its writer lives."""

    async def close(self) -> None:
        """Finish what waits and let go of the database."""
