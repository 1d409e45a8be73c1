"""Besøk: own visits, and one visit."""

import flet as ft

from mobile_app.domain.visit import Visit
from mobile_app.views import receipts
from mobile_app.views.app import App
from mobile_app.views.begin import new_visit
from mobile_app.views.home import draft_rows, next_visit, repeat_row
from mobile_app.views.messages import t
from mobile_app.views.notices import done_box
from mobile_app.views.parts.box import card, level_box, section, timeline
from mobile_app.views.parts.button import outlined, primary
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import text
from mobile_app.views.states import missing
from mobile_app.views.theme import Role
from mobile_app.views.visit_card import visit_card

LISTED = 20


def visits(app: App) -> ft.Control:
    """The list."""
    own = app.client.visits
    current, planned, recent = own.current(), own.planned(), own.recent(LISTED)
    body: list[ft.Control] = [*done_box(app)]
    if current:
        body.append(visit_card(app, current))
    body += [next_visit(app, visit) for visit in planned]
    drafts = draft_rows(app)
    if drafts:
        body.append(section(t("home.drafts"), list_box(*drafts)))
    if recent:
        body.append(section(t("home.repeat"), list_box(*(repeat_row(app, visit) for visit in recent))))
    if not body:
        body.append(text(t("visits.none"), color=Role.DIM))
    button = outlined if current or planned else primary
    return frame(
        app,
        title=t("tab.visits"),
        body=body,
        cta=[button(t("home.new_visit"), new_visit(app), "EVENT_NOTE_ROUNDED")],
    )


def visit(app: App, case: str) -> ft.Control:
    """One of one's own visits."""
    found = app.client.visits.get(case)
    if found is None:
        return missing(app)
    body: list[ft.Control] = [*done_box(app)]
    if found.under_way:
        body.append(visit_card(app, found))
    elif not found.started:
        body.append(next_visit_alone(app, found))
    body += facts(app, found)
    body.append(
        list_box(
            row(
                t("visit.report"),
                t("visit.report_more"),
                icon_name="EDIT_NOTE_ROUNDED",
                on_click=app.act(lambda: _report(app, found)),
            )
        )
    )
    return frame(app, title=found.place, back="/besok", body=body)


def next_visit_alone(app: App, found: Visit) -> ft.Control:
    """Start, without the way to this very screen."""
    return primary(
        t("visit.start"),
        app.act(lambda: app.client.visits.start(found.case)),
        "SCHEDULE_ROUNDED",
        disabled=app.busy,
    )


def facts(app: App, found: Visit) -> list[ft.Control]:
    """The advice with its reasons, the measures, and what has happened."""
    own = found.member == app.client.people.me.member
    note = t("advice.ours") if own else t("advice.by", name=found.name or t("people.unnamed"))
    parts: list[ft.Control] = [level_box(found.level, t(f"outcome.{found.outcome}"), note)]
    if found.purpose:
        parts.append(section(t("visit.purpose"), card(text(found.purpose))))
    if found.reasons:
        parts.append(section(t("advice.because"), list_box(*(row(each) for each in found.reasons))))
    if found.measures:
        parts.append(
            section(
                t("visit.measures"),
                list_box(*(row(each, icon_name="CHECK_CIRCLE_ROUNDED") for each in found.measures)),
            )
        )
    if found.deviation:
        parts.append(section(t("visit.deviation"), card(text(found.deviation))))
    parts.append(section(t("visit.so_far"), card(timeline(history(app, found)))))
    return parts


def history(app: App, found: Visit) -> list[tuple[str, str, str, bool]]:
    """Planned, sent, seen, started, out."""
    times = app.times
    lines = [(t("visit.did_plan"), "", times.clock(found.planned), True)]
    if found.started:
        more = t("visit.extended", span=times.span(found.extended * 60_000)) if found.extended else ""
        lines.append((t("visit.did_start"), more, times.clock(found.started), True))
    if found.member == app.client.people.me.member:
        lines += receipts.events(found.receipt, times, t("receipt.step_unseen"))[1:]
    if found.checked_out:
        lines.append((t("visit.did_check_out"), "", times.clock(found.checked_out), True))
    elif found.started:
        lines.append((t("visit.check_out"), "", times.clock(found.until), False))
    return lines


async def _report(app: App, found: Visit) -> None:
    draft = await app.client.incidents.begin(from_visit=found.case)
    app.go(f"/ny-hendelse/{draft.id}")
