"""The door: which state the app is in, unlocking and locking."""

from enum import StrEnum


class GateState(StrEnum):
    """`NEW`: not in any unit. `ELSEWHERE`: open in another tab."""

    NEW = "new"
    LOCKED = "locked"
    OPEN = "open"
    ELSEWHERE = "elsewhere"


class Gate:
    """Opens and closes the vault."""

    state: GateState = GateState.NEW

    storage_promised: bool = False

    async def start(self) -> None:
        raise NotImplementedError

    async def unlock(self, passphrase: str) -> None:
        raise NotImplementedError

    async def lock(self) -> None:
        raise NotImplementedError

    def touch(self) -> None:
        raise NotImplementedError
