"""A new visit: where, what is new, the questions, the advice, how long, and the plan. Saved as it is typed."""

from dataclasses import replace
from typing import Any

import flet as ft

from mobile_app.domain.advice import Advice
from mobile_app.domain.checklist import Checklist, Outcome, Question
from mobile_app.domain.visit import VisitDraft
from mobile_app.views.app import App
from mobile_app.views.begin import begin_visit
from mobile_app.views.guard import component
from mobile_app.views.hooks import use_box, use_value
from mobile_app.views.messages import form, lower_first, t
from mobile_app.views.parts.box import card, group, level_box, section
from mobile_app.views.parts.button import Handler, outlined, primary, quiet
from mobile_app.views.parts.field import field
from mobile_app.views.parts.frame import frame, step_status
from mobile_app.views.parts.radio import radio_cards
from mobile_app.views.parts.row import check_row, choice, list_box, row
from mobile_app.views.parts.text import dim, heading, text
from mobile_app.views.saver import Saver
from mobile_app.views.states import missing
from mobile_app.views.theme import Role

PLACE, CHANGED, QUESTIONS, OVERVIEW, RESULT, LENGTH, DISCARD = range(7)
_STEP_OF = {PLACE: 1, CHANGED: 2, QUESTIONS: 2, OVERVIEW: 2, RESULT: 3, LENGTH: 4, DISCARD: 1}
LENGTHS = (30, 60, 90, 120)
LONGEST = 720


@component
def new_visit(app: App) -> ft.Control:
    """Begins a draft and moves on to it. With one kind of meeting there is nothing to choose."""
    kinds = app.client.visits.meeting_types()

    def only() -> None:
        # An effect's own task ends when the component draws again, and beginning draws it.
        if len(kinds) == 1:
            app.page.run_task(app.do, lambda: begin_visit(app, kinds[0].key))

    ft.use_effect(only, [])

    def beginning(key: str) -> Handler:
        return app.act(lambda: begin_visit(app, key))

    rows = [row(t(f"meeting.{kind.key}"), on_click=beginning(kind.key)) for kind in kinds]
    return frame(app, title=t("visit_flow.kind"), back="/besok", body=[list_box(*rows)])


@component
def visit_flow(app: App, draft_id: str) -> ft.Control:
    """The flow of one draft."""
    found = next((each for each in app.client.visits.drafts() if each.id == draft_id), None)
    draft, set_draft = use_value(found)
    asked, set_asked = use_value("")
    tried, set_tried = use_value(False)
    saver = use_box(lambda: Saver(app, app.client.visits.save)).value
    if draft is None:
        return missing(app)
    flow = _Flow(app, draft, set_draft, asked, set_asked, tried, set_tried, saver)
    return flow.screen()


