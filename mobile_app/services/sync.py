"""Sync with the server."""

from dataclasses import dataclass, field
from enum import StrEnum


class UnsentState(StrEnum):
    """`QUEUED`: goes by itself. `PARKED`: refused for good; waits for the person."""

    QUEUED = "queued"
    PARKED = "parked"


@dataclass(frozen=True)
class SyncStatus:
    """`reachable`: did the last try get an answer; None = not tried yet. `last_confirmed`: device clock, ms, 0 = never.

    `trouble`: code of something everybody must be told (roster_fork, roster_rollback, device_removed, wrong_server), else empty.
    `unsaved`: a change that the device could not store yet. `damaged`: rows the device could not read. `refused`: things
    received that could not be used.
    """

    reachable: bool | None = None
    unsent: int = 0
    parked: int = 0
    last_confirmed: int = 0
    trouble: str = ""
    unsaved: bool = False
    damaged: int = 0
    refused: int = 0


@dataclass(frozen=True)
class UnsentItem:
    """Something that has not left the device. `label_key`: message key unsent.<kind>; `label_args`: e.g. place."""

    id: str
    label_key: str
    label_args: dict[str, str] = field(default_factory=dict)
    saved_at: int = 0
    state: UnsentState = UnsentState.QUEUED
    error: str = ""


class Sync:
    """Sends what waits and fetches what came."""

    status: SyncStatus = SyncStatus()

    update_needed: bool = False

    def items(self) -> list[UnsentItem]:
        raise NotImplementedError

    async def retry(self, item: str) -> None:
        raise NotImplementedError

    async def discard(self, item: str) -> None:
        raise NotImplementedError

    async def now(self) -> None:
        raise NotImplementedError
