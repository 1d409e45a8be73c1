"""The unit's roster on this device: pinned, pulled forward, and held against what the server says."""

from collections.abc import Iterable

from mobile_app.services.core import Core
from mobile_app.services.errors import AppError, app_error
from mobile_app.services.store import ROSTER
from protocol.errors import ErrorCode, ProtocolError
from protocol.messages import RosterHead
from protocol.roster import Device, Roster, check_head, step

FORK = str(ErrorCode.ROSTER_FORK)
ROLLBACK = str(ErrorCode.ROSTER_ROLLBACK)


class RosterService:
    """Keeps every version ever pinned, so that old events can be checked by the roster they name."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._by_hash: dict[str, Roster] = {}
        self.pinned: Roster | None = None

    def forget(self) -> None:
        """Drop everything from memory."""
        self._by_hash, self.pinned = {}, None

    def load(self) -> None:
        """Fold the stored chain. Its signatures were checked before it was stored, and rows are sealed."""
        self.forget()
        for row in sorted(self._core.store.all(ROSTER), key=lambda row: int(row["height"])):
            self._take(step(self.pinned, row["jws"]).roster)

    def _take(self, roster: Roster) -> None:
        self._by_hash[roster.head] = roster
        self.pinned = roster

    def current(self) -> Roster:
        """The newest pinned roster. Raises AppError(not_member)."""
        if self.pinned is None:
            raise AppError("not_member")
        return self.pinned

    def for_sealing(self) -> Roster:
        """The roster to seal by. Raises AppError(roster_fork) while the server tells two stories: then only alarms are sealed."""
        if self._core.identity is not None and self._core.identity.trouble == FORK:
            raise AppError(FORK)
        return self.current()

    def by_hash(self, digest: str) -> Roster | None:
        """The version with this hash, if it is of the pinned chain."""
        return self._by_hash.get(digest)

    def device(self, device: str) -> Device | None:
        """A device of the unit, also a removed one."""
        return None if self.pinned is None else self.pinned.devices.get(device)

    async def fold(self, base: Roster | None, versions: Iterable[str]) -> list[Roster]:
        """The rosters that `versions` make of `base`, every signature checked. Raises AppError."""
        rosters: list[Roster] = []
        roster = base
        for jws in versions:
            try:
                following = step(roster, jws)
            except ProtocolError as error:
                raise app_error(error) from error
            for check in following.checks:
                if not await self._core.ports.sealer.verify(check.jws, check.jwk):
                    raise AppError(str(ErrorCode.ROSTER_INVALID), detail="signature")
            roster = following.roster
            rosters.append(roster)
        return rosters

    def rows(self, rosters: list[Roster], versions: list[str]) -> list[dict[str, object]]:
        """Rows of versions, for the store."""
        return [
            {"id": r.head, "height": r.height, "jws": jws} for r, jws in zip(rosters, versions, strict=True)
        ]

    async def pin(self, rosters: list[Roster], versions: list[str]) -> None:
        """Store versions that `fold` has checked, and go by them."""
        rows = self.rows(rosters, versions)

        def change() -> None:
            for row in rows:
                self._core.store.put(ROSTER, row)

        await self._core.store.write(change)
        for roster in rosters:
            self._take(roster)

    async def advance(self) -> bool:
        """Fetch and pin what is newer. Returns whether anything was. Raises AppError; a chain that leaves ours is a fork."""
        pinned = self.current()
        page = await self._core.api.roster(pinned.unit, pinned.height)
        try:
            check_head(pinned, page.height, page.head)
        except ProtocolError as error:
            raise await self._loud(str(error.code)) from error
        if not page.versions:
            return False
        try:
            rosters = await self.fold(pinned, page.versions)
        except AppError as error:
            if error.code == ErrorCode.ROSTER_CONFLICT:
                raise await self._loud(FORK) from error
            raise
        await self.pin(rosters, page.versions)
        return True

    async def hold(self, head: RosterHead) -> bool:
        """Hold a head the server reports against ours; fetch what is newer. Returns whether anything was."""
        pinned = self.current()
        try:
            check_head(pinned, head.height, head.head)
        except ProtocolError as error:
            raise await self._loud(str(error.code)) from error
        if head.height > pinned.height:
            return await self.advance()
        if self._core.identity is not None and self._core.identity.trouble == ROLLBACK:
            await self._core.tell_trouble("")
        return False

    async def give_back(self, height: int) -> None:
        """Push the versions above `height` to a server that was restored from an older backup. Raises AppError."""
        pinned = self.current()
        for row in sorted(self._core.store.all(ROSTER), key=lambda row: int(row["height"])):
            if int(row["height"]) > height:
                await self._core.api.append(pinned.unit, str(row["jws"]))

    async def _loud(self, code: str) -> AppError:
        trouble = self._core.identity.trouble if self._core.identity else ""
        if trouble != FORK:  # a fork is never made smaller by what comes after
            await self._core.tell_trouble(code)
        return AppError(code)
