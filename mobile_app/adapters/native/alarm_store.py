"""Port `AlarmStore`: raises alarms as the alarm page does, with the field key and the set-up alone, and follows what comes of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mobile_app.adapters.native.alarm_file import AlarmFile
from mobile_app.adapters.native.key_ring import KeyRing
from mobile_app.adapters.native.net import SERVER_HEADER, NativeNet
from mobile_app.adapters.native.outbox import NativeOutbox
from mobile_app.ports import AlarmSetup, OutboxRow, OwnAlarm, PortError
from protocol import jose
from protocol.encoding import thumbprint
from protocol.envelope import pad
from protocol.errors import ProtocolError
from protocol.events import Event
from protocol.ids import new_id
from protocol.jws import Typ
from protocol.kinds import Coarse
from protocol.statements import read_statement

STATUS_SECONDS = 5.0


class NativeAlarmStore:
    """Works while the vault is locked. `on_change` is called when an own alarm has changed."""

    def __init__(
        self,
        ring: KeyRing,
        alarm_file: AlarmFile,
        outbox: NativeOutbox,
        net: NativeNet,
        clock: Callable[[], int],
    ) -> None:
        self._ring = ring
        self._file = alarm_file
        self._outbox = outbox
        self._net = net
        self._clock = clock
        self.on_change: Callable[[], None] = lambda: None

    async def provision(self, setup: AlarmSetup) -> None:
        """See `AlarmStore.provision`."""
        await self._file.keep_setup(setup)

    async def setup(self) -> AlarmSetup | None:
        """See `AlarmStore.setup`."""
        return await self._file.setup()

    async def alarms(self) -> list[OwnAlarm]:
        """See `AlarmStore.alarms`."""
        return await self._file.alarms()

    async def raise_alarm(self, *, drill: bool = False, silent: bool = False) -> str:
        """See `AlarmStore.raise_alarm`. Returns after one try to send it; it goes on in the outbox if that fails."""
        setup = await self._file.setup()
        if setup is None:
            raise PortError("not_provisioned")
        case, now = new_id(), self._clock()
        body: dict[str, Any] = {"silent": silent, "visit": setup.visit}
        row = await self._sealed(setup, case, now, drill=drill, body=body)
        await self._file.add_alarm(OwnAlarm(case, drill, now), row)
        self.on_change()
        await self._outbox.flush_urgent()
        self.on_change()
        return case

    async def refresh(self) -> None:
        """Ask the server what has come of own alarms that are open. Raises PortError: offline, timeout, not_trygg."""
        setup = await self._file.setup()
        for alarm in await self._file.alarms():
            if setup is None or not alarm.received or alarm.state != "open":
                continue
            reply = await self._net.signed(
                "GET", f"/api/v1/units/{setup.unit}/alarms/{alarm.case}", timeout=STATUS_SECONDS
            )
            if reply.headers[SERVER_HEADER] != setup.server:
                raise PortError("not_trygg")
            if reply.status == 200 and await self._file.keep_alarm(
                _updated(alarm, setup, json.loads(reply.body))
            ):
                self.on_change()

    async def _sealed(
        self, setup: AlarmSetup, case: str, now: int, *, drill: bool, body: dict[str, Any]
    ) -> OutboxRow:
        keys = {thumbprint(key): key for key in [*(reader.key for reader in setup.readers), setup.recovery]}
        event = Event(
            new_id(),
            setup.server,
            setup.unit,
            "alarm.raised",
            case,
            setup.member,
            setup.device,
            setup.roster,
            now,
            tuple(sorted(keys)),
            body,
            drill=drill,
        )
        jws = jose.sign(await self._file.field_key(self._ring), Typ.EVENT, event.payload())
        envelope = jose.seal(pad(jws), event.header().text(), [keys[kid] for kid in sorted(keys)])
        return OutboxRow(event.id, setup.unit, "event", Coarse.URGENT, now, envelope)


def _updated(alarm: OwnAlarm, setup: AlarmSetup, status: dict[str, Any]) -> OwnAlarm:
    seen = [
        entry for raw in status["statements"] if (entry := _acknowledgement(alarm, setup, raw)) is not None
    ]
    return replace(
        alarm, state=status["state"], delivered=status["delivered"], members=status["members"], seen=seen
    )


def _acknowledgement(alarm: OwnAlarm, setup: AlarmSetup, raw: dict[str, Any]) -> dict[str, Any] | None:
    """What a statement says, `verified` only when a key the set-up knows for that member has signed it for this alarm."""
    try:
        statement, kid = read_statement(raw["statement"])
    except ProtocolError:
        return None
    if (statement.server, statement.unit, statement.case) != (setup.server, setup.unit, alarm.case):
        return None
    contact = next((contact for contact in setup.contacts if contact.member == statement.member), None)
    key = next((key for key in contact.keys if thumbprint(key) == kid), None) if contact else None
    return {
        "member": statement.member,
        "name": contact.name if contact else "",
        "state": str(statement.state),
        "received": raw["received"],
        "verified": key is not None and jose.verify(raw["statement"], key),
    }