class _Flow:
    """One drawing of the flow."""

    def __init__(
        self, app: App, draft: VisitDraft, set_draft: Any, asked: str, set_asked: Any, tried: bool, set_tried: Any,
        saver: Saver[VisitDraft],
    ) -> None:  # fmt: skip
        self.app = app
        self.draft = draft
        self._set_draft = set_draft
        self.asked = asked
        self.set_asked = set_asked
        self.tried = tried
        self.set_tried = set_tried
        self.saver = saver
        self.checklist: Checklist = app.client.visits.checklist(draft.meeting_type)

    # what changes

    def put(self, **changes: Any) -> None:
        """Change the draft, show it and save it."""
        self.draft = replace(self.draft, **changes)
        self._set_draft(self.draft)
        self.saver.put(self.draft)

    def step(self, step: int) -> None:
        """Another step, from the top."""
        self.app.error = ""
        self.set_tried(False)
        self.app.typing = False
        self.put(step=step)

    @property
    def advice(self) -> Advice:
        return self.app.client.visits.advise(self.draft)

    @property
    def _begun(self) -> bool:
        """Whether there is anything of the person's in it."""
        draft = self.draft
        return bool(draft.place.strip() or draft.purpose.strip() or draft.answers)

    def screen(self) -> ft.Control:
        """The step's screen."""
        return {
            PLACE: self.place,
            CHANGED: self.changed,
            QUESTIONS: self.questions,
            OVERVIEW: self.overview,
            RESULT: self.result,
            LENGTH: self.length,
            DISCARD: self.discard,
        }.get(self._where(), self.place)()

    def _where(self) -> int:
        if self.draft.step == PLACE and self.draft.repeat_of and self.draft.place:
            return CHANGED
        return self.draft.step

    def _frame(
        self,
        body: list[ft.Control],
        *,
        back: Any,
        cta: list[ft.Control] | None = None,
        key: str = "",
        close: bool = False,
    ) -> ft.Control:
        done = _STEP_OF[self._where()]
        return frame(
            self.app,
            title=self.draft.place or t("home.new_visit"),
            status=step_status(self.app, done, saved=self.saver.saved, begun=self._begun),
            back=back,
            close=close,
            body=body,
            cta=cta,
            step=(done, 4),
            key=f"{self._where()}{key}",
        )

    async def leave(self) -> None:
        """Out of the flow. A draft without a word in it is not kept."""
        await self.saver.settle()
        if not self._begun:
            await self.app.client.visits.discard(self.draft)
        self.app.go("/besok" if "visits" in _names(self.app) else "/mitt")

    # the steps

    def place(self) -> ft.Control:
        """Where, and for what."""
        app, draft = self.app, self.draft

        def on(_: Any = None) -> None:
            if not draft.place.strip():
                self.set_tried(True)
                return
            self.step(QUESTIONS)

        def focus(on_it: bool) -> None:
            app.typing = app.typing or on_it

        return self._frame(
            [
                heading(t("visit_flow.where"), 2, "headline_medium"),
                field(
                    t("visit_flow.place"),
                    draft.place,
                    lambda words: self.put(place=words),
                    hint=t("visit_flow.place_hint"),
                    error=t("visit_flow.place_missing") if self.tried and not draft.place.strip() else "",
                    on_focus=focus,
                    on_submit=on,
                    key="place",
                ),
                field(
                    t("visit_flow.purpose"),
                    draft.purpose,
                    lambda words: self.put(purpose=words),
                    hint=t("visit_flow.purpose_hint"),
                    on_focus=focus,
                    key="purpose",
                ),
                *self._throw_away(),
            ],
            back=app.act(self.leave),
            close=True,
            cta=[primary(t("action.next"), on)],
        )

    def _throw_away(self) -> list[ft.Control]:
        if not self.draft.place.strip():
            return []
        return [ft.Row([quiet(t("visit_flow.discard"), lambda _: self.step(DISCARD))])]

    def discard(self) -> ft.Control:
        """Throwing away asks first."""

        async def throw() -> None:
            await self.saver.settle()
            await self.app.client.visits.discard(self.draft)
            self.app.go("/besok" if "visits" in _names(self.app) else "/mitt")

        return self._frame(
            [
                heading(t("visit_flow.discard_title"), 2, "headline_medium"),
                text(t("visit_flow.discard_words"), color=Role.DIM),
            ],
            back=lambda _: self.step(PLACE),
            cta=[
                primary(t("draft.keep"), lambda _: self.step(PLACE)),
                outlined(t("draft.throw"), self.app.act(throw)),
            ],
        )

    def changed(self) -> ft.Control:
        """A repeat visit: is anything new?"""
        app, draft = self.app, self.draft
        last = app.client.visits.get(draft.repeat_of) if draft.repeat_of else None
        day = app.times.day(last.started or last.planned) if last else ""

        def no(_: Any) -> None:
            advice = self.advice
            careful = advice.outcome in (Outcome.ASK_LEADER, Outcome.DO_NOT_GO) or self.checklist.missing(
                draft.answers
            )
            self.step(RESULT if careful else LENGTH)

        answers = [
            row(question.text, option.text, icon_name=f"{question.icon.upper()}_ROUNDED")
            for question in self.checklist.shown(draft.answers)
            if (option := question.option(draft.answers.get(question.id)))
        ]
        return self._frame(
            [
                heading(t("visit_flow.new"), 2, "headline_medium"),
                choice(t("visit_flow.new_no"), icon_name="CHECK_CIRCLE_ROUNDED", on_click=no),
                choice(
                    t("visit_flow.new_yes"),
                    t("visit_flow.new_yes_more"),
                    icon_name="ADD_ROUNDED",
                    on_click=lambda _: self.step(OVERVIEW),
                ),
                *([section(t("visit_flow.last_answers", day=day), list_box(*answers))] if answers else []),
            ],
            back=app.act(self.leave),
            close=True,
        )

    def _next_question(self, after: str = "") -> Question | None:
        missing_ones = self.checklist.missing(self.draft.answers)
        shown = [question.id for question in self.checklist.shown(self.draft.answers)]
        later = [each for each in missing_ones if not after or shown.index(each.id) > shown.index(after)]
        return next(iter(later or missing_ones), None)

    def questions(self) -> ft.Control:
        """One question a screen; an answer leads on at once."""
        shown = self.checklist.shown(self.draft.answers)
        here = next((each for each in shown if each.id == self.asked), None) or self._next_question()
        if here is None:
            return self.overview()
        number = shown.index(here)

        def answer(value: str) -> None:
            answers = {**self.draft.answers, here.id: value}
            self.draft = replace(self.draft, answers=answers)
            then = self._next_question(here.id)
            self.set_asked(then.id if then else "")
            self.put(answers=answers, step=QUESTIONS if then else self._to_result())

        def back(_: Any) -> None:
            if number == 0:
                self.step(PLACE)
            else:
                self.set_asked(shown[number - 1].id)

        return self._question(here, answer, back, t("visit_flow.question_of", n=number + 1, of=len(shown)))

    def _to_result(self) -> int:
        self._tick_recommended()
        return RESULT

    def _tick_recommended(self) -> None:
        wanted = {
            measure.key for measure in self.advice.measures if measure.recommended and not measure.instead
        }
        self.draft = replace(self.draft, measures=frozenset(self.draft.measures) | wanted)

    def _question(self, here: Question, answer: Any, back: Any, which: str) -> ft.Control:
        given = self.draft.answers.get(here.id)
        buttons = [
            choice(
                option.text,
                t("visit_flow.your_answer") if option.value == given else "",
                icon_name="RADIO_BUTTON_CHECKED_ROUNDED"
                if option.value == given
                else "RADIO_BUTTON_UNCHECKED_ROUNDED",
                on_click=lambda _, value=option.value: answer(value),
            )
            for option in here.options
        ]
        return self._frame(
            [
                group(
                    dim(which),
                    heading(here.text, 2, "headline_medium"),
                    *([dim(here.help)] if here.help else []),
                    gap=4,
                ),
                ft.Column(buttons, spacing=8, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH),
                section(
                    t("visit_flow.why"),
                    group(text(here.why, "body_medium"), dim(here.source, "body_small"), gap=2),
                ),
            ],
            back=back,
            key=here.id,
        )

    def overview(self) -> ft.Control:
        """All answers; tap the one that is new."""
        if self.asked and (here := self.checklist.question(self.asked)):

            def answer(value: str) -> None:
                self.set_asked("")
                self.put(answers={**self.draft.answers, here.id: value})

            return self._question(here, answer, lambda _: self.set_asked(""), t("visit_flow.change_answer"))
        rows = []
        for question in self.checklist.shown(self.draft.answers):
            option = question.option(self.draft.answers.get(question.id))
            rows.append(
                row(
                    question.text,
                    option.text if option else t("visit_flow.unanswered"),
                    icon_name=f"{question.icon.upper()}_ROUNDED",
                    on_click=lambda _, key=question.id: self.set_asked(key),
                )
            )

        def on(_: Any) -> None:
            self._tick_recommended()
            self.put(measures=self.draft.measures, step=RESULT)

        return self._frame(
            [heading(t("visit_flow.what_is_new"), 2, "headline_medium"), list_box(*rows)],
            back=lambda _: self.step(CHANGED if self.draft.repeat_of else PLACE),
            cta=[primary(t("action.next"), on)],
        )

    def result(self) -> ft.Control:
        """The advice, why, and what to do about it."""
        app, draft, advice = self.app, self.draft, self.advice
        body: list[ft.Control] = [level_box(advice.level, t(f"outcome.{advice.outcome}"), t("advice.ours"))]
        if advice.reasons:
            icons = {question.id: f"{question.icon.upper()}_ROUNDED" for question in self.checklist.questions}
            body.append(
                section(
                    t("advice.because"),
                    list_box(
                        *(
                            row(each.text, icon_name=icons.get(each.question, "ADD_ROUNDED"))
                            for each in advice.reasons
                        )
                    ),
                )
            )
        instead = [measure for measure in advice.measures if measure.instead]
        if instead:
            body.append(
                section(
                    t("advice.instead"),
                    list_box(*(row(each.text, icon_name="SWAP_HORIZ_ROUNDED") for each in instead)),
                )
            )
        offered = [measure for measure in advice.measures if not measure.instead]
        chosen = frozenset(draft.measures)
        first = [each for each in offered if each.recommended or each.key in chosen]
        others = [each for each in offered if each not in first]
        if first:
            rows = [self._measure(each.key, each.text) for each in first]
            body.append(section(t("advice.measures"), list_box(*rows)))
        if others and self.asked == "measures":
            rows = [self._measure(each.key, each.text) for each in others]
            body.append(section(t("advice.other_measures"), list_box(*rows)))
        elif others:
            more = row(
                t("advice.more_measures"),
                icon_name="ADD_ROUNDED",
                on_click=lambda _: self.set_asked("measures"),
            )
            body.append(list_box(more))
        leader = next((p for p in app.client.people.all() if "leader" in p.roles and not p.is_me), None)
        count = len([measure for measure in offered if measure.key in draft.measures])
        on_words = t(f"advice.on.{form(count)}", n=count) if count else t("action.next")
        ask_first = advice.outcome in (Outcome.ASK_LEADER, Outcome.DO_NOT_GO)
        cta: list[ft.Control] = []
        if ask_first:
            body.append(
                field(
                    t("advice.deviation"),
                    draft.deviation,
                    lambda words: self.put(deviation=words),
                    error=t("advice.deviation_missing") if self.tried and not draft.deviation.strip() else "",
                    hint=t("advice.deviation_hint"),
                    on_focus=lambda _: setattr(app, "typing", True),
                    key="deviation",
                )
            )

            def anyway(_: Any) -> None:
                if draft.deviation.strip():
                    self.step(LENGTH)
                else:
                    self.set_tried(True)

            go = outlined(t("advice.go_anyway"), anyway)
            if leader and leader.phone:
                cta.append(
                    primary(
                        t("advice.call_leader", name=leader.first_name),
                        self._call(leader.phone),
                        "CALL_ROUNDED",
                    )
                )
            cta.append(go)
        else:
            cta.append(primary(on_words, lambda _: self.step(LENGTH)))
        return self._frame(body, back=lambda _: self.step(OVERVIEW), cta=cta)

    def _measure(self, key: str, words: str) -> ft.Control:
        chosen = frozenset(self.draft.measures)
        return check_row(
            words, key in chosen, lambda on: self.put(measures=chosen | {key} if on else chosen - {key})
        )

    def _call(self, phone: str) -> Any:
        from mobile_app.views.calls import call

        return call(self.app, phone)

    def length(self) -> ft.Control:
        """How long, and the plan."""
        app, draft, advice = self.app, self.draft, self.advice
        usual = {str(minutes) for minutes in LENGTHS}
        value = str(draft.minutes) if str(draft.minutes) in usual else "other" if draft.minutes else None
        other = value == "other" or self.asked == "other"

        def choose(key: str) -> None:
            if key == "other":
                self.set_asked("other")
                self.put(minutes=0)
            else:
                self.set_asked("")
                self.put(minutes=int(key))

        def typed(words: str) -> None:
            self.put(minutes=min(int(words), LONGEST) if words.strip().isdecimal() else 0)

        async def plan() -> None:
            if not await self.saver.settle():
                return
            visit = await app.client.visits.plan(self.draft)
            app.go(f"/besok/{visit.case}")

        def planned(_: Any = None) -> Any:
            if not draft.minutes:
                self.set_tried(True)
                return None
            return app.act(plan)(None)

        async def press(_: Any = None) -> None:
            waits = planned()
            if waits is not None:
                await waits

        options = [(str(minutes), app.times.span(minutes * 60_000), "") for minutes in LENGTHS]
        body: list[ft.Control] = [
            heading(t("visit_flow.how_long"), 2, "headline_medium"),
            radio_cards(
                [*options, ("other", t("visit_flow.other_length"), "")],
                "other" if other else value,
                choose,
                t("visit_flow.how_long"),
            ),
        ]
        if other:
            body.append(
                field(
                    t("visit_flow.minutes"),
                    str(draft.minutes or ""),
                    typed,
                    keyboard=ft.KeyboardType.NUMBER,
                    on_focus=lambda _: setattr(app, "typing", True),
                    key="minutes",
                )
            )
        if self.tried and not draft.minutes:
            body.append(text(t("visit_flow.minutes_missing"), "body_medium", Role.ERROR))
        body.append(
            card(
                text(
                    t("visit_flow.summary", outcome=lower_first(t(f"outcome.{advice.outcome}"))),
                    "body_medium",
                ),
                dim(t("visit_flow.who_gets", names=_leaders(app))),
            )
        )
        return self._frame(
            body,
            back=lambda _: self.step(RESULT),
            cta=[primary(t("visit_flow.plan"), press, disabled=app.busy)],
        )


def _leaders(app: App) -> str:
    from mobile_app.views.messages import listed

    names = [p.first_name for p in app.client.people.all() if "leader" in p.roles and not p.is_me]
    return listed(names) if names else t("people.nobody")


def _names(app: App) -> list[str]:
    from mobile_app.views.router import tabs

    return [tab.name for tab in tabs(app.roles)]
