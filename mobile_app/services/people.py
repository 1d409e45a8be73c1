"""People of the unit: ids and roles by the roster, names by what each has told in a sealed profile."""

from mobile_app.domain.facts import Fact, in_order, text
from mobile_app.domain.people import Person
from mobile_app.domain.recipients import alarm_recipients
from mobile_app.services.core import Core
from mobile_app.services.errors import AppError
from mobile_app.services.identity import read_sync_point
from mobile_app.services.journal import Journal
from mobile_app.services.roster_service import RosterService
from mobile_app.services.store import PROFILES
from protocol.words import fingerprint_words

LONGEST_NAME = 80


class People:
    """Names and numbers. A member's profile travels as event kind profile.set, whose case is the member's id."""

    def __init__(self, core: Core, roster: RosterService, journal: Journal) -> None:
        self._core = core
        self._roster = roster
        self._journal = journal

    @property
    def unit_name(self) -> str:
        """Name of the unit; empty while it is not known."""
        return self._core.identity.unit_name if self._core.identity else ""

    @property
    def last_confirmed(self) -> int:
        """When the server last confirmed that this device has the newest there is; device clock, ms, 0 = never."""
        return read_sync_point(self._core.store).confirmed

    @property
    def words(self) -> tuple[str, ...]:
        """Six words for the root of this unit's roster; empty outside any unit."""
        return tuple(fingerprint_words(self._roster.pinned.root)) if self._roster.pinned else ()

    @property
    def me(self) -> Person:
        """Who uses this device. Raises AppError(not_member)."""
        return self.get(self._core.me().member)

    def get(self, member: str) -> Person:
        """A member, also a removed one; one without name when nothing is known."""
        roster = self._roster.pinned
        entry = roster.members.get(member) if roster else None
        name, phone = self._profile(member)
        identity = self._core.identity
        is_me = identity is not None and identity.member == member
        return Person(member, name, phone, entry.roles if entry else frozenset(), is_me)

    def _profile(self, member: str) -> tuple[str, str]:
        told = self._journal.fold("profile", member, lambda facts: _told(member, facts))
        if told is not None:
            return told
        identity = self._core.identity
        if identity is not None and identity.member == member:
            return identity.name, identity.phone
        handed = self._core.store.get(PROFILES, member) or {}
        return shown_name(text(handed, "name")), text(handed, "phone", 40)

    def all(self) -> list[Person]:
        """Everybody of the unit, by name; me too."""
        roster = self._roster.pinned
        members = [entry.id for entry in roster.members.values() if not entry.removed] if roster else []
        return sorted((self.get(member) for member in members), key=lambda p: (p.name.casefold(), p.member))

    def on_duty(self) -> list[Person]:
        """Those an alarm of mine rings at."""
        return alarm_recipients(self.all())

    def name(self, member: str) -> str:
        """A member's name, or empty."""
        return self.get(member).name

    async def announce(self) -> None:
        """Tell my name and number to every device of the unit that hasn't got them: at the start, and when a device is new."""
        identity, roster = self._core.me(), self._roster.current()
        own = [
            f
            for f in in_order(self._journal.facts(identity.member))
            if f.kind == "profile.set" and f.member == identity.member
        ]
        row = self._journal.row(own[-1].id) if own else None
        if own and row is None:
            return
        told = set(row["readers"]) if row else set()
        same = bool(own) and (own[-1].body.get("name"), own[-1].body.get("phone")) == (
            identity.name,
            identity.phone,
        )
        if same and all(device.reader in told for device in roster.active_devices()):
            return
        body = {"name": identity.name, "phone": identity.phone}
        everybody = [member.id for member in roster.members.values() if not member.removed]
        await self._journal.create("profile.set", identity.member, body, everybody)


def _told(member: str, facts: list[Fact]) -> tuple[str, str] | None:
    """Name and number as the member last told them; nobody else's word counts."""
    told = [fact for fact in in_order(facts) if fact.kind == "profile.set" and fact.member == member]
    return (shown_name(text(told[-1].body, "name")), text(told[-1].body, "phone", 40)) if told else None


_JOINERS = "\u200c\u200d"


def shown_name(name: str) -> str:
    """A name as others wrote it, made fit to stand inside a sentence: on one line, no longer than names are, and without signs
    that nobody sees but that turn around what stands beside it. "Sett av …" must say what it says."""
    seen = "".join(sign for sign in " ".join(name.split()) if sign.isprintable() or sign in _JOINERS)
    return seen[:LONGEST_NAME].strip()


def required(value: str, longest: int = LONGEST_NAME) -> str:
    """A name as typed, trimmed. Raises AppError: incomplete when there is nothing left, name_too_long above `longest` characters."""
    trimmed = " ".join(value.split())
    if not trimmed:
        raise AppError("incomplete")
    if len(trimmed) > longest:
        raise AppError("name_too_long")
    return trimmed
