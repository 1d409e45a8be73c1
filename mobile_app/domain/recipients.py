"""Who gets what. Every rule of who may read is here, and nowhere else."""

from collections.abc import Iterable
from dataclasses import dataclass

from mobile_app.domain.people import Person

LEADER = "leader"
SAFETY_REP = "safety_rep"


@dataclass(frozen=True)
class Recipient:
    """Somebody a report goes to. `role`: leader, safety_rep or self. `what`: message key of what they see and do."""

    name: str
    role: str
    what: str
    member: str = ""


def alarm_recipients(people: Iterable[Person]) -> list[Person]:
    """An alarm rings at the leaders but me; where there is none, at everybody else. Never at nobody if anybody is there."""
    others = [person for person in people if not person.is_me]
    leaders = [person for person in others if LEADER in person.roles]
    return leaders or others


def visit_recipients(people: Iterable[Person]) -> list[Person]:
    """A visit is told to the leaders but me, and to nobody else."""
    return [person for person in people if not person.is_me and LEADER in person.roles]


def incident_recipients(people: Iterable[Person], *, about_leader: bool = False) -> list[Person]:
    """An incident goes to leaders and safety reps. One that is about the leader goes to the safety reps alone; the author always
    keeps it."""
    roles = {SAFETY_REP} if about_leader else {LEADER, SAFETY_REP}
    return [
        person
        for person in people
        if not person.is_me and roles & person.roles and not (about_leader and LEADER in person.roles)
    ]


def recipient_list(people: Iterable[Person], *, about_leader: bool = False) -> list[Recipient]:
    """What the author is shown before sending."""
    shown = []
    for person in incident_recipients(people, about_leader=about_leader):
        role = LEADER if LEADER in person.roles else SAFETY_REP
        shown.append(Recipient(person.name, role, f"incident.recipient.{role}", person.member))
    return shown
