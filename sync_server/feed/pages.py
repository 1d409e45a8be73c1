"""Reading a feed: each thing addressed to a device exactly once, in order, without gaps."""

from protocol import limits
from protocol.errors import ErrorCode, ProtocolError
from protocol.messages import FeedEntry, FeedPage, RosterHead
from sync_server.feed.cursor import read_cursor, write_cursor
from sync_server.store.port import Store
from sync_server.store.unit import Unit


class Pages:
    """Feed pages."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(self, unit: Unit, device: str, cursor: str) -> FeedPage:
        """What follows `cursor`; presenting a cursor says that everything before it was kept.

        Raises ProtocolError: cursor_invalid, epoch_changed.
        """
        who = await self._store.identity()
        after = read_cursor(who.secret, who.epoch, unit.id, device, cursor)
        found = await self._store.feed(
            unit.id, device, after, entries=limits.FEED_ENTRIES, size=limits.FEED_BYTES
        )
        if after > found.last:
            # The device has seen more than is stored: an older copy of the database was put back.
            await self._store.new_epoch()
            raise ProtocolError(ErrorCode.EPOCH_CHANGED)
        if after:
            self._store.confirm(unit.id, device, after)
        seq = found.entries[-1].seq if found.entries else after
        return FeedPage(
            who.epoch,
            write_cursor(who.secret, who.epoch, unit.id, device, seq),
            found.more,
            RosterHead(unit.roster.height, unit.roster.head),
            [FeedEntry(e.type, e.id, e.sender, e.received, e.content, e.delay) for e in found.entries],
        )
