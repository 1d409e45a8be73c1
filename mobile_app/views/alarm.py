"""An alarm at the one who got it: take it, call, what to say to 112, what we know."""

import flet as ft

from mobile_app.domain.alarm import Alarm, AlarmState
from mobile_app.views.app import App
from mobile_app.views.calls import call
from mobile_app.views.guard import component
from mobile_app.views.messages import form, listed, lower_first, meeting, t
from mobile_app.views.parts.box import STRETCH, error_box, section
from mobile_app.views.parts.button import beside, outlined, primary, quiet
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import heading, icon, text
from mobile_app.views.states import missing
from mobile_app.views.theme import Role


@component
def alarm(app: App, case: str) -> ft.Control:
    """The screen. Being shown tells the sender that it is seen."""
    found = app.client.alarms.get(case)

    def opened() -> None:
        if found is not None and not found.mine and app.visible and not found.seen_by_me:
            app.beside(lambda: app.client.alarms.opened(case))

    ft.use_effect(opened, [case, app.visible, found is None])
    if found is None:
        return missing(app)
    body = [error_box(app.error)] if app.error else []
    return frame(
        app,
        title=t("alarm.title", name=found.name or t("people.unnamed")),
        head=_head(app, found),
        body=[
            *body,
            *_what_to_do(app, found),
            *_known(app, found),
            *_who(app, found),
            ft.Row([quiet(t("alarm.back"), app.to("/"))]),
        ],
        bar=False,
    )


def _head(app: App, alarm: Alarm) -> ft.Control:
    over = alarm.state is not AlarmState.OPEN
    if alarm.drill:
        bg, color, name = Role.DRILL, Role.ON_DRILL, "SCHOOL_ROUNDED"
    elif over:
        bg, color, name = Role.QUIET, Role.TEXT, "TASK_ALT_ROUNDED"
    else:
        bg, color, name = Role.ALARM, Role.ON_ALARM, "CAMPAIGN_ROUNDED"
    word = t("alarm.drill_word") if alarm.drill else t("alarm.word")
    when = app.times.since(alarm.received or alarm.raised_claimed)
    if over:
        when = lower_first(t(f"alarm.state.{alarm.state}"))
    place = (alarm.visit and alarm.visit.place) or t("alarm.no_place")
    big = "headline_medium" if app.metrics.stacked else "display_large"
    return ft.Container(
        ft.Column(
            [
                ft.Row(
                    [
                        icon(name, 24, color),
                        text(t("alarm.head", word=word, when=when), "title_medium", color, expand=True),
                    ],
                    spacing=10,
                ),
                heading(alarm.name or t("people.unnamed"), 1, big, color),
                text(place, "body_large", color),
            ],
            spacing=4,
            tight=True,
            horizontal_alignment=STRETCH,
        ),
        bgcolor=bg,
        border=ft.Border(bottom=ft.BorderSide(2, Role.ALARM_EDGE if bg == Role.ALARM else bg)),
        padding=ft.Padding.only(left=16, top=20, right=16, bottom=18),
    )


def _what_to_do(app: App, alarm: Alarm) -> list[ft.Control]:
    first_name = alarm.name.split()[0] if alarm.name else t("people.unnamed")
    others = [name for name in alarm.readers if name]
    parts: list[ft.Control] = []
    if alarm.drill:
        parts.append(text(t("alarm.is_drill"), "title_medium"))
    if alarm.state is not AlarmState.OPEN:
        parts.append(text(t(f"alarm.over.{alarm.state}", name=first_name), "title_medium"))
    elif alarm.taken_by_me:
        parts.append(text(t("alarm.you_took", at=app.times.at(alarm.taken_at)), "title_medium"))
    elif alarm.taken_by:
        parts.append(
            text(t("alarm.taken_by", name=alarm.taken_by, at=app.times.at(alarm.taken_at)), "title_medium")
        )
    else:
        more = t("alarm.others", names=listed(others)) if others else t("alarm.only_you")
        parts.append(text(f"{t('alarm.nobody_yet')} {more}", "title_medium"))
    if alarm.state is AlarmState.OPEN and not alarm.taken_by_me:
        # With large text there is room for one thing on the first screenful, and it is this.
        place = int(alarm.drill) if app.metrics.stacked and not alarm.taken_by else len(parts)
        words = t("alarm.take_too") if alarm.taken_by else t("alarm.take")
        button = outlined if alarm.taken_by else primary
        take = app.act(lambda: app.client.alarms.take(alarm.case))
        parts.insert(
            place,
            button(words, take, "HOW_TO_REG_ROUNDED", disabled=app.busy)
            if alarm.taken_by
            else primary(words, take, "HOW_TO_REG_ROUNDED", disabled=app.busy, big=True),
        )
    calls: list[ft.Control] = []
    if alarm.silent:
        parts.append(text(t("alarm.silent"), "title_medium"))
    elif alarm.phone:
        calls.append(outlined(t("call.name", name=first_name), call(app, alarm.phone), "CALL_ROUNDED"))
    if not alarm.drill:
        calls.append(outlined(t("call.number", number="112"), call(app, "112"), "CALL_ROUNDED"))
    if calls:
        parts.append(beside(*calls))
    return parts


def _known(app: App, alarm: Alarm) -> list[ft.Control]:
    rows: list[ft.Control] = []
    if alarm.position:
        where = alarm.position
        spot = f"{where.latitude:.5f}, {where.longitude:.5f}"

        def copy(_: object) -> None:
            app.client.host.copy(spot)

        rows.append(
            row(
                t("alarm.position", meters=round(where.accuracy), since=app.times.since(where.at)),
                t("alarm.position_copy", spot=spot),
                icon_name="PLACE_ROUNDED",
                on_click=copy,
                chevron=False,
            )
        )
    else:
        rows.append(row(t("alarm.no_position"), t("alarm.no_position_more"), icon_name="PLACE_ROUNDED"))
    visit = alarm.visit
    if visit:
        rows.append(
            row(
                t(
                    "alarm.visit",
                    kind=meeting(visit.meeting_type),
                    level=t(f"level.name.{visit.level}"),
                ),
                t(
                    "alarm.visit_times",
                    start=app.times.clock(visit.started),
                    until=app.times.clock(visit.until),
                ),
                icon_name="EVENT_NOTE_ROUNDED",
            )
        )
    parts: list[ft.Control] = [section(t("alarm.known"), list_box(*rows))]
    if not alarm.drill and alarm.state is AlarmState.OPEN:
        where_words = ""
        if visit and visit.place:
            where_words = t("alarm.say_address", place=visit.place)
        elif alarm.position:
            where_words = t(
                "alarm.say_position",
                latitude=f"{alarm.position.latitude:.5f}",
                longitude=f"{alarm.position.longitude:.5f}",
            )
        who = t("alarm.say_visit" if visit else "alarm.say", name=alarm.name)
        parts.append(section(t("alarm.say_head"), text(f"«{' '.join(filter(None, [who, where_words]))}»")))
    return parts


def _who(app: App, alarm: Alarm) -> list[ft.Control]:
    rows = [
        row(name, t("alarm.seen_at", at=app.times.at(at)), icon_name="VISIBILITY_ROUNDED")
        for name, at in alarm.seen_by
    ]
    rows += [row(name, t("alarm.reported"), icon_name="VISIBILITY_ROUNDED") for name in alarm.reported_by]
    if not rows:
        return []
    return [section(t(f"alarm.seen.{form(len(rows))}"), list_box(*rows))]
