"""Hjem: the visit under way, the two ways on, what is unfinished, the places to go back to, who the alarm goes to."""

import flet as ft

from mobile_app.domain.visit import Visit
from mobile_app.views.app import App
from mobile_app.views.begin import new_incident, new_visit
from mobile_app.views.messages import listed, t
from mobile_app.views.notices import done_box, hints, notices
from mobile_app.views.parts.box import card, group, section
from mobile_app.views.parts.button import beside, outlined, primary
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import dim, heading, text
from mobile_app.views.sheets import update_sheet
from mobile_app.views.theme import Role
from mobile_app.views.visit_card import visit_card

REPEATS = 3


def home(app: App) -> ft.Control:
    """The screen."""
    body = [*done_box(app), *notices(app), *own_things(app), *hints(app), _alarm_goes_to(app)]
    return frame(app, title=t("tab.home"), body=body, sheet=update_sheet(app))


def own_things(app: App) -> list[ft.Control]:
    """A person's own visits and drafts; a leader has them under Mitt."""
    visits = app.client.visits
    current, planned, recent = visits.current(), visits.planned(), visits.recent(REPEATS)
    begin_visit = new_visit(app)
    incident_button = outlined(t("home.new_incident"), new_incident(app), "EDIT_NOTE_ROUNDED")
    parts: list[ft.Control] = []
    if current:
        parts.append(visit_card(app, current))
    elif planned:
        parts.append(next_visit(app, planned[0]))
    if not current and not planned and not recent:
        parts += [
            card(
                group(
                    heading(t("home.first"), 2, "headline_medium"),
                    text(t("home.first_more"), color=Role.DIM),
                    gap=6,
                ),
                primary(t("home.new_visit"), begin_visit, "EVENT_NOTE_ROUNDED"),
            ),
            incident_button,
        ]
    else:
        button = outlined if current or planned else primary
        parts.append(beside(button(t("home.new_visit"), begin_visit, "EVENT_NOTE_ROUNDED"), incident_button))
    drafts = draft_rows(app)
    if drafts:
        parts.append(section(t("home.drafts"), list_box(*drafts)))
    if recent:
        parts.append(section(t("home.repeat"), list_box(*(repeat_row(app, visit) for visit in recent))))
    return parts


def next_visit(app: App, visit: Visit) -> ft.Control:
    """The planned visit, to be started at the door."""

    async def start() -> None:
        await app.client.visits.start(visit.case)

    return card(
        group(
            text(t("visit.planned", level=t(f"level.{visit.level}")), "label_medium", Role.DIM),
            heading(visit.place, 2),
            dim(t("visit.lasts", span=app.times.span(visit.minutes * 60_000))),
        ),
        primary(t("visit.start"), app.act(start), "SCHEDULE_ROUNDED", disabled=app.busy),
        outlined(t("visit.open"), app.to(f"/besok/{visit.case}")),
    )


def repeat_row(app: App, visit: Visit) -> ft.Control:
    """A place to go back to: one tap leads to what may be new."""

    async def again() -> None:
        draft = await app.client.visits.begin(visit.meeting_type, visit.case)
        app.go(f"/besok/nytt/{draft.id}")

    day = app.times.day(visit.started or visit.planned)
    return row(
        visit.place,
        t(f"home.last.{visit.level}", day=day),
        icon_name="REPLAY_ROUNDED",
        on_click=app.act(again),
    )


def draft_rows(app: App) -> list[ft.Control]:
    """What is begun and not finished."""
    rows = [
        row(
            t("home.draft_visit", place=visit.place) if visit.place else t("home.draft_visit_no_place"),
            t("draft.saved", at=app.times.at(visit.updated)),
            icon_name="EVENT_NOTE_ROUNDED",
            on_click=app.to(f"/besok/nytt/{visit.id}"),
        )
        for visit in app.client.visits.drafts()
    ]
    rows += [
        row(
            t("home.draft_incident"),
            t("draft.saved", at=app.times.at(incident.updated)),
            icon_name="EDIT_NOTE_ROUNDED",
            on_click=app.to(f"/ny-hendelse/{incident.id}"),
        )
        for incident in app.client.incidents.drafts()
    ]
    return rows


def _alarm_goes_to(app: App) -> ft.Control:
    people = app.client.people
    names = [person.first_name or t("people.unnamed") for person in people.on_duty()]
    words = t("home.alarm_to", names=listed(names)) if names else t("home.alarm_to_nobody")
    confirmed = (
        t("home.confirmed", at=app.times.at(people.last_confirmed))
        if people.last_confirmed
        else t("home.unconfirmed")
    )
    return list_box(row(words, confirmed, icon_name="GROUPS_ROUNDED", on_click=app.to("/hjelp")))
