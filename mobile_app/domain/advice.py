"""From answers to advice: points and floors make a level, the level an outcome; each answer that counted is a reason."""

from collections.abc import Mapping
from dataclasses import dataclass

from mobile_app.domain.checklist import Checklist, Combination, Level, Option, Outcome

LEVELS = (Level.GREEN, Level.YELLOW, Level.RED)
OUTCOMES = (Outcome.GO, Outcome.GO_WITH_MEASURES, Outcome.ASK_LEADER, Outcome.DO_NOT_GO)
_OUTCOME_OF = {Level.GREEN: Outcome.GO, Level.YELLOW: Outcome.GO_WITH_MEASURES, Level.RED: Outcome.DO_NOT_GO}


@dataclass(frozen=True)
class Reason:
    """Why: `question` is the id of the answered question, or of the combination of answers."""

    question: str
    text: str


@dataclass(frozen=True)
class Measure:
    """Something to do. `recommended`: suggested because of an answer, so it is ticked from the start.

    `instead`: another way than going; only there when the advice is not to go.
    """

    key: str
    text: str
    recommended: bool
    instead: bool = False


@dataclass(frozen=True)
class Advice:
    """What is advised, and why. Measures: other ways than going first, then the recommended."""

    outcome: Outcome
    level: Level
    reasons: tuple[Reason, ...]
    measures: tuple[Measure, ...]


def worse_level(one: Level, other: Level) -> Level:
    """The more serious of two levels."""
    return max(one, other, key=LEVELS.index)


def worse_outcome(one: Outcome, other: Outcome) -> Outcome:
    """The more careful of two outcomes."""
    return max(one, other, key=OUTCOMES.index)


def advise(checklist: Checklist, answers: Mapping[str, str]) -> Advice:
    """Advice for any answers at all. A question nobody answered is doubt, and doubt is never green."""
    shown = checklist.shown(answers)
    fired: list[tuple[str, Option | Combination]] = []
    for question in shown:
        option = question.option(answers.get(question.id))
        if option is not None:
            fired.append((question.id, option))
    given = {name: rule.value for name, rule in fired if isinstance(rule, Option)}
    fired += [
        (combination.id, combination)
        for combination in checklist.combinations
        if all(given.get(name) in values for name, values in combination.when.items())
    ]

    points = sum(rule.weight for _, rule in fired)
    level = (
        Level.RED
        if points >= checklist.red_from
        else Level.YELLOW
        if points >= checklist.yellow_from
        else Level.GREEN
    )
    outcome = Outcome.GO
    reasons: list[tuple[int, Reason]] = []
    recommended: list[str] = []
    for name, rule in fired:
        level = worse_level(level, rule.level)
        outcome = worse_outcome(outcome, rule.outcome)
        if rule.reason:
            weight = rule.weight + 10 * LEVELS.index(rule.level) + 10 * OUTCOMES.index(rule.outcome)
            reasons.append((weight, Reason(name, rule.reason)))
        recommended += [key for key in rule.measures if key not in recommended]
    for question in checklist.missing(answers):
        level = worse_level(level, Level.YELLOW)
        reasons.append((0, Reason(question.id, f"{checklist.unanswered} {question.text}")))

    outcome = worse_outcome(outcome, _OUTCOME_OF[level])
    if outcome is not Outcome.GO:
        level = worse_level(level, Level.YELLOW)
    heaviest_first = [reason for _, reason in sorted(reasons, key=lambda pair: -pair[0])]
    chosen = [
        measure for measure in checklist.measures if outcome is Outcome.DO_NOT_GO or not measure.instead
    ]
    order = {key: at for at, key in enumerate(recommended)}
    # Other ways come first: when the advice is not to go, going after all is the exception.
    chosen.sort(key=lambda measure: (not measure.instead, order.get(measure.key, len(order))))
    measures = tuple(Measure(m.key, m.text, m.key in order, m.instead) for m in chosen)
    return Advice(outcome, level, tuple(heaviest_first), measures)
