"""Nå: alarms first, then who is past the time, then who is out. On a wide screen the chosen visit stands beside."""

import flet as ft

from mobile_app.domain.alarm import Alarm, AlarmState
from mobile_app.domain.visit import Visit
from mobile_app.views.app import App
from mobile_app.views.calls import call
from mobile_app.views.guard import component
from mobile_app.views.messages import lower_first, meeting, t
from mobile_app.views.notices import done_box, hints, notices
from mobile_app.views.parts.box import card, group, level_pill, pill, pills, section
from mobile_app.views.parts.button import beside, outlined, primary
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import dim, heading, text
from mobile_app.views.sheets import update_sheet
from mobile_app.views.states import missing
from mobile_app.views.theme import Role
from mobile_app.views.visit_card import time_left


def overdue(app: App, visit: Visit) -> bool:
    """Past the promised time and the grace: somebody may need help."""
    return 0 < visit.warned_at <= app.times.now


def now(app: App, chosen: str = "") -> ft.Control:
    """The screen; `chosen` is the visit beside it on a wide screen."""
    alarms = app.client.alarms.active()
    out = app.client.visits.out_now()
    late = [visit for visit in out if overdue(app, visit)]
    rest = [visit for visit in out if not overdue(app, visit)]
    body: list[ft.Control] = [*done_box(app), *notices(app)]
    first = True
    for alarm in alarms:
        body.append(_alarm_card(app, alarm, framed=first and not alarm.drill and not alarm.taken_by))
        first = False
    for visit in late:
        body.append(_late_card(app, visit, framed=first))
        first = False
    own = app.client.visits.current()
    if own:
        body.append(
            list_box(
                row(
                    t("now.own", left=time_left(own, app.times)),
                    own.place,
                    icon_name="PERSON_ROUNDED",
                    on_click=app.to("/mitt"),
                )
            )
        )
    focus = next((visit for visit in out if visit.case == chosen), out[0] if out else None)
    if rest:
        words = t("now.others_out", n=len(rest)) if late or alarms else t("now.out", n=len(rest))
        selected = focus.case if focus and app.metrics.wide else ""
        body.append(
            section(
                words, list_box(*(_out_row(app, visit, selected=visit.case == selected) for visit in rest))
            )
        )
    elif not alarms and not late:
        body.append(card(group(heading(t("now.quiet"), 2), text(t("now.quiet_more"), color=Role.DIM), gap=4)))
    body += hints(app)
    closed = [alarm for alarm in app.client.alarms.recent() if alarm.state is not AlarmState.OPEN]
    if closed:
        body.append(section(t("now.closed"), list_box(*(_closed_row(app, alarm) for alarm in closed[:5]))))
    detail = (
        ft.Column(
            out_detail(app, focus), spacing=16, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH
        )
        if focus
        else None
    )
    return frame(app, title=t("tab.now"), body=body, detail=detail, sheet=update_sheet(app))


@component
def out(app: App, case: str) -> ft.Control:
    """One visit of somebody who is out. Choosing it tells them that it is seen, and by whom."""
    found = app.client.visits.get(case)

    def opened() -> None:
        if found is not None and app.visible:
            app.beside(lambda: app.client.visits.opened(case))

    ft.use_effect(opened, [case, app.visible, found is None])
    if found is None:
        return missing(app)
    if app.metrics.wide:
        return now(app, case)
    return frame(
        app, title=found.name or t("people.unnamed"), back="/na", body=out_detail(app, found, titled=False)
    )


