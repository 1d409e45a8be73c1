"""Hjelp: whom to call. Works without coverage, and while the app is locked."""

import flet as ft

from mobile_app.views.app import App
from mobile_app.views.calls import call, spaced
from mobile_app.views.messages import t
from mobile_app.views.parts.box import section
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import dim, text

EMERGENCY = (
    ("112", "LOCAL_POLICE_ROUNDED"),
    ("113", "MEDICAL_SERVICES_ROUNDED"),
    ("110", "LOCAL_FIRE_DEPARTMENT_ROUNDED"),
)
"""Fixed: nobody can edit them away."""
OTHER = ("02800", "116117")


def call_lists(app: App, contacts: list[tuple[str, str, bool]]) -> list[ft.Control]:
    """Emergency numbers, then `contacts` (name, number, whether a leader), then the numbers that are not urgent."""
    urgent = [
        row(
            t(f"help.number.{number}", number=number),
            t(f"help.when.{number}"),
            icon_name=name,
            on_click=call(app, number),
            trailing=_phone(),
        )
        for number, name in EMERGENCY
    ]
    parts = [section(t("help.danger"), list_box(*urgent), strong=True)]
    people = [
        row(
            name,
            f"{t('help.leader')}, {spaced(phone)}" if leader else spaced(phone),
            icon_name="PERSON_ROUNDED",
            on_click=call(app, phone),
            trailing=_phone(),
        )
        for name, phone, leader in contacts
        if phone
    ]
    if people:
        parts.append(section(t("help.alarm_goes_to"), list_box(*people), strong=True))
    calm = [
        row(
            t(f"help.number.{number}", number=_grouped(number)),
            t(f"help.when.{number}"),
            icon_name="CALL_ROUNDED",
            on_click=call(app, number),
            trailing=_phone(),
        )
        for number in OTHER
    ]
    parts.append(section(t("help.not_urgent"), list_box(*calm), strong=True))
    return parts


def help_screen(app: App) -> ft.Control:
    """The screen."""
    contacts = [
        (person.name or t("people.unnamed"), person.phone, "leader" in person.roles)
        for person in app.client.people.on_duty()
    ]
    return frame(
        app,
        title=t("tab.help"),
        body=[
            text(t("help.not_police")),
            *call_lists(app, contacts),
            section(t("help.alarm_key"), dim(t("help.alarm_key_more")), strong=True),
        ],
    )


def _phone() -> ft.Control:
    from mobile_app.views.parts.text import icon

    return icon("CALL_ROUNDED", 24)


def _grouped(number: str) -> str:
    return "116\u00a0117" if number == "116117" else number
