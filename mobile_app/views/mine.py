"""Mitt: who I am here, the unit's words, locking, what the device promises. A leader's own visits and drafts, too."""

import flet as ft

from mobile_app.views import router
from mobile_app.views.app import App
from mobile_app.views.calls import spaced
from mobile_app.views.home import own_things
from mobile_app.views.messages import role_words, t, upper_first
from mobile_app.views.notices import done_box
from mobile_app.views.parts.box import section, words_grid
from mobile_app.views.parts.button import outlined
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import dim


def mine(app: App) -> ft.Control:
    """The screen."""
    people = app.client.people
    me = people.me
    body: list[ft.Control] = [*done_box(app)]
    if "home" not in [tab.name for tab in router.tabs(app.roles)]:
        body += own_things(app)
        body.append(
            list_box(
                row(t("mine.all_visits"), icon_name="EVENT_NOTE_ROUNDED", on_click=app.to("/besok")),
            )
        )
    roles = upper_first(role_words(me.roles))
    body.append(
        section(
            t("mine.me"),
            list_box(
                row(me.name, spaced(me.phone), icon_name="PERSON_ROUNDED"),
                row(people.unit_name, roles, icon_name="BUSINESS_ROUNDED"),
            ),
        )
    )
    confirmed = (
        t("mine.confirmed", at=app.times.at(people.last_confirmed))
        if people.last_confirmed
        else t("mine.unconfirmed")
    )
    promised = app.client.gate.storage_promised
    body.append(
        section(
            t("mine.device"),
            list_box(
                row(confirmed, t("mine.confirmed_more"), icon_name="CLOUD_DONE_ROUNDED"),
                row(
                    t("mine.storage_yes") if promised else t("mine.storage_no"),
                    t("mine.storage_yes_more") if promised else t("mine.storage_no_more"),
                    icon_name="SMARTPHONE_ROUNDED",
                ),
                row(t("mine.version", version=app.version), icon_name="TASK_ALT_ROUNDED"),
            ),
        )
    )
    body.append(section(t("mine.words"), dim(t("mine.words_more")), words_grid(list(people.words))))
    return frame(
        app,
        title=t("tab.mine"),
        back="/",
        body=body,
        cta=[outlined(t("mine.lock"), app.act(app.client.gate.lock), "LOCK_ROUNDED")],
    )
