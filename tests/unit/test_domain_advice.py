"""Answers become advice: never without reasons, never milder for one more risk, and no rule that nothing reaches."""

from __future__ import annotations

from itertools import pairwise

import flet as ft
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile_app import content
from mobile_app.domain.advice import LEVELS, OUTCOMES, Advice, advise
from mobile_app.domain.checklist import Checklist, Combination, Level, Option, Outcome, parse_checklist
from mobile_app.domain.incident import KINDS

pytestmark = pytest.mark.unit

HOME_VISIT = parse_checklist(content.load("checklists/home_visit.json"))
MILDEST = {question.id: question.options[0].value for question in HOME_VISIT.questions}
RESERVED_ICONS = {"warning", "front_hand", "campaign"}


def answers_of(checklist: Checklist, *, partial: bool = True) -> st.SearchStrategy[dict[str, str]]:
    """Answers to all questions, also to hidden ones; with `partial` some may be missing."""
    values = {q.id: st.sampled_from([o.value for o in q.options]) for q in checklist.questions}
    return st.fixed_dictionaries({}, optional=values) if partial else st.fixed_dictionaries(values)


def rank(advice: Advice) -> tuple[int, int]:
    return LEVELS.index(advice.level), OUTCOMES.index(advice.outcome)


def test_the_list_is_short_and_says_why_it_asks() -> None:
    assert 10 <= len(HOME_VISIT.questions) <= 14
    for question in HOME_VISIT.questions:
        assert 2 <= len(question.options) <= 4
        assert question.text.endswith("?")
        assert len(question.text) <= 50
        assert question.help
        assert question.why
        assert question.source
        assert all(len(option.text) <= 32 for option in question.options)


def test_icons_exist_and_none_of_the_reserved_is_used() -> None:
    used = {q.icon for q in HOME_VISIT.questions} | {kind.icon for kind in KINDS}
    assert not used & RESERVED_ICONS
    assert [icon for icon in used if not hasattr(ft.Icons, f"{icon.upper()}_ROUNDED")] == []


def test_the_mildest_answers_are_green_and_need_no_reason() -> None:
    advice = advise(HOME_VISIT, MILDEST)
    assert (advice.level, advice.outcome, advice.reasons) == (Level.GREEN, Outcome.GO, ())
    assert not any(measure.recommended or measure.instead for measure in advice.measures)


def test_an_ordinary_visit_alone_is_green_with_a_timer() -> None:
    advice = advise(HOME_VISIT, {**MILDEST, "staffing": "alone"})
    assert (advice.level, advice.outcome) == (Level.GREEN, Outcome.GO)
    assert [reason.text for reason in advice.reasons] == ["Du drar alene"]
    assert [measure.key for measure in advice.measures if measure.recommended] == ["timer"]


def test_nobody_is_sent_alone_to_someone_who_has_threatened() -> None:
    advice = advise(HOME_VISIT, {**MILDEST, "staffing": "alone", "history": "yes"})
    assert (advice.level, advice.outcome) == (Level.RED, Outcome.DO_NOT_GO)
    assert advice.reasons[0].question == "alone_with_threat"
    assert advice.measures[0].instead


@given(answers_of(HOME_VISIT, partial=False), st.data())
def test_one_more_risk_never_lowers_level_or_outcome(answers: dict[str, str], data: st.DataObject) -> None:
    question = data.draw(st.sampled_from(HOME_VISIT.questions))
    values = [option.value for option in question.options]
    worse = values[values.index(answers[question.id]) :]
    before = advise(HOME_VISIT, answers)
    after = advise(HOME_VISIT, {**answers, question.id: data.draw(st.sampled_from(worse))})
    assert rank(after)[0] >= rank(before)[0]
    assert rank(after)[1] >= rank(before)[1]


@pytest.mark.parametrize("question", HOME_VISIT.questions, ids=lambda q: q.id)
def test_options_stand_in_the_order_of_their_risk(question: object) -> None:
    options = next(q for q in HOME_VISIT.questions if q is question).options
    order = [(LEVELS.index(o.level), OUTCOMES.index(o.outcome), o.weight) for o in options]
    assert all(one[i] <= other[i] for one, other in pairwise(order) for i in range(3))


@given(
    st.dictionaries(st.sampled_from([*MILDEST, "made_up", ""]), st.text(max_size=8)), answers_of(HOME_VISIT)
)
def test_no_answers_at_all_are_without_advice(noise: dict[str, str], answers: dict[str, str]) -> None:
    advice = advise(HOME_VISIT, {**noise, **answers})
    assert advice.level in LEVELS
    assert advice.outcome in OUTCOMES
    if advice.outcome is not Outcome.GO:
        assert advice.level is not Level.GREEN
        assert advice.reasons
        assert all(reason.text for reason in advice.reasons)
    assert (advice.outcome is Outcome.DO_NOT_GO) == any(measure.instead for measure in advice.measures)


