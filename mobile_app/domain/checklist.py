"""A checklist: questions with options, branching, and the rules that make answers into advice. All of it is data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How much risk the answers tell of."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Outcome(StrEnum):
    """What is advised. The person decides."""

    GO = "go"
    GO_WITH_MEASURES = "go_with_measures"
    ASK_LEADER = "ask_leader"
    DO_NOT_GO = "do_not_go"


@dataclass(frozen=True)
class Option:
    """One answer. `text` is shown on the button; the rest are rules: see `mobile_app.domain.advice`.

    `weight`: points of risk, 0 or more. `level`, `outcome`: least level and outcome this answer leads to.
    `reason`: what follows "fordi du svarte". `measures`: keys of measures it suggests.
    """

    value: str
    text: str
    weight: int = 0
    level: Level = Level.GREEN
    outcome: Outcome = Outcome.GO
    reason: str = ""
    measures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One question. `why`: why it is asked; `source`: where that is known from; `icon`: a name in the look's icon list.

    `shown_if`: asked only when each of these questions has one of these answers; empty = always.
    """

    id: str
    text: str
    help: str
    why: str
    source: str
    icon: str
    options: tuple[Option, ...]
    shown_if: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def option(self, value: str | None) -> Option | None:
        """The option with this value, if there is one."""
        return next((option for option in self.options if option.value == value), None)


@dataclass(frozen=True)
class Combination:
    """Answers that together are worse than each: `when` maps question ids to the values that count."""

    id: str
    when: Mapping[str, tuple[str, ...]]
    weight: int = 0
    level: Level = Level.GREEN
    outcome: Outcome = Outcome.GO
    reason: str = ""
    measures: tuple[str, ...] = ()


@dataclass(frozen=True)
class MeasureText:
    """A measure the checklist knows. `instead`: something to do in place of going (shown when the advice is not to go)."""

    key: str
    text: str
    instead: bool = False


@dataclass(frozen=True)
class Checklist:
    """Questions in order, and the rules. `version` grows with every change of meaning; ids are never used anew."""

    key: str
    version: int
    questions: tuple[Question, ...]
    measures: tuple[MeasureText, ...] = ()
    combinations: tuple[Combination, ...] = ()
    yellow_from: int = 2
    red_from: int = 6
    unanswered: str = ""
    """Words before the text of a question nobody answered."""

    def question(self, question_id: str) -> Question | None:
        """The question with this id, if there is one."""
        return next((question for question in self.questions if question.id == question_id), None)

    def shown(self, answers: Mapping[str, str]) -> tuple[Question, ...]:
        """The questions to ask, given these answers. A hidden question's answer opens nothing further."""
        visible: dict[str, Question] = {}
        for question in self.questions:
            if all(
                name in visible and answers.get(name) in values for name, values in question.shown_if.items()
            ):
                visible[question.id] = question
        return tuple(visible.values())

    def missing(self, answers: Mapping[str, str]) -> tuple[Question, ...]:
        """Shown questions without a valid answer."""
        return tuple(q for q in self.shown(answers) if q.option(answers.get(q.id)) is None)

    def valid(self, answers: Mapping[str, str]) -> dict[str, str]:
        """The answers that still mean something: known question, known value. For answers given to an older version."""
        kept = {}
        for question in self.questions:
            value = answers.get(question.id)
            if value is not None and question.option(value) is not None:
                kept[question.id] = value
        return kept


def _values(raw: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in raw.items()}


def _rule(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "weight": int(raw.get("weight", 0)),
        "level": Level(raw.get("level", "green")),
        "outcome": Outcome(raw.get("outcome", "go")),
        "reason": raw.get("reason", ""),
        "measures": tuple(raw.get("measures", ())),
    }


def parse_checklist(raw: Mapping[str, Any]) -> Checklist:
    """Read a checklist file. Raises ValueError when a rule names a question, answer or measure that isn't there."""
    questions = tuple(
        Question(
            q["id"],
            q["text"],
            q.get("help", ""),
            q["why"],
            q["source"],
            q["icon"],
            tuple(Option(o["value"], o["text"], **_rule(o)) for o in q["options"]),
            _values(q.get("shown_if", {})),
        )
        for q in raw["questions"]
    )
    checklist = Checklist(
        raw["key"],
        int(raw["version"]),
        questions,
        tuple(MeasureText(m["key"], m["text"], bool(m.get("instead", False))) for m in raw["measures"]),
        tuple(Combination(c["id"], _values(c["when"]), **_rule(c)) for c in raw.get("combinations", ())),
        int(raw["levels"]["yellow"]),
        int(raw["levels"]["red"]),
        raw["unanswered"],
    )
    _check(checklist)
    return checklist


def _check(checklist: Checklist) -> None:
    known = {measure.key for measure in checklist.measures}
    rules: list[Option | Combination] = [o for q in checklist.questions for o in q.options]
    rules += checklist.combinations
    for rule in rules:
        if rule.weight < 0 or not set(rule.measures) <= known:
            raise ValueError(f"rule with a negative weight or an unknown measure: {rule}")
    conditions = [(q.id, q.shown_if) for q in checklist.questions] + [
        (c.id, c.when) for c in checklist.combinations
    ]
    for owner, condition in conditions:
        for name, values in condition.items():
            question = checklist.question(name)
            if question is None or not all(question.option(value) for value in values):
                raise ValueError(f"{owner} depends on an unknown answer of {name}")
