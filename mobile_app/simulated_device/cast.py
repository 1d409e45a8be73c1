"""The people of the demo and what they are up to. All of it is made up."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mobile_app.services.client import AppError, Client, GateState
from mobile_app.simulated_device.device import SimulatedDevice
from protocol.invites import Role

UNIT_NAME = "Hjelpemidler, Lillevik kommune"
HOUR_MS = 3_600_000
TAKING_SECONDS = 5.0
"""From seeing an alarm until the simulated leader takes it: time to watch the states change."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """Somebody in the demo. `key`: name of the phone's directory."""

    key: str
    name: str
    role: str
    phone: str
    passphrase: str
    title: str


LEADER = Part(
    "kari", "Kari Nordmo", Role.LEADER, "+47 400 00 101", "fjell lampe kaffe vindu regn sykkel", "leder"
)
OTHERS = (
    Part(
        "amina",
        "Amina Yusuf",
        Role.EMPLOYEE,
        "+47 400 00 102",
        "eple bro hammer skjorte elg torsdag",
        "ansatt",
    ),
    Part(
        "per", "Per Solbakken", Role.EMPLOYEE, "+47 400 00 103", "tog pære sommer gitar hylle fjord", "ansatt"
    ),
    Part(
        "siv", "Siv Aasen", Role.SAFETY_REP, "+47 400 00 104", "sko måne kanel trapp svane avis", "verneombud"
    ),
)


class Cast:
    """Everybody's phones below one directory. A second run on the same directory goes on where the first one ended."""

    def __init__(self, directory: Path, server_url: str, say: Say) -> None:
        self._say = say
        self._phones = {
            part.key: SimulatedDevice(directory / part.key, server_url) for part in (LEADER, *OTHERS)
        }
        self._answered: set[str] = set()

    @property
    def leader(self) -> Client:
        """The leader's app."""
        return self._phones[LEADER.key].client

    async def enter(self, setup_token: str) -> None:
        """Switch all phones on; the unit is founded and joined by those who are not in it yet. Raises AppError."""
        for part in (LEADER, *OTHERS):
            await self._phones[part.key].start()
        if not await self._is_in(LEADER):
            await self.leader.founding.found(
                setup_token, UNIT_NAME, LEADER.name, LEADER.phone, LEADER.passphrase
            )
            await self.leader.founding.written_down()
        for part in OTHERS:
            if not await self._is_in(part):
                client = self._phones[part.key].client
                invite = await self.leader.inviting.invite(part.role)
                await client.joining.preview(invite.link)
                await client.joining.join(part.name, part.phone, part.passphrase)
        names = {part.name for part in (LEADER, *OTHERS)}
        for part in (LEADER, *OTHERS):
            await self._until(part, lambda c: names <= {person.name for person in c.people.all()})

    async def play(self) -> None:
        """A visit under way and two reports, unless an earlier run has them already. Raises AppError."""
        amina, per = self._phones["amina"].client, self._phones["per"].client
        current = amina.visits.current()
        if current is not None and current.until < amina.clock():
            await amina.visits.check_out(current.case)
            current = None
        if current is None:
            await _visit(amina, "Storgata 4, 2. etasje", "Bytte motor i seng", minutes=90)
        if not amina.incidents.mine():
            line = "Sønnen i huset ropte at jeg burde passe meg, og stilte seg foran døra."
            await _report(amina, {"threat_face"}, 3, line, "Storgata 4", hours_ago=26)
        if not per.incidents.mine():
            line = "Løs hund i oppgangen glefset etter meg da jeg bar ut rullestolen."
            await _report(per, {"near_miss"}, 2, line, "Havnegata 11", hours_ago=3)
        await self._until(LEADER, lambda c: bool(c.visits.out_now()) and len(c.incidents.received()) > 1)

    async def answer(self) -> None:
        """The leader sees and takes whatever comes, until cancelled."""
        news = asyncio.Event()
        stop = self.leader.subscribe(news.set)
        try:
            while True:
                news.clear()
                try:
                    await self._answer_once()
                except AppError as error:
                    self._say(f"{LEADER.name} fikk ikke svart ({error.code}); prøver igjen ved neste nyhet.")
                await news.wait()
        finally:
            stop()

    async def leave(self) -> None:
        """Switch all phones off."""
        await asyncio.gather(*(phone.stop() for phone in self._phones.values()))

    async def _answer_once(self) -> None:
        client = self.leader
        for alarm in client.alarms.active():
            if self._is_new(f"alarm {alarm.case}") and not alarm.taken_by_me:
                await client.alarms.opened(alarm.case)
                self._say(
                    f"{LEADER.name} har sett {'øvelsesalarmen' if alarm.drill else 'alarmen'} fra {alarm.name}."
                )
                await asyncio.sleep(TAKING_SECONDS)
                await client.alarms.take(alarm.case)
                self._say(f"{LEADER.name} har tatt alarmen fra {alarm.name}.")
        for visit in client.visits.out_now():
            if self._is_new(f"visit {visit.case}"):
                await client.visits.opened(visit.case)
                self._say(f"{LEADER.name} har sett at {visit.name} er på besøk: {visit.place}.")
        for incident in client.incidents.received():
            if self._is_new(f"incident {incident.case}"):
                await client.incidents.opened(incident.case)
                self._say(f"{LEADER.name} har åpnet en hendelse fra {incident.name}.")

    def _is_new(self, key: str) -> bool:
        new = key not in self._answered
        self._answered.add(key)
        return new

    async def _is_in(self, part: Part) -> bool:
        client = self._phones[part.key].client
        if client.gate.state is GateState.NEW:
            return False
        if client.gate.state is not GateState.OPEN:
            await client.gate.unlock(part.passphrase)
        return True

    async def _until(self, part: Part, condition: Callable[[Client], bool]) -> None:
        client, news = self._phones[part.key].client, asyncio.Event()
        stop = client.subscribe(news.set)
        try:
            while not condition(client):
                await news.wait()
                news.clear()
        finally:
            stop()


async def _visit(client: Client, place: str, purpose: str, minutes: int) -> None:
    """Plan and start a visit. The first question gets its most worrying answer, so that there is advice to show."""
    visits = client.visits
    draft = await visits.begin("home_visit")
    checklist = visits.checklist("home_visit")
    answers: dict[str, str] = {}
    while missing := checklist.missing(answers):
        pick = min if answers else max
        answers[missing[0].id] = pick(missing[0].options, key=lambda option: option.weight).value
    draft = replace(draft, place=place, purpose=purpose, answers=answers, minutes=minutes)
    measures = frozenset(measure.key for measure in visits.advise(draft).measures if measure.recommended)
    planned = await visits.plan(await visits.save(replace(draft, measures=measures)))
    await visits.start(planned.case)


async def _report(
    client: Client, kinds: set[str], severity: int, line: str, place: str, hours_ago: int
) -> None:
    draft = await client.incidents.begin()
    happened = client.clock() - hours_ago * HOUR_MS
    draft = replace(
        draft, kinds=frozenset(kinds), severity=severity, line=line, place=place, happened_at=happened
    )
    await client.incidents.send(await client.incidents.save(draft))