def test_a_question_nobody_answered_is_doubt() -> None:
    answers = {key: value for key, value in MILDEST.items() if key != "animals"}
    advice = advise(HOME_VISIT, answers)
    assert advice.level is Level.YELLOW
    assert [(reason.question, reason.text) for reason in advice.reasons] == [
        ("animals", "Ikke besvart: Er det dyr der?")
    ]


def reaching(rule: Option | Combination) -> dict[str, str]:
    """Answers under which this rule fires: its own, and what must be answered for its questions to be shown."""
    answers = dict(MILDEST)
    if isinstance(rule, Combination):
        answers |= {name: values[-1] for name, values in rule.when.items()}
    else:
        owner = next(q for q in HOME_VISIT.questions if rule in q.options)
        answers[owner.id] = rule.value
    for question in HOME_VISIT.questions:
        if question.id in answers and answers[question.id] != MILDEST[question.id]:
            for name, values in question.shown_if.items():
                if answers[name] not in values:
                    answers[name] = values[0]
    return answers


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        *((f"{q.id}-{o.value}", o) for q in HOME_VISIT.questions for o in q.options),
        *((c.id, c) for c in HOME_VISIT.combinations),
    ],
)
def test_every_rule_is_reached_and_counts(name: str, rule: Option | Combination) -> None:
    advice = advise(HOME_VISIT, reaching(rule))
    assert LEVELS.index(advice.level) >= LEVELS.index(rule.level)
    assert OUTCOMES.index(advice.outcome) >= OUTCOMES.index(rule.outcome)
    if rule.reason:
        assert rule.reason in {reason.text for reason in advice.reasons}
    assert set(rule.measures) <= {measure.key for measure in advice.measures if measure.recommended}
    counts = rule.weight or rule.level is not Level.GREEN or rule.outcome is not Outcome.GO
    assert not counts or rule.reason, f"{name} counts without saying why"


def test_every_measure_is_suggested_by_some_answer_or_stands_in_for_going() -> None:
    suggested = {key for q in HOME_VISIT.questions for o in q.options for key in o.measures}
    suggested |= {key for c in HOME_VISIT.combinations for key in c.measures}
    assert {m.key for m in HOME_VISIT.measures if not m.instead} - suggested == {"police"}


@pytest.mark.parametrize("points", range(9))
def test_points_alone_make_the_level(points: int) -> None:
    raw = {
        "key": "k",
        "version": 1,
        "unanswered": "-",
        "levels": {"yellow": 2, "red": 7},
        "measures": [],
        "questions": [
            {
                "id": f"q{at}",
                "icon": "home",
                "text": "?",
                "why": "w",
                "source": "s",
                "options": [
                    {"value": "n", "text": "n"},
                    {"value": "y", "text": "y", "weight": 1, "reason": "r"},
                ],
            }
            for at in range(8)
        ],
    }
    answers = {f"q{at}": "y" if at < points else "n" for at in range(8)}
    expected = Level.GREEN if points < 2 else Level.YELLOW if points < 7 else Level.RED
    assert advise(parse_checklist(raw), answers).level is expected


def test_hidden_questions_are_neither_asked_nor_counted() -> None:
    answers = {**MILDEST, "registered": "no_home"}
    assert "registered" not in {q.id for q in HOME_VISIT.shown(answers)}
    assert advise(HOME_VISIT, answers).level is Level.GREEN
    assert advise(HOME_VISIT, {**answers, "history": "unsure"}).outcome is Outcome.DO_NOT_GO


def test_answers_to_an_older_version_are_kept_as_far_as_they_mean_something() -> None:
    assert HOME_VISIT.valid({"animals": "held", "exit": "by_boat", "weather": "rain"}) == {"animals": "held"}


@pytest.mark.parametrize(
    "broken",
    [
        {"shown_if": {"nobody": ["yes"]}},
        {"shown_if": {"staffing": ["three"]}},
        {"options": [{"value": "a", "text": "a", "weight": -1}]},
        {"options": [{"value": "a", "text": "a", "measures": ["magic"]}]},
        {"options": [{"value": "a", "text": "a", "level": "purple"}]},
    ],
)
def test_a_checklist_with_a_rule_that_leads_nowhere_is_refused(broken: dict[str, object]) -> None:
    raw = content.load("checklists/home_visit.json")
    raw["questions"][-1] |= broken
    with pytest.raises(ValueError, match=r"rule|depends|valid"):
        parse_checklist(raw)
