"""Who this device is: its ids, its public keys and what it is in the middle of."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mobile_app.ports import DeviceKeys
from mobile_app.services.store import SELF, Store

IDENTITY = "identity"
SYNC = "sync"


@dataclass(frozen=True)
class Identity:
    """`state`: "founding" or "joining" until the server has accepted, then "member".

    `pending`: what must be kept until then (the roster version, the token or the invite link). `sheet`: recovery codes until the
    person has written them down. `trouble`: a code everybody must be told of, kept over restarts.
    """

    state: str
    server: str
    unit: str
    member: str
    device: str
    keys: DeviceKeys
    unit_name: str
    name: str
    phone: str
    pending: Mapping[str, Any] = field(default_factory=dict)
    sheet: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""

    @property
    def is_member(self) -> bool:
        """Whether the server has accepted this device into the unit."""
        return self.state == "member"

    def to_row(self) -> dict[str, Any]:
        """As the one row of its kind."""
        return {**asdict(self), "id": IDENTITY}


def read_identity(store: Store) -> Identity | None:
    """Who this device is, or None when it has not begun to be anybody."""
    row = store.get(SELF, IDENTITY)
    if row is None:
        return None
    known = {name: row[name] for name in Identity.__dataclass_fields__ if name in row}
    return Identity(**{**known, "keys": DeviceKeys(**row["keys"])})


@dataclass(frozen=True)
class SyncPoint:
    """How far the feed has been read. `requeue`: after the server was restored, own things it has lost go to it again.

    `confirmed`: device clock, ms, when the server last confirmed that there is nothing newer.
    """

    cursor: str = ""
    epoch: str = ""
    requeue: bool = False
    confirmed: int = 0

    def to_row(self) -> dict[str, Any]:
        """As the one row of its kind."""
        return {**vars(self), "id": SYNC}


def read_sync_point(store: Store) -> SyncPoint:
    """How far the feed has been read; from the start when it has not."""
    row = store.get(SELF, SYNC) or {}
    return SyncPoint(**{name: row[name] for name in SyncPoint.__dataclass_fields__ if name in row})
