"""Alarms of others as they come in, what one says of them, and the alarms raised on this device."""

from dataclasses import replace

from mobile_app.domain.alarm import Alarm, AlarmState, fold_alarm, heard
from mobile_app.ports import OwnAlarm, PortError
from mobile_app.services.core import Core
from mobile_app.services.errors import AppError, app_error
from mobile_app.services.journal import Journal
from mobile_app.services.people import People
from mobile_app.services.roster_service import RosterService
from mobile_app.services.visits import Visits
from protocol.errors import ErrorCode
from protocol.statements import AckState


class Alarms:
    """Raising one is the alarm page's: it works without Python."""

    def __init__(
        self, core: Core, roster: RosterService, journal: Journal, people: People, visits: Visits
    ) -> None:
        self._core = core
        self._roster = roster
        self._journal = journal
        self._people = people
        self._visits = visits
        self._own: list[OwnAlarm] = []

    def get(self, case: str) -> Alarm | None:
        """An alarm, or None when nothing of it is on this device."""
        alarm = self._journal.fold("alarm", case, fold_alarm)
        if alarm is None:
            return None
        person = self._people.get(alarm.member)
        seen, taken, claimed = heard(self._journal.acknowledgements(case))
        identity = self._core.identity
        me = identity.member if identity else ""
        return replace(
            alarm,
            name=person.name,
            phone=person.phone,
            visit=self._visits.get(alarm.visit_case) if alarm.visit_case else None,
            seen_by=tuple((self._people.name(member), at) for member, at in seen.items()),
            taken_by=self._people.name(taken[0]) if taken else None,
            taken_at=taken[1] if taken else 0,
            mine=alarm.member == me,
            readers=self._readers(case, alarm.member),
            reported_by=tuple(self._people.name(member) for member in claimed),
            seen_by_me=me in seen,
            taken_by_me=any(
                ack.member == me and ack.state == "taken" for ack in self._journal.acknowledgements(case)
            ),
        )

    def _readers(self, case: str, raiser: str) -> tuple[str, ...]:
        roster = self._roster.pinned
        raised = next((fact for fact in self._journal.facts(case) if fact.kind == "alarm.raised"), None)
        row = self._journal.row(raised.id) if raised else None
        if roster is None or row is None:
            return ()
        devices = [roster.by_reader(kid) for kid in row["readers"]]
        identity = self._core.identity
        itself = {raiser, identity.member if identity else ""}
        members = dict.fromkeys(device.member for device in devices if device and device.member not in itself)
        return tuple(self._people.name(member) for member in members)

    def recent(self) -> list[Alarm]:
        """Others' alarms, the latest first, closed ones too."""
        found = [self.get(case) for case in self._journal.cases("alarm.")]
        return [alarm for alarm in found if alarm and not alarm.mine]

    def active(self) -> list[Alarm]:
        """Others' alarms that are not over, the latest first."""
        return [alarm for alarm in self.recent() if alarm.state is AlarmState.OPEN]

    async def opened(self, case: str) -> None:
        """The alarm was shown in front of me: say so, signed, once. Raises AppError."""
        await self._say(case, AckState.SEEN)

    async def take(self, case: str) -> None:
        """I take it: say so, signed, once. Raises AppError."""
        await self._say(case, AckState.TAKEN)

    async def _say(self, case: str, state: AckState) -> None:
        alarm = self.get(case)
        if alarm is None:
            raise AppError("not_found")
        if not alarm.mine:
            await self._journal.acknowledge(case, state)

    def own(self) -> list[OwnAlarm]:
        """Alarms raised on this device, newest first, as last looked at."""
        return list(self._own)

    def forget(self) -> None:
        """Drop what was read."""
        self._own = []

    async def look(self) -> None:
        """Read what the alarm page has. Raises AppError."""
        try:
            own = await self._core.ports.alarm_store.alarms()
        except PortError as error:
            raise app_error(error) from error
        if own != self._own:
            self._own = own
            self._core.changed()

    async def fetch_statements(self) -> None:
        """Ask what others have said of each person's newest open alarm. Raises AppError.

        Not of every one: a stolen phone can raise a thousand, and nobody's alarm is fetched while these are asked about.
        """
        newest: dict[str, Alarm] = {}
        for alarm in self.active():
            newest.setdefault(alarm.member, alarm)
        for alarm in newest.values():
            try:
                told = await self._core.api.statements(self._core.me().unit, alarm.case)
            except AppError as error:
                if error.code != ErrorCode.ALARM_UNKNOWN:
                    raise
                continue  # lost with a backup, or its outside names another case: the others are asked all the same
            await self._journal.take_statements(told)
