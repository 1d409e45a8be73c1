"""A new incident: what, how it felt, a line, who gets it. Six taps and a line; saved as it is typed."""

from dataclasses import replace
from typing import Any

import flet as ft

from mobile_app.domain.incident import SEVERITIES, IncidentDraft
from mobile_app.views.app import App
from mobile_app.views.begin import begin_incident
from mobile_app.views.guard import component
from mobile_app.views.hooks import use_box, use_value
from mobile_app.views.messages import DAY, listed, lower_first, parse_clock, t
from mobile_app.views.parts.box import card, group, section
from mobile_app.views.parts.button import outlined, primary, quiet
from mobile_app.views.parts.field import field
from mobile_app.views.parts.frame import frame, step_status
from mobile_app.views.parts.radio import radio_cards
from mobile_app.views.parts.row import check_row, list_box, row
from mobile_app.views.parts.text import dim, heading, text
from mobile_app.views.saver import Saver
from mobile_app.views.states import missing
from mobile_app.views.theme import Role

KIND, SEVERITY, LINE, TO, DISCARD, WHEN, WHERE, MANY = range(8)
_STEP_OF = {KIND: 1, MANY: 1, SEVERITY: 2, LINE: 3, WHEN: 3, WHERE: 3, TO: 4, DISCARD: 1}
DAYS_BACK = 7


@component
def new_incident(app: App) -> ft.Control:
    """Begins a draft and moves on to it."""

    def go() -> None:
        # An effect's own task ends when the component draws again, and beginning draws it.
        app.page.run_task(app.do, lambda: begin_incident(app))

    ft.use_effect(go, [])
    return frame(app, title=t("incident_flow.what"), back="/hendelser", body=[], close=True)


@component
def incident_flow(app: App, draft_id: str) -> ft.Control:
    """The flow of one draft."""
    found = next((each for each in app.client.incidents.drafts() if each.id == draft_id), None)
    draft, set_draft = use_value(found)
    tried, set_tried = use_value(False)
    wrong, set_wrong = use_value(False)
    saver = use_box(lambda: Saver(app, app.client.incidents.save)).value
    if draft is None:
        return missing(app)
    return _Flow(app, draft, set_draft, tried, set_tried, wrong, set_wrong, saver).screen()


