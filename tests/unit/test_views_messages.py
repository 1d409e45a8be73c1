"""Words, times and numbers as people read them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mobile_app.domain.checklist import Level, Outcome
from mobile_app.domain.incident import KINDS, SEVERITIES
from mobile_app.views import messages
from mobile_app.views.app import error_words
from mobile_app.views.messages import DAY, HOUR, MINUTE, NBSP, Times, form, listed, parse_clock, t
from protocol.errors import ErrorCode
from protocol.kinds import KINDS as EVENT_KINDS

pytestmark = pytest.mark.unit

# Thursday 12 November 2026, 11.31 in Oslo.
NOW = 1_794_479_460_000
TIMES = Times(NOW, 60)


def test_every_text_is_a_filled_string_without_shouting() -> None:
    table = json.loads(Path("mobile_app/content/messages/nb.json").read_text(encoding="utf-8"))
    for key, text in table.items():
        assert isinstance(text, str), key
        assert text.strip(), key
        assert "!" not in text, key
        assert not re.search(r"\bArmert", text), f"{key}: nothing is armed yet"


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_error_of_the_wire_has_words(code: ErrorCode) -> None:
    assert error_words(str(code)) == messages.load()[f"error.{code}"]


def test_an_unknown_error_is_named() -> None:
    assert "strange_thing" in error_words("strange_thing")


def test_a_wait_is_told() -> None:
    assert messages.t("locked.wait.other", n=4).endswith(f"om 4{NBSP}sekunder")
    assert messages.t("locked.wait.one").endswith(f"om 1{NBSP}sekund")


def test_roles_are_small_in_a_sentence_and_begin_a_line_large() -> None:
    assert messages.role_words(("leader", "employee")) == "ansatt og leder"
    assert messages.upper_first(messages.role_words(["safety_rep"])) == "Verneombud"


def test_enumerations_of_the_domain_have_words() -> None:
    keys = [f"level.{level}" for level in Level] + [f"outcome.{outcome}" for outcome in Outcome]
    keys += [f"incident.{part}.{kind.key}" for kind in KINDS for part in ("kind", "example")]
    keys += [f"severity{part}.{number}" for number in SEVERITIES for part in ("", ".more")]
    assert [key for key in keys if not messages.has(key)] == []


def test_everything_an_employee_sends_has_a_name_in_usendt() -> None:
    own = [kind for kind in EVENT_KINDS if not kind.startswith(("roster.", "grant."))]
    assert [kind for kind in own if not messages.has(f"unsent.{kind}")] == []


def test_times_of_day() -> None:
    assert TIMES.clock(NOW) == "11.31"
    assert TIMES.at(NOW) == f"kl.{NBSP}11.31"
    assert TIMES.at(NOW - DAY) == f"i går kl.{NBSP}11.31"
    assert TIMES.at(NOW - 3 * DAY) == f"9.{NBSP}november kl.{NBSP}11.31"
    assert TIMES.day(NOW - 400 * DAY).endswith("2025")
    assert TIMES.date(NOW + 5 * DAY) == f"tirsdag 17.{NBSP}november"


def test_the_day_changes_at_local_midnight() -> None:
    midnight = NOW - 11 * HOUR - 31 * MINUTE
    assert TIMES.at(midnight) == f"kl.{NBSP}00.00"
    assert TIMES.at(midnight - 1).startswith("i går")
    assert TIMES.at_clock(TIMES.day_number(NOW), 11, 31) == NOW


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (0, f"0{NBSP}min"),
        (24 * MINUTE, f"24{NBSP}min"),
        (HOUR, f"1{NBSP}time"),
        (65 * MINUTE, f"1{NBSP}t 5{NBSP}min"),
        (2 * HOUR, f"2{NBSP}timer"),
        (3 * DAY, f"3{NBSP}døgn"),
        (-MINUTE, f"0{NBSP}min"),
    ],
)
def test_lengths(length: int, words: str) -> None:
    assert TIMES.span(length) == words


@pytest.mark.parametrize(
    ("typed", "clock"),
    [("11.20", (11, 20)), ("11:20", (11, 20)), ("1120", (11, 20)), ("kl. 9", (9, 0)), ("920", (9, 20)), ("24.00", None),
     ("11.60", None), ("", None), ("nå", None)],
)  # fmt: skip
def test_a_typed_time(typed: str, clock: tuple[int, int] | None) -> None:
    assert parse_clock(typed) == clock


def test_names_in_a_sentence() -> None:
    assert listed([]) == ""
    assert listed(["Kari"]) == "Kari"
    assert listed(["Kari", "Jonas", "Siri"]) == "Kari, Jonas og Siri"


def test_grammatical_number() -> None:
    assert t(f"advice.on.{form(1)}", n=1) == "Videre med 1 tiltak"
    assert t(f"status.parked.{form(3)}", n=3) == "3 ting trenger deg"


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        t("home.alarm_to", other="x")
