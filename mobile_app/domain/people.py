"""People of the unit as they are shown: ids and roles from the roster, names from what each has told."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Person:
    """One member. `name` is empty until the member's own profile has arrived; `phone` as typed."""

    member: str
    name: str
    phone: str = ""
    roles: frozenset[str] = field(default_factory=frozenset)
    is_me: bool = False

    @property
    def first_name(self) -> str:
        """The first word of the name."""
        return self.name.split()[0] if self.name.split() else ""

    @property
    def initials(self) -> str:
        """First letters of the first and the last word of the name, at most two."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()