def out_detail(app: App, visit: Visit, *, titled: bool = True) -> list[ft.Control]:
    """What a leader wants to know of a visit."""
    from mobile_app.views.visits import facts

    person = next((p for p in app.client.people.all() if p.member == visit.member), None)
    parts: list[ft.Control] = []
    if titled:
        parts.append(
            group(heading(visit.name or t("people.unnamed"), 2, "headline_small"), dim(_what_where(visit)))
        )
    parts.append(
        card(
            *([] if titled else [dim(_what_where(visit))]),
            ft.MergeSemantics(
                group(
                    text(time_left(visit, app.times), "display_large", figures=True),
                    text(t("now.out_by", at=app.times.at(visit.until))),
                )
            ),
            dim(t("now.nobody_alerted")),
        )
    )
    if person and person.phone:
        parts.append(
            outlined(t("call.name", name=person.first_name), call(app, person.phone), "CALL_ROUNDED")
        )
    return [*parts, *facts(app, visit)]


def _what_where(visit: Visit) -> str:
    return ", ".join(filter(None, [meeting(visit.meeting_type), visit.place]))


def _alarm_card(app: App, alarm: Alarm, *, framed: bool) -> ft.Control:
    color = (Role.DRILL, Role.ON_DRILL) if alarm.drill else (Role.ALARM, Role.ON_ALARM)
    words = t("alarm.drill_word") if alarm.drill else t("alarm.word")
    place = alarm.visit.place if alarm.visit else t("alarm.no_place")
    taken = (
        t("alarm.taken_by", name=alarm.taken_by, at=app.times.at(alarm.taken_at))
        if alarm.taken_by
        else t("alarm.not_taken")
    )
    button = primary if framed else outlined
    return card(
        pills(
            pill(words, "SCHOOL_ROUNDED" if alarm.drill else "CAMPAIGN_ROUNDED", *color),
            dim(app.times.since(alarm.received or alarm.raised_claimed)),
        ),
        group(heading(alarm.name or t("people.unnamed"), 2), text(place)),
        dim(taken),
        button(t("alarm.open"), app.to(f"/alarm/{alarm.case}"), "CHEVRON_RIGHT_ROUNDED"),
        alarm=framed,
    )


def _late_card(app: App, visit: Visit, *, framed: bool) -> ft.Control:
    person = next((p for p in app.client.people.all() if p.member == visit.member), None)
    late = t("now.late", span=app.times.span(app.times.now - visit.until))
    buttons = [outlined(t("now.open"), app.to(f"/na/{visit.case}"))]
    if person and person.phone:
        buttons.insert(
            0, primary(t("call.name", name=person.first_name), call(app, person.phone), "CALL_ROUNDED")
        )
    return card(
        pills(
            pill(late, "CAMPAIGN_ROUNDED", Role.ALARM, Role.ON_ALARM),
            dim(t("now.due", at=app.times.at(visit.until))),
        ),
        group(heading(visit.name or t("people.unnamed"), 2), text(_what_where(visit))),
        dim(t("now.late_more", name=person.first_name if person else t("people.unnamed"))),
        beside(*buttons),
        alarm=framed,
    )


def _out_row(app: App, visit: Visit, *, selected: bool) -> ft.Control:
    clock = ft.Column(
        [
            text(t("now.until", at=app.times.clock(visit.until)), "body_medium", bold=True, figures=True),
            dim(t("now.since", at=app.times.clock(visit.started)), figures=True),
        ],
        spacing=0,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.END,
    )
    stacked = app.metrics.stacked
    under: ft.Control = pills(level_pill(visit.level))
    if stacked:
        under = group(under, clock, gap=4)
    return row(
        visit.name or t("people.unnamed"),
        _what_where(visit),
        on_click=app.to(f"/na/{visit.case}"),
        under=under,
        trailing=None if stacked else clock,
        selected=selected,
    )


def _closed_row(app: App, alarm: Alarm) -> ft.Control:
    word = t(
        "alarm.drill_closed" if alarm.drill else "alarm.closed",
        how=lower_first(t(f"alarm.state.{alarm.state}")),
    )
    return row(
        alarm.name or t("people.unnamed"),
        f"{word}, {app.times.at(alarm.received or alarm.raised_claimed)}",
        icon_name="SCHOOL_ROUNDED" if alarm.drill else "TASK_ALT_ROUNDED",
        on_click=app.to(f"/alarm/{alarm.case}"),
    )
