"""Units in memory: each request needs its unit's roster, which changes a few times a month."""

from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_id
from sync_server.store.port import Store
from sync_server.store.unit import Unit, fold


class Units:
    """Looks units up, and folds only what was appended since the last look."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._units: dict[str, Unit] = {}

    async def get(self, unit: str) -> Unit:
        """The unit as of now. Raises ProtocolError(unit_unknown)."""
        head = await self._store.head(unit) if is_id(unit) else None
        if head is None:
            raise ProtocolError(ErrorCode.UNIT_UNKNOWN)
        known = self._units.get(unit)
        if known is None or known.roster.head != head.head:
            after = known.roster.height if known else -1
            known = fold(known, await self._store.versions(unit, after))
            if known is None:
                raise ProtocolError(ErrorCode.UNIT_UNKNOWN)
            self._units[unit] = known
        return known
