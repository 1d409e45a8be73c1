"""Accepting a batch of sealed events: each is accepted or refused by itself, so that none blocks the others."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from protocol.envelope import Envelope, parse_envelope
from protocol.errors import ErrorCode, ProtocolError
from protocol.kinds import Coarse
from protocol.messages import EventResult, SubmittedEvent, refusal
from sync_server.store.port import NewEvent, Receipt, Store, StoreBusy, StoreFull
from sync_server.store.unit import Unit

RETRY_SECONDS = {ErrorCode.RATE_LIMITED: 5, ErrorCode.OVERLOADED: 2, ErrorCode.STORAGE_FULL: 60}
"""When to try again after a refusal that is about the server's means, seconds."""


@dataclass(frozen=True)
class Batch:
    """Results in the order of the request, and the devices that got something new."""

    results: list[EventResult]
    reached: frozenset[str]

    def shortage(self) -> ErrorCode | None:
        """The code all were refused with, if it is one about the server's means: then the request as a whole failed."""
        codes = {result.error.code if result.error else "" for result in self.results}
        return next((code for code in RETRY_SECONDS if codes == {code}), None)


class Intake:
    """Checks envelopes against the unit and stores them."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock

    async def take(
        self,
        unit: Unit,
        device: str,
        events: list[SubmittedEvent],
        delays: list[int],
        refuse: Callable[[Coarse], ErrorCode | None],
    ) -> Batch:
        """Take `events` in from `device`.

        Args:
            unit: the unit of the request.
            device: who signed it; may be a removed device.
            events: as submitted.
            delays: per event, how long it had waited at the device, ms.
            refuse: asked once per event, by its kind: the code to refuse it with when means are short.
        """
        results: list[EventResult | None] = [None] * len(events)
        taken: dict[Coarse, list[tuple[int, NewEvent]]] = {kind: [] for kind in Coarse}
        for place, (event, delay) in enumerate(zip(events, delays, strict=True)):
            try:
                checked = self._check(unit, device, event, delay, refuse)
            except ProtocolError as error:
                results[place] = _refused(event.id, error)
            else:
                taken[checked.kind].append((place, checked))
        urgent = taken[Coarse.URGENT]
        others = sorted(taken[Coarse.DEADLINE] + taken[Coarse.OTHER], key=lambda item: item[0])
        reached: set[str] = set()
        for chosen in (urgent, others):
            for (place, new), result in zip(chosen, await self._store_all(chosen), strict=True):
                results[place] = result
                if result.status == "accepted":
                    reached.update(new.readers)
        return Batch([result for result in results if result is not None], frozenset(reached))

    def _check(
        self,
        unit: Unit,
        device: str,
        event: SubmittedEvent,
        delay: int,
        refuse: Callable[[Coarse], ErrorCode | None],
    ) -> NewEvent:
        envelope = parse_envelope(event.envelope)
        header = envelope.header
        if header.server != unit.roster.server:
            raise ProtocolError(ErrorCode.WRONG_SERVER)
        if header.unit != unit.id:
            raise ProtocolError(ErrorCode.WRONG_UNIT)
        if header.id != event.id:
            raise ProtocolError(ErrorCode.ENVELOPE_INVALID, "another id than submitted")
        if not unit.may_send(device, header.kind, self._clock()):
            raise ProtocolError(ErrorCode.DEVICE_REMOVED)
        readers = _readers(unit, envelope)
        shortage = refuse(header.kind)
        if shortage is not None:
            raise ProtocolError(shortage)
        return NewEvent(
            header.id,
            unit.id,
            sha256(event.envelope.encode()).digest(),
            device,
            header.kind,
            event.envelope,
            readers,
            header.case,
            header.act,
            header.drill,
            header.duration,
            header.grace,
            delay,
        )

    async def _store_all(self, chosen: list[tuple[int, NewEvent]]) -> list[EventResult]:
        if not chosen:
            return []
        events = [event for _, event in chosen]
        urgent = events[0].kind is Coarse.URGENT
        try:
            receipts = await self._store.accept(events, urgent=urgent)
        except StoreBusy:
            return [_refused(event.id, ProtocolError(ErrorCode.OVERLOADED)) for event in events]
        except StoreFull:
            return [_refused(event.id, ProtocolError(ErrorCode.STORAGE_FULL)) for event in events]
        return [_result(event.id, receipt) for event, receipt in zip(events, receipts, strict=True)]


def _readers(unit: Unit, envelope: Envelope) -> tuple[str, ...]:
    """Active devices the envelope names, in a stable order. Raises ProtocolError(reader_unknown)."""
    known = [kid for kid in envelope.readers if kid in unit.readers or kid == unit.recovery_kid]
    urgent = envelope.header.kind is Coarse.URGENT
    # An alarm goes to those that are known rather than to nobody; one that nobody at all could open is told so.
    if len(known) < len(envelope.readers) and not (urgent and known):
        stranger = next(kid for kid in envelope.readers if kid not in known)
        raise ProtocolError(ErrorCode.READER_UNKNOWN, stranger)
    devices = {unit.readers[kid].id for kid in known if kid in unit.readers}
    return tuple(sorted(device for device in devices if unit.is_active(device)))


def _result(event: str, receipt: Receipt) -> EventResult:
    if receipt.outcome == "reused":
        return _refused(event, ProtocolError(ErrorCode.ID_REUSED))
    return EventResult(event, receipt.outcome, receipt.received)


def _refused(event: str, error: ProtocolError) -> EventResult:
    return EventResult(event, "refused", error=refusal(error))