class _Flow:
    """One drawing of the flow."""

    def __init__(
        self, app: App, draft: IncidentDraft, set_draft: Any, tried: bool, set_tried: Any, wrong: bool, set_wrong: Any,
        saver: Saver[IncidentDraft],
    ) -> None:  # fmt: skip
        self.app = app
        self.draft = draft
        self._set_draft = set_draft
        self.tried = tried
        self.set_tried = set_tried
        self.wrong = wrong
        self.set_wrong = set_wrong
        self.saver = saver

    def put(self, **changes: Any) -> None:
        """Change the draft, show it and save it."""
        self.draft = replace(self.draft, **changes)
        self._set_draft(self.draft)
        self.saver.put(self.draft)

    def step(self, step: int) -> None:
        """Another step, from the top."""
        self.app.error = ""
        self.set_tried(False)
        self.set_wrong(False)
        self.app.typing = False
        self.put(step=step)

    def screen(self) -> ft.Control:
        """The step's screen."""
        return {
            KIND: self.kind, SEVERITY: self.severity, LINE: self.line, TO: self.to, DISCARD: self.discard,
            WHEN: self.when, WHERE: self.where, MANY: self.many,
        }.get(self.draft.step, self.kind)()  # fmt: skip

    def _frame(
        self,
        title: str,
        body: list[ft.Control],
        *,
        back: Any,
        cta: list[ft.Control] | None = None,
        close: bool = False,
    ) -> ft.Control:
        done = _STEP_OF[self.draft.step]
        return frame(
            self.app,
            title=title,
            status=step_status(
                self.app,
                done,
                saved=self.saver.saved,
                begun=bool(self.draft.kinds or self.draft.line.strip()),
            ),
            back=back,
            close=close,
            body=body,
            cta=cta,
            step=(done, 4),
            key=str(self.draft.step),
        )

    async def leave(self) -> None:
        """Out of the flow. A draft with nothing in it is not kept."""
        await self.saver.settle()
        if not self.draft.kinds and not self.draft.line.strip():
            await self.app.client.incidents.discard(self.draft)
        self.app.go("/hendelser")

    def kind(self) -> ft.Control:
        """What happened: a tap leads on."""
        chosen = frozenset(self.draft.kinds)

        def pick(key: str) -> Any:
            return lambda _: self.put(kinds=frozenset({key}), step=SEVERITY)

        rows = [
            row(
                t(f"incident.kind.{kind.key}"),
                t(f"incident.example.{kind.key}"),
                icon_name=f"{kind.icon.upper()}_ROUNDED",
                on_click=pick(kind.key),
                selected=kind.key in chosen,
            )
            for kind in self.app.client.incidents.kinds()
        ]
        many = quiet(t("incident_flow.many"), lambda _: self.step(MANY))
        foot = [text(t("incidents.doubt"), expand=True), many]
        last = ft.Column(foot, tight=True) if self.app.metrics.stacked else ft.Row(foot)
        if self.app.metrics.stacked:
            foot[0].expand = None
        more: list[ft.Control] = []
        if chosen or self.draft.line:
            more.append(ft.Row([quiet(t("incident_flow.discard"), lambda _: self.step(DISCARD))]))
        return self._frame(
            t("incident_flow.what"), [list_box(*rows), last, *more], back=self.app.act(self.leave), close=True
        )

    def many(self) -> ft.Control:
        """More than one kind."""
        chosen = frozenset(self.draft.kinds)
        rows = [
            check_row(
                t(f"incident.kind.{kind.key}"),
                kind.key in chosen,
                lambda on, key=kind.key: self.put(kinds=chosen | {key} if on else chosen - {key}),
            )
            for kind in self.app.client.incidents.kinds()
        ]

        def on(_: Any) -> None:
            if chosen:
                self.step(SEVERITY)
            else:
                self.set_tried(True)

        body: list[ft.Control] = [list_box(*rows)]
        if self.tried and not chosen:
            body.append(text(t("incident_flow.kind_missing"), "body_medium", Role.ERROR))
        return self._frame(
            t("incident_flow.what"), body, back=lambda _: self.step(KIND), cta=[primary(t("action.next"), on)]
        )

    def severity(self) -> ft.Control:
        """How it felt."""
        draft = self.draft

        def on(_: Any) -> None:
            if draft.severity is None:
                self.set_tried(True)
            else:
                self.step(LINE)

        options = [(str(n), f"{n} · {t(f'severity.{n}')}", t(f"severity.more.{n}")) for n in SEVERITIES]
        body: list[ft.Control] = [
            radio_cards(
                options,
                None if draft.severity is None else str(draft.severity),
                lambda key: self.put(severity=int(key)),
                t("incident_flow.felt"),
            ),
            dim(t("incident_flow.felt_more")),
        ]
        if self.tried and draft.severity is None:
            body.append(text(t("incident_flow.felt_missing"), "body_medium", Role.ERROR))
        return self._frame(
            t("incident_flow.felt"), body, back=lambda _: self.step(KIND), cta=[primary(t("action.next"), on)]
        )

    def line(self) -> ft.Control:
        """A line about it; time and place are filled in where they are known."""
        app, draft = self.app, self.draft

        def on(_: Any = None) -> None:
            if draft.line.strip():
                self.step(TO)
            else:
                self.set_tried(True)

        saved = (
            t("draft.saved_hint", at=app.times.at(draft.updated or app.times.now))
            if self.saver.saved and draft.line
            else ""
        )
        source = t("incident_flow.from_visit") if draft.visit else t("incident_flow.when_where")
        when = app.times.at(draft.happened_at) if draft.happened_at else t("incident_flow.when_unknown")
        return self._frame(
            t("incident_flow.tell"),
            [
                field(
                    t("incident_flow.line"),
                    draft.line,
                    lambda words: self.put(line=words),
                    lines=4,
                    hint=saved,
                    error=t("incident_flow.line_missing") if self.tried and not draft.line.strip() else "",
                    on_focus=lambda _: setattr(app, "typing", True),
                    key="line",
                ),
                section(
                    source,
                    list_box(
                        row(
                            t("incident_flow.when_row", at=when),
                            icon_name="SCHEDULE_ROUNDED",
                            on_click=lambda _: self.step(WHEN),
                        ),
                        row(
                            draft.place or t("incident_flow.where_unknown"),
                            icon_name="PLACE_ROUNDED",
                            on_click=lambda _: self.step(WHERE),
                        ),
                    ),
                ),
            ],
            back=lambda _: self.step(SEVERITY),
            cta=[primary(t("action.next"), on)],
        )

    def when(self) -> ft.Control:
        """Which day, and about what time."""
        app, draft, times = self.app, self.draft, self.app.times
        today = times.day_number(times.now)
        at = draft.happened_at or times.now
        day = min(max(times.day_number(at), today - DAYS_BACK + 1), today)

        def pick(key: str) -> None:
            shifted = at + (int(key) - times.day_number(at)) * DAY
            self.put(happened_at=min(shifted, times.now))

        def clock(words: str) -> None:
            parsed = parse_clock(words)
            self.set_wrong(parsed is None)
            if parsed:
                self.put(happened_at=min(times.at_clock(day, *parsed), times.now))

        options = []
        for number in range(today, today - DAYS_BACK, -1):
            moment = times.at_clock(number, 12, 0)
            name = times.day(moment) if today - number < 2 else times.date(moment)
            options.append((str(number), name[:1].upper() + name[1:], ""))
        return self._frame(
            t("incident_flow.when"),
            [
                field(
                    t("incident_flow.clock"),
                    times.clock(at),
                    clock,
                    hint=t("incident_flow.clock_hint"),
                    error=t("incident_flow.clock_wrong") if self.wrong else "",
                    on_focus=lambda _: setattr(app, "typing", True),
                    key="clock",
                ),
                radio_cards(options, str(day), pick, t("incident_flow.day")),
            ],
            back=lambda _: self.step(LINE),
            cta=[primary(t("action.done"), lambda _: None if self.wrong else self.step(LINE))],
        )

    def where(self) -> ft.Control:
        """The place."""
        return self._frame(
            t("incident_flow.where"),
            [
                field(
                    t("incident_flow.place"),
                    self.draft.place,
                    lambda words: self.put(place=words),
                    hint=t("incident_flow.place_hint"),
                    on_focus=lambda _: setattr(self.app, "typing", True),
                    on_submit=lambda: self.step(LINE),
                    key="where",
                )
            ],
            back=lambda _: self.step(LINE),
            cta=[primary(t("action.done"), lambda _: self.step(LINE))],
        )

    def to(self) -> ft.Control:
        """Who gets it, before it goes."""
        app, draft = self.app, self.draft
        recipients = app.client.incidents.recipients(draft)
        rows = [
            row(
                each.name or t("people.unnamed"),
                t(f"incident.recipient.{each.role}"),
                icon_name="PERSON_ROUNDED",
            )
            for each in recipients
        ]
        leaders = [p for p in app.client.people.all() if "leader" in p.roles and not p.is_me]
        name = leaders[0].first_name if leaders else ""
        body: list[ft.Control] = []
        if rows:
            body.append(list_box(*rows))
        else:
            body.append(card(text(t("incident_flow.nobody"))))
        if draft.about_leader:
            body.append(
                list_box(
                    row(
                        t("incident_flow.not_leader", name=listed([p.first_name for p in leaders])),
                        t("incident_flow.not_leader_undo"),
                        icon_name="SWAP_HORIZ_ROUNDED",
                        on_click=lambda _: self.put(about_leader=False),
                    )
                )
            )
        elif leaders and app.client.incidents.recipients(replace(draft, about_leader=True)):
            body.append(
                list_box(
                    row(
                        t("incident_flow.about_leader", name=name)
                        if len(leaders) == 1
                        else t("incident_flow.about_leaders"),
                        t("incident_flow.about_leader_more"),
                        icon_name="SWAP_HORIZ_ROUNDED",
                        on_click=lambda _: self.put(about_leader=True),
                    )
                )
            )
        kinds = [
            t(f"incident.kind.{kind.key}") for kind in app.client.incidents.kinds() if kind.key in draft.kinds
        ]
        where = (
            t("incident.when_where", at=app.times.at(draft.happened_at), place=draft.place)
            if draft.place
            else app.times.at(draft.happened_at)
        )
        body.append(
            card(
                group(
                    dim(
                        t(
                            "incident.kind_severity",
                            kind=listed(kinds),
                            severity=lower_first(t(f"severity.{draft.severity or 1}")),
                        ),
                        "label_medium",
                    ),
                    text(draft.line),
                ),
                *([dim(where)] if draft.happened_at else []),
                gap=6,
            )
        )
        body.append(dim(t("incident_flow.only_these")))

        async def send() -> None:
            if not await self.saver.settle():
                return
            case = await app.client.incidents.send(self.draft)
            app.go(f"/hendelser/{case}")

        return self._frame(
            t("incident_flow.to"),
            body,
            back=lambda _: self.step(LINE),
            cta=[
                primary(t("incident_flow.send"), app.act(send), "SEND_ROUNDED", disabled=app.busy or not rows)
            ],
        )

    def discard(self) -> ft.Control:
        """Throwing away asks first."""

        async def throw() -> None:
            await self.saver.settle()
            await self.app.client.incidents.discard(self.draft)
            self.app.go("/hendelser")

        return self._frame(
            t("incident_flow.discard_title"),
            [
                heading(t("incident_flow.discard_head"), 2, "headline_medium"),
                text(t("incident_flow.discard_words"), color=Role.DIM),
            ],
            back=lambda _: self.step(KIND),
            cta=[
                primary(t("draft.keep"), lambda _: self.step(KIND)),
                outlined(t("draft.throw"), self.app.act(throw)),
            ],
        )
