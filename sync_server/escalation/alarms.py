"""State of an alarm and its acknowledgements, out of what the server can see of them."""

from hashlib import sha256
from typing import Literal

from protocol.encoding import thumbprint
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_id
from protocol.jose import verify
from protocol.kinds import Act
from protocol.messages import AlarmStatus, ReceivedStatement, StatementAccepted
from protocol.statements import read_statement
from sync_server.store.port import Alarm, AlarmAct, NewStatement, Receipt, Store
from sync_server.store.unit import Unit

_STATES: dict[Act, Literal["open", "cancelled", "safe"]] = {
    Act.RAISE: "open",
    Act.CANCEL: "cancelled",
    Act.SAFE: "safe",
}


class Alarms:
    """Alarm cases of units."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def status(self, unit: Unit, device: str, case: str) -> AlarmStatus:
        """An alarm as one of its readers, or who raised it, may see it. Raises ProtocolError(alarm_unknown)."""
        alarm = await self._alarm(unit, case)
        own, raiser = _own_acts(unit, alarm)
        readers = _readers(own)
        if device not in readers and unit.member_of(device) != raiser:
            raise ProtocolError(ErrorCode.ALARM_UNKNOWN)
        members = {unit.member_of(reader) for reader in readers} - {raiser}
        reached = {unit.member_of(reader) for reader, has_it in readers.items() if has_it} - {raiser}
        raises = [act for act in own if act.act is Act.RAISE]
        return AlarmStatus(
            case,
            _state(own),
            # One that is not marked as a drill makes it a real alarm.
            all(act.drill for act in raises),
            raises[0].received,
            len(members),
            len(reached),
            [ReceivedStatement(jws, received) for jws, received in alarm.statements],
        )

    async def acknowledge(
        self, unit: Unit, device: str, jws: str
    ) -> tuple[StatementAccepted, frozenset[str]]:
        """Take in what `device` says of an alarm, and whom it was handed to (nobody when it was known).

        Raises ProtocolError: statement_invalid, wrong_server, wrong_unit, not_allowed, alarm_unknown, id_reused, update_needed.
        """
        statement, kid = read_statement(jws)
        if statement.server != unit.roster.server:
            raise ProtocolError(ErrorCode.WRONG_SERVER)
        if statement.unit != unit.id:
            raise ProtocolError(ErrorCode.WRONG_UNIT)
        if (statement.device, statement.member) != (device, unit.member_of(device)):
            raise ProtocolError(ErrorCode.NOT_ALLOWED, "a statement of another device")
        key = unit.roster.devices[device].member_key
        if kid != thumbprint(key) or not verify(jws, key):
            raise ProtocolError(ErrorCode.STATEMENT_INVALID, "signature")
        own, raiser = _own_acts(unit, await self._alarm(unit, statement.case))
        if raiser == statement.member:
            raise ProtocolError(ErrorCode.NOT_ALLOWED, "the own alarm")
        readers = _readers(own)
        if statement.member not in {unit.member_of(reader) for reader in readers}:
            # The same answer as for no alarm at all, so that nobody can probe.
            raise ProtocolError(ErrorCode.ALARM_UNKNOWN)
        devices = tuple(entry.id for entry in unit.roster.devices_of(raiser))
        receipt: Receipt = await self._store.acknowledge(
            NewStatement(
                statement.id, unit.id, sha256(jws.encode()).digest(), device, statement.case, jws, devices
            )
        )
        if receipt.outcome == "reused":
            raise ProtocolError(ErrorCode.ID_REUSED)
        reached = frozenset({*devices, *readers}) if receipt.outcome == "accepted" else frozenset()
        return StatementAccepted(statement.id, receipt.received), reached

    async def _alarm(self, unit: Unit, case: str) -> Alarm:
        alarm = await self._store.alarm(unit.id, case) if is_id(case) else None
        if alarm is None:
            raise ProtocolError(ErrorCode.ALARM_UNKNOWN)
        return alarm


def _own_acts(unit: Unit, alarm: Alarm) -> tuple[list[AlarmAct], str]:
    """Acts of the member who raised the alarm, and that member: nobody else's events change its state here."""
    first = next(act for act in alarm.acts if act.act is Act.RAISE)
    raiser = unit.member_of(first.sender) or ""
    return [act for act in alarm.acts if unit.member_of(act.sender) == raiser], raiser


def _state(acts: list[AlarmAct]) -> Literal["open", "cancelled", "safe"]:
    # In the order of receipt. A cancel that came before its alarm ends nothing: rather one call too many than none.
    state: Literal["open", "cancelled", "safe"] = "open"
    for act in acts:
        state = _STATES.get(act.act, state)
    return state


def _readers(acts: list[AlarmAct]) -> dict[str, bool]:
    """Devices the alarm is sealed to, and whether each has it."""
    readers: dict[str, bool] = {}
    for act in acts:
        if act.act is Act.RAISE:
            for device, has_it in act.readers.items():
                readers[device] = readers.get(device, False) or has_it
    return readers
