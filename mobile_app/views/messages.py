"""All words that people read, by key, and how times and numbers are written in them.

Words stand in content/messages/<language>.json as a flat table. `{name}` in a text is filled by the argument of that name.
"""

import json
import pkgutil
import time
from collections.abc import Iterable
from typing import Final

NBSP: Final = "\u00a0"
"""Keeps "kl." and its time, and a number and its unit, on one line."""

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_MONTHS: Final = (
    "januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
    "desember",
)  # fmt: skip
_WEEKDAYS: Final = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")

_words: dict[str, str] = {}


def load(language: str = "nb") -> dict[str, str]:
    """The table of a language, read once."""
    if not _words:
        raw = pkgutil.get_data("mobile_app", f"content/messages/{language}.json")
        if raw is None:
            raise FileNotFoundError(f"no messages in {language}")
        _words.update(json.loads(raw))
    return _words


def t(key: str, **values: object) -> str:
    """The words of a key. Raises KeyError when there are none, or when the text needs a value that was not given."""
    text = load()[key]
    return text.format_map(values) if values else text


def has(key: str) -> bool:
    """Whether a key has words."""
    return key in load()


def meeting(kind: str) -> str:
    """What kind of visit: also when it comes from a newer app, or is known only in part."""
    return t(f"meeting.{kind}") if has(f"meeting.{kind}") else t("meeting.unknown")


def form(count: int) -> str:
    """Which of the two grammatical numbers a count takes: the last part of a key."""
    return "one" if count == 1 else "other"


def listed(names: list[str]) -> str:
    """Names as a person says them: "Kari, Jonas og Siri"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} og {names[-1]}"


def role_words(roles: Iterable[str]) -> str:
    """Roles in the middle of a sentence: "ansatt og leder"."""
    return listed([lower_first(t(f"role.{role}")) for role in sorted(roles)])


def upper_first(text: str) -> str:
    """For words that begin a line."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """For a title that stands in the middle of a sentence."""
    return text[:1].lower() + text[1:]


class Times:
    """Writes times in local time. `offset` gives minutes ahead of UTC at a time, ms; `now` is the clock, ms."""

    def __init__(self, now: int, offset: int) -> None:
        self.now = now
        self._shift = offset * MINUTE

    def _parts(self, at: int) -> time.struct_time:
        return time.gmtime((at + self._shift) // 1000)

    def day_number(self, at: int) -> int:
        """Days since 1970, local."""
        return (at + self._shift) // DAY

    def clock(self, at: int) -> str:
        """ "11.55" """
        parts = self._parts(at)
        return f"{parts.tm_hour:02d}.{parts.tm_min:02d}"

    def at(self, at: int) -> str:
        """ "kl. 11.55" today, "i går kl. 11.55", "9. november kl. 11.55" """
        clock = f"kl.{NBSP}{self.clock(at)}"
        days = self.day_number(self.now) - self.day_number(at)
        if days == 0:
            return clock
        return f"{self.day(at)} {clock}"

    def day(self, at: int) -> str:
        """ "i dag", "i går", "9. november" """
        days = self.day_number(self.now) - self.day_number(at)
        if days == 0:
            return "i dag"
        if days == 1:
            return "i går"
        if days == -1:
            return "i morgen"
        parts = self._parts(at)
        year = "" if parts.tm_year == self._parts(self.now).tm_year else f" {parts.tm_year}"
        return f"{parts.tm_mday}.{NBSP}{_MONTHS[parts.tm_mon - 1]}{year}"

    def date(self, at: int) -> str:
        """ "tirsdag 17. november" """
        parts = self._parts(at)
        return f"{_WEEKDAYS[parts.tm_wday]} {parts.tm_mday}.{NBSP}{_MONTHS[parts.tm_mon - 1]}"

    def since(self, at: int) -> str:
        """How long ago, in words: "for 18 sekunder siden"."""
        gone = max(0, self.now - at)
        if gone < 10_000:
            return "akkurat nå"
        if gone < MINUTE:
            return f"for {gone // 10_000 * 10}{NBSP}sekunder siden"
        return f"for {self.span(gone)} siden"

    def at_clock(self, day: int, hour: int, minute: int) -> int:
        """The time, ms, of a local clock time on a local day number."""
        return day * DAY + hour * HOUR + minute * MINUTE - self._shift

    @staticmethod
    def span(length: int) -> str:
        """ "24 min", "1 t 5 min", "2 timer", "3 døgn" """
        minutes = max(0, length) // MINUTE
        if minutes < 60:
            return f"{minutes}{NBSP}min"
        hours, rest = divmod(minutes, 60)
        if hours >= 48:
            return f"{hours // 24}{NBSP}døgn"
        if rest:
            return f"{hours}{NBSP}t {rest}{NBSP}min"
        return f"{hours}{NBSP}time" if hours == 1 else f"{hours}{NBSP}timer"


def parse_clock(text: str) -> tuple[int, int] | None:
    """Hour and minute of "11.20", "11:20", "1120" or "9"; None when it is no time of day."""
    text = text.strip().lower().removeprefix("kl.").removeprefix("kl").strip().replace(":", ".")
    if "." in text:
        left, _, right = text.partition(".")
    elif len(text) > 2:
        left, right = text[:-2], text[-2:]
    else:
        left, right = text, "0"
    if not (left.isdecimal() and right.isdecimal()):
        return None
    hour, minute = int(left), int(right)
    return (hour, minute) if hour < 24 and minute < 60 else None
