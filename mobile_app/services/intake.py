"""What arrives, made into rows: opened, read, checked against the roster. Nothing here raises for what others have sent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from mobile_app.ports import PortError
from mobile_app.services.core import Core
from mobile_app.services.errors import AppError, app_error
from mobile_app.services.roster_service import RosterService
from mobile_app.services.store import EVENTS, LATER, REFUSED, STATEMENTS
from protocol.encoding import thumbprint
from protocol.envelope import parse_envelope, unpad
from protocol.errors import ErrorCode, ProtocolError
from protocol.events import Event, OpenedEvent, read_event
from protocol.kinds import KINDS, Coarse
from protocol.messages import FeedEntry
from protocol.statements import read_statement

UPDATE_NEEDED = str(ErrorCode.UPDATE_NEEDED)
ROSTER_BEHIND = "roster_behind"
"""Sealed by a roster version this device hasn't got: kept until it has."""
KEPT = frozenset({UPDATE_NEEDED, ROSTER_BEHIND})


@dataclass(frozen=True)
class Read:
    """What became of one feed entry: the `table` it belongs in, and the row without its places in the order."""

    table: str
    row: dict[str, Any]


def event_row(
    event: Event, raw: str, *, received: int, own: bool, mismatch: bool, delay: int = 0
) -> dict[str, Any]:
    """The row of a checked event. `raw`: the envelope as it is on the wire. `received`: server's time, 0 = not there yet; `delay`: ms it had waited."""
    return {
        "id": event.id,
        "kind": event.kind,
        "case": event.case,
        "member": event.member,
        "device": event.device,
        "roster": event.roster,
        "created": event.created,
        "received": received,
        "delay": delay,
        "readers": list(event.readers),
        "prev": list(event.prev),
        "drill": event.drill,
        "mismatch": mismatch,
        "duration": event.duration or 0,
        "body": event.body,
        "own": own,
        "raw": raw,
        "epoch": "",
        "position": 0,
        "written": 0,
    }


def refused(entry: FeedEntry, code: str) -> Read:
    """It can't be used: its id and the code are all that is kept."""
    return Read(
        REFUSED,
        {
            "id": entry.id,
            "type": entry.type,
            "sender": entry.sender,
            "received": entry.received,
            "code": code,
        },
    )


def kept(entry: FeedEntry, code: str) -> Read:
    """It can't be used yet: kept as it came."""
    return Read(LATER, {**vars(entry), "code": code})


class Intake:
    """Reads feed entries."""

    def __init__(self, core: Core, roster: RosterService) -> None:
        self._core = core
        self._roster = roster

    async def read(self, entry: FeedEntry) -> Read:
        """What `entry` is. Raises AppError only when this device can't read at all now (locked)."""
        readers: dict[str, Callable[[FeedEntry], Awaitable[Read]]] = {
            "event": self._event,
            "statement": self._statement,
        }
        reader = readers.get(entry.type)
        if reader is None:
            return kept(entry, UPDATE_NEEDED)
        try:
            return await reader(entry)
        except ProtocolError as error:
            code = str(error.code)
            return kept(entry, code) if code in KEPT else refused(entry, code)
        except AppError:
            raise
        except Exception as error:  # noqa: BLE001 # a mistake of ours about one entry must not hold up the alarm behind it
            return refused(entry, f"internal {type(error).__name__}")

    async def _event(self, entry: FeedEntry) -> Read:
        identity = self._core.me()
        envelope = parse_envelope(entry.content)
        if envelope.header.server != identity.server:
            return refused(entry, str(ErrorCode.WRONG_SERVER))
        if envelope.header.unit != identity.unit:
            return refused(entry, str(ErrorCode.WRONG_UNIT))
        if envelope.header.id != entry.id:
            return refused(entry, str(ErrorCode.ENVELOPE_INVALID))
        try:
            plaintext = await self._core.ports.sealer.open(entry.content)
        except PortError as error:
            if error.code == "cannot_open":
                return refused(entry, error.code)
            raise app_error(error) from error
        jws = unpad(plaintext)
        opened = read_event(envelope, jws)
        code = await self._objection(opened, jws)
        if code is not None:
            return kept(entry, code) if code in KEPT else refused(entry, code)
        event = opened.event
        own = event.device == identity.device
        return Read(
            EVENTS,
            event_row(
                event,
                entry.content,
                received=entry.received,
                own=own,
                mismatch=opened.mismatch,
                delay=entry.delay,
            ),
        )

    async def _objection(self, opened: OpenedEvent, jws: str) -> str | None:
        """Why an event doesn't count, or None. An alarm is believed even from a device that has since been removed."""
        event = opened.event
        urgent = KINDS[event.kind].coarse is Coarse.URGENT
        device = self._roster.device(event.device)
        roster = self._roster.by_hash(event.roster)
        if device is None or (roster is None and not urgent):
            return ROSTER_BEHIND
        use = self._roster.current().signer(event.device, opened.kid)
        if use is None or event.member != device.member:
            return str(ErrorCode.SIGNATURE_WRONG)
        if use not in KINDS[event.kind].signers:
            return str(ErrorCode.NOT_ALLOWED)
        if roster is not None and not urgent:
            if event.device not in roster.devices:
                return str(ErrorCode.DEVICE_UNKNOWN)
            if event.device not in {active.id for active in roster.active_devices()}:
                return str(ErrorCode.DEVICE_REMOVED)
        if not await self._core.ports.sealer.verify(jws, device.key(use)):
            return str(ErrorCode.SIGNATURE_WRONG)
        return None

    async def _statement(self, entry: FeedEntry) -> Read:
        identity = self._core.me()
        statement, kid = read_statement(entry.content)
        if (statement.server, statement.unit, statement.id) != (identity.server, identity.unit, entry.id):
            return refused(entry, str(ErrorCode.STATEMENT_INVALID))
        device = self._roster.device(statement.device)
        # Somebody who has left answers for nobody any more, whatever a server hands on; what was checked before that stays.
        verified = (
            device is not None
            and device in self._roster.current().active_devices()
            and device.member == statement.member
            and kid == thumbprint(device.member_key)
            and await self._core.ports.sealer.verify(entry.content, device.member_key)
        )
        row = {
            "id": statement.id,
            "case": statement.case,
            "member": statement.member,
            "device": statement.device,
            "state": str(statement.state),
            "created": statement.created,
            "received": entry.received,
            "verified": verified,
            "own": statement.device == identity.device,
            "raw": entry.content,
            "position": 0,
            "written": 0,
        }
        return Read(STATEMENTS, row)
