"""Port `AlarmStore`: raises alarms as the alarm page does, with the field key and the set-up alone, and follows what comes of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mobile_app.adapters.native.alarm_file import AlarmEntry, AlarmFile
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
from protocol.kinds import Act, Coarse
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
        """See `AlarmStore.raise_alarm`. Returns after one try to send it; the outbox goes on if that fails.

        There is one open alarm at a time: another press rings again with it. A real alarm ends an open drill; a drill is
        never part of a real alarm.
        """
        setup = await self._setup()
        entries = []
        alarm = await self._file.open_alarm()
        if alarm is not None and alarm.drill and not drill:
            entries.append(await self._entry(setup, replace(alarm, state="safe"), "alarm.safe", {}))
            alarm = None
        alarm = alarm or OwnAlarm(new_id(), drill, self._clock())
        body = {"silent": silent, **({"visit": setup.visit} if setup.visit and not drill else {})}
        entries.append(await self._entry(setup, alarm, "alarm.raised", body))
        await self._send(entries)
        return alarm.case

    async def tell_position(self, latitude: float, longitude: float, accuracy: float) -> None:
        """Where the phone is, as an event of the open alarm: degrees (WGS 84) and metres. Nothing without an open alarm."""
        setup, alarm = await self._setup(), await self._file.open_alarm()
        if alarm is not None:
            body = {"latitude": latitude, "longitude": longitude, "accuracy": accuracy, "at": self._clock()}
            await self._send([await self._entry(setup, alarm, "alarm.position", body)])

    async def say_safe(self) -> None:
        """The danger is over: ends the open alarm. Nothing without one."""
        setup, alarm = await self._setup(), await self._file.open_alarm()
        if alarm is not None:
            await self._send([await self._entry(setup, replace(alarm, state="safe"), "alarm.safe", {})])

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
            if reply.status != 200:
                continue
            status = json.loads(reply.body)
            seen = _seen(alarm, setup, status["statements"])
            if await self._file.learn(
                alarm.case, members=status["members"], delivered=status["delivered"], seen=seen
            ):
                self.on_change()

    async def _setup(self) -> AlarmSetup:
        setup = await self._file.setup()
        if setup is None:
            raise PortError("not_provisioned")
        return setup

    async def _send(self, entries: list[AlarmEntry]) -> None:
        await self._file.keep(entries)
        self.on_change()
        await self._outbox.flush_urgent()
        self.on_change()

    async def _entry(self, setup: AlarmSetup, alarm: OwnAlarm, kind: str, body: dict[str, Any]) -> AlarmEntry:
        keys = {thumbprint(key): key for key in [*(reader.key for reader in setup.readers), setup.recovery]}
        event = Event(
            new_id(),
            setup.server,
            setup.unit,
            kind,
            alarm.case,
            setup.member,
            setup.device,
            setup.roster,
            self._clock(),
            tuple(sorted(keys)),
            body,
            prev=await self._file.last_event(alarm.case),
            drill=alarm.drill,
        )
        header = event.header()
        jws = jose.sign(await self._file.field_key(self._ring), Typ.EVENT, event.payload())
        envelope = jose.seal(pad(jws), header.text(), [keys[kid] for kid in sorted(keys)])
        row = OutboxRow(event.id, setup.unit, "event", Coarse.URGENT, event.created, envelope)
        return AlarmEntry(alarm, row, header.act or Act.UPDATE)


def _seen(alarm: OwnAlarm, setup: AlarmSetup, statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Acknowledgements, in order of receipt. What was once proved stays, whatever the server says later."""
    told = [entry for raw in statements if (entry := _acknowledgement(alarm, setup, raw)) is not None]
    proved = [entry for entry in told if entry["verified"]]
    proved += [old for old in alarm.seen if old["verified"] and _who(old) not in set(map(_who, proved))]
    claimed = [entry for entry in told if not entry["verified"] and _who(entry) not in set(map(_who, proved))]
    return sorted([*proved, *claimed], key=lambda entry: int(entry["received"]))


def _who(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["member"], entry["state"]


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
