"""A unit of simulated devices against a real server, for tests of the whole chain."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from mobile_app.domain.incident import IncidentDraft
from mobile_app.domain.receipts import ReceiptState
from mobile_app.domain.visit import Visit, VisitDraft
from mobile_app.services.client import Client
from mobile_app.simulated_device import SimulatedDevice
from protocol.invites import Role

T = TypeVar("T")

UNIT_NAME = "Hjelpemidler, Lillevik kommune"


@dataclass
class Person:
    """Somebody with a phone. `url`: where their phone reaches the server."""

    name: str
    directory: Path
    url: str
    phone: str = "+47 400 00 000"
    passphrase: str = "seks tilfeldige ord er nok her"
    device: SimulatedDevice = field(init=False)

    @property
    def client(self) -> Client:
        """The app on the phone."""
        return self.device.client

    async def switch_on(self) -> None:
        """A phone with what its storage holds, and the app running."""
        self.device = SimulatedDevice(self.directory, self.url)
        await self.device.start()

    async def unlock(self) -> None:
        """Type the passphrase."""
        await self.client.gate.unlock(self.passphrase)

    async def battery_dies(self) -> None:
        """The phone goes out in the middle of whatever it does, and is switched on and unlocked again."""
        await self.device.kill()
        await self.switch_on()
        await self.unlock()

    async def until(self, condition: Callable[[Client], T], what: str, *, seconds: float = 20) -> T:
        """Wait until `condition` is true of what the app would show, and return that."""
        client, changed = self.client, asyncio.Event()
        stop = client.subscribe(changed.set)
        answer = condition(client)
        try:
            async with asyncio.timeout(seconds):
                while not answer:
                    await changed.wait()
                    changed.clear()
                    answer = condition(client)
        except TimeoutError:
            raise AssertionError(
                f"{self.name}: waited {seconds:g} s for {what}; last: {answer!r}; {client.sync.status}"
            ) from None
        finally:
            stop()
        return answer


async def eventually(condition: Callable[[], Awaitable[T]], what: str, *, seconds: float = 20) -> T:
    """Ask `condition`, of something that tells nobody when it changes, until it answers something true, and return that."""
    try:
        async with asyncio.timeout(seconds):
            while not (answer := await condition()):  # noqa: ASYNC110 - nobody would set an event
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"waited {seconds:g} s for {what}") from None
    return answer


class Fleet:
    """Phones of one test. `close` switches off those that are on."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.people: list[Person] = []

    async def person(self, name: str, url: str) -> Person:
        """Somebody with a new phone."""
        person = Person(name, self._directory / f"phone-{len(self.people)}", url)
        await person.switch_on()
        self.people.append(person)
        return person

    async def founder(self, name: str, url: str, setup_link: str, unit_name: str = UNIT_NAME) -> Person:
        """The leader who founds the unit."""
        leader = await self.person(name, url)
        token = setup_link.partition("#")[2]
        await leader.client.founding.found(token, unit_name, name, leader.phone, leader.passphrase)
        await leader.client.founding.written_down()
        return leader

    async def joiner(self, name: str, url: str, leader: Person, role: str = Role.EMPLOYEE) -> Person:
        """Somebody who joins by the leader's invite; both end up knowing each other's names."""
        invite = await leader.client.inviting.invite(role)
        person = await self.person(name, url)
        preview = await person.client.joining.preview(invite.link)
        assert preview.words == invite.words
        await person.client.joining.join(name, person.phone, person.passphrase)
        await know(leader, person)
        await know(person, leader)
        return person

    async def close(self) -> None:
        """Switch all phones off."""
        await asyncio.gather(*(person.device.stop() for person in self.people))


Story = Callable[[Fleet], Awaitable[None]]
"""What happens in one test, with phones of its own."""


async def know(one: Person, other: Person) -> None:
    """Wait until `one` sees the name of `other`."""
    await one.until(lambda c: other.name in {p.name for p in c.people.all()}, f"the name {other.name}")


def answered(draft: VisitDraft, client: Client, choose: Callable[[list[str]], str]) -> VisitDraft:
    """The draft with an answer to every question that comes up, chosen by `choose` among the option values."""
    checklist = client.visits.checklist(draft.meeting_type)
    answers: dict[str, str] = dict(draft.answers)
    while True:
        open_ones = [q for q in checklist.shown(answers) if q.id not in answers]
        if not open_ones:
            return replace(draft, answers=answers)
        for question in open_ones:
            answers[question.id] = choose([option.value for option in question.options])


async def go_on_visit(
    person: Person, place: str, purpose: str, rng: random.Random, minutes: int = 60
) -> Visit:
    """Plan a visit, checklist and all, and start it."""
    visits = person.client.visits
    draft = answered(await visits.begin("home_visit"), person.client, rng.choice)
    draft = await visits.save(replace(draft, place=place, purpose=purpose, minutes=minutes))
    planned = await visits.plan(draft)
    return await visits.start(planned.case)


async def report(person: Person, line: str, *, place: str = "", about_leader: bool = False) -> str:
    """Write an incident and send it; returns its case."""
    incidents = person.client.incidents
    draft: IncidentDraft = await incidents.begin()
    draft = await incidents.save(
        replace(
            draft,
            kinds=frozenset({"threat_face"}),
            severity=4,
            line=line,
            place=place,
            about_leader=about_leader,
        )
    )
    return await incidents.send(draft)


def is_sent(client: Client, *cases: str) -> bool:
    """Whether the server has each of these visits and incidents, as the app would show it."""
    found = [client.visits.get(case) or client.incidents.get(case) for case in cases]
    return all(item is not None and item.receipt.state is not ReceiptState.LOCAL for item in found)


def has_been_seen_by(name: str, case: str, client: Client) -> bool:
    """Whether the app says that this person has opened a visit or an incident."""
    item = client.visits.get(case) or client.incidents.get(case)
    return item is not None and name in {seen for seen, _ in item.receipt.seen_by}
