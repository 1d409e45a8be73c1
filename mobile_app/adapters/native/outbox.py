"""Port `Outbox`: sends what waits in the vault's file and in the alarm file. The rules are those of the browser's flush.

Alarms go first, one request each, in a lane of their own that waits for nothing else; the rest goes in bounded batches. Each row is
judged by itself: what the server has is marked, what it refuses for good is parked with the reason, everything else stays.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence

from mobile_app.adapters.native import outbox_table
from mobile_app.adapters.native.alarm_file import AlarmFile
from mobile_app.adapters.native.net import SERVER_HEADER, NativeNet
from mobile_app.adapters.native.outbox_table import Outcome, Waiting
from mobile_app.adapters.native.vault import NativeVault
from mobile_app.adapters.native.verdicts import Judgement, Verdict, judge
from mobile_app.ports import OutboxRow, OutboxState, PortError
from protocol import limits
from protocol.encoding import compact_json
from protocol.kinds import Coarse

SEND_SECONDS = 10.0
LONGEST_BACKOFF = 120.0
LONGEST_URGENT_BACKOFF = 5.0
LONGEST_HELD = 3600.0
"""No server makes a device wait longer than this, seconds."""


class NativeOutbox:
    """`on_change` is called after anything was sent, parked or failed."""

    def __init__(
        self,
        vault: NativeVault,
        alarm_file: AlarmFile,
        net: NativeNet,
        clock: Callable[[], int],
        chance: random.Random | None = None,
    ) -> None:
        self._vault = vault
        self._boxes = (alarm_file, vault.database)
        self._alarm_file = alarm_file
        self._net = net
        self._clock = clock
        self._chance = chance or random.Random()  # noqa: S311 - spreads retries in time, guards nothing
        self._lanes = {True: asyncio.Lock(), False: asyncio.Lock()}
        self.on_change: Callable[[], None] = lambda: None

    async def rows(self) -> list[OutboxRow]:
        """See `Outbox.rows`."""
        found = [row for box in self._boxes for row in await box.run(outbox_table.summary)]
        return sorted(found, key=lambda row: row.created)

    async def flush(self) -> int:
        """See `Outbox.flush`."""
        try:
            if not self._vault.held():
                return 0
            await self.flush_urgent()
            await self._flush_lane(urgent=False)
            return sum(row.state is OutboxState.QUEUED for row in await self.rows())
        except PortError:
            return 0

    async def flush_urgent(self) -> None:
        """Send alarms only. Raises PortError: storage_failed."""
        await self._flush_lane(urgent=True)

    async def retry(self, row: str) -> None:
        """See `Outbox.retry`."""
        for box in self._boxes:
            await box.run(lambda c: outbox_table.requeue(c, row))

    async def discard(self, row: str) -> None:
        """See `Outbox.discard`."""
        for box in self._boxes:
            await box.run(lambda c: outbox_table.discard(c, row))

    async def _flush_lane(self, *, urgent: bool) -> None:
        async with self._lanes[urgent]:
            if await self._alarm_file.setup() is None:
                return
            now = self._clock()
            due: list[Waiting] = []
            for box in self._boxes:
                due += [item for item in await box.run(outbox_table.queued) if item.due <= now]
            rows = [item.row for item in due if (item.row.coarse == Coarse.URGENT) is urgent]
            for batch in batches(rows, urgent=urgent):
                if not await self._send(batch):
                    return

    async def _send(self, batch: Sequence[OutboxRow]) -> bool:
        """Send one request and note what came of it; False when there is no use in going on now."""
        try:
            judgement, go_on = await self._ask(batch), True
        except PortError as error:
            # A timeout may mean a busy server, so it counts as a try; having no network is nobody's fault.
            verdict = Verdict(error=error.code, wait=None if error.code == "timeout" else 0)
            judgement, go_on = Judgement([verdict] * len(batch)), False
        if judgement.busy:
            go_on = False
        elif judgement.whole and len(batch) > 1:
            # One of them may be the reason, so each is sent alone: a poisoned row must not hold up the others.
            for row in batch:
                if not await self._send([row]):
                    return False
            return True
        await self._note(batch, judgement.verdicts)
        self.on_change()
        return go_on

    async def _ask(self, batch: Sequence[OutboxRow]) -> Judgement:
        room = f"/api/v1/units/{batch[0].unit}"
        if batch[0].type == "statement":
            path, body = f"{room}/statements", compact_json({"statement": batch[0].content})
        else:
            events = [{"id": row.id, "envelope": row.content} for row in batch]
            path, body = f"{room}/events", compact_json({"events": events})
        created = tuple(row.created for row in batch if row.type == "event")
        reply = await self._net.submit("POST", path, body, created=created, timeout=SEND_SECONDS)
        setup = await self._alarm_file.setup()
        if setup is None or reply.headers[SERVER_HEADER] != setup.server:
            raise PortError("not_trygg")
        return judge(reply, batch)

    async def _note(self, rows: Sequence[OutboxRow], verdicts: Sequence[Verdict]) -> None:
        now = self._clock()
        outcomes = []
        for row, verdict in zip(rows, verdicts, strict=True):
            wait = self._backoff(row) if verdict.wait is None else min(verdict.wait, LONGEST_HELD)
            due = now + int(wait * 1000)
            outcomes.append(Outcome(row.id, verdict.received, verdict.error, verdict.parked, due))
        await self._alarm_file.note(outcomes)
        await self._vault.database.run(lambda c: outbox_table.note(c, outcomes))

    def _backoff(self, row: OutboxRow) -> float:
        """Seconds until the next try, with full jitter, so that many devices do not come back in the same moment."""
        longest = LONGEST_URGENT_BACKOFF if row.coarse == Coarse.URGENT else LONGEST_BACKOFF
        return self._chance.uniform(0, min(longest, 2.0 ** min(row.tries + 1, 10)))


def batches(rows: Sequence[OutboxRow], *, urgent: bool) -> Iterator[list[OutboxRow]]:
    """Rows in requests: urgent ones and statements alone, events of one unit together within the protocol's limits."""
    batch: list[OutboxRow] = []
    size = 0
    for row in rows:
        alone = urgent or row.type == "statement"
        # As JSON text inside JSON, an envelope grows by a backslash a quotation mark.
        weight = len(compact_json({"id": row.id, "envelope": row.content}).encode()) + 1
        full = len(batch) == limits.BATCH_EVENTS or size + weight > limits.BATCH_BYTES - len('{"events":[]}')
        if batch and (alone or full or batch[0].unit != row.unit):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += weight
        if alone:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
