"""Keeps what the alarm page works with in step: it has to raise an alarm while the vault is locked."""

from mobile_app.ports import AlarmContact, AlarmReader, AlarmSetup, PortError
from mobile_app.services.core import Core
from mobile_app.services.errors import app_error
from mobile_app.services.people import People
from mobile_app.services.roster_service import RosterService
from mobile_app.services.visits import Visits


class AlarmProvisioning:
    """Writes the alarm page's setup whenever the roster, a name or the visit under way has changed."""

    def __init__(self, core: Core, roster: RosterService, people: People, visits: Visits) -> None:
        self._core = core
        self._roster = roster
        self._people = people
        self._visits = visits
        self._known: AlarmSetup | None = None

    def setup(self) -> AlarmSetup:
        """What the alarm page needs now: the devices of those on duty and my own, and how to reach those on duty."""
        identity, roster = self._core.me(), self._roster.current()
        on_duty = self._people.on_duty()
        wanted = {person.member for person in on_duty} | {identity.member}
        readers = [
            AlarmReader(d.member, d.id, d.encryption) for d in roster.active_devices() if d.member in wanted
        ]
        contacts = [
            AlarmContact(
                p.member, p.name, p.phone, [device.member_key for device in roster.devices_of(p.member)]
            )
            for p in on_duty
        ]
        visit = self._visits.current()
        return AlarmSetup(
            server=identity.server,
            unit=identity.unit,
            member=identity.member,
            device=identity.device,
            roster=roster.head,
            readers=readers,
            recovery=roster.recovery.encryption,
            contacts=contacts,
            visit=visit.case if visit else "",
            visit_until=visit.until if visit else 0,
        )

    async def update(self) -> None:
        """Provision if anything differs from what the alarm page has. Raises AppError."""
        wanted = self.setup()
        if wanted == self._known:
            return
        try:
            if self._known is None:
                self._known = await self._core.ports.alarm_store.setup()
            if wanted != self._known:
                await self._core.ports.alarm_store.provision(wanted)
        except PortError as error:
            raise app_error(error) from error
        self._known = wanted

    def forget(self) -> None:
        """Look anew the next time."""
        self._known = None
