"""Hendelser: one's own with their receipts, those of others for leader and safety rep, and one of them."""

import flet as ft

from mobile_app.domain.incident import Incident
from mobile_app.views import receipts, router
from mobile_app.views.app import App
from mobile_app.views.begin import new_incident
from mobile_app.views.guard import component
from mobile_app.views.messages import listed, lower_first, t
from mobile_app.views.parts.box import card, group, section, timeline
from mobile_app.views.parts.button import primary
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import dim, text
from mobile_app.views.states import missing
from mobile_app.views.theme import Role


def kinds_of(incident: Incident) -> str:
    """The kinds as one line."""
    names = [t(f"incident.kind.{kind}") for kind in incident.kinds]
    return listed([names[0], *map(lower_first, names[1:])]) if names else t("incident.no_kind")


def unseen(app: App, incident: Incident) -> bool:
    """Whether I have not opened it yet."""
    return app.client.people.me.name not in dict(incident.receipt.seen_by)


def incidents(app: App) -> ft.Control:
    """The list, with the first unopened one beside it on a wide screen."""
    reads = router.reads_reports(app.roles)
    mine = app.client.incidents.mine()
    received = app.client.incidents.received() if reads else []
    drafts = app.client.incidents.drafts()
    body: list[ft.Control] = []
    if drafts:
        rows = [
            row(
                each.line or t("home.draft_incident"),
                t("draft.saved", at=app.times.at(each.updated)),
                icon_name="EDIT_NOTE_ROUNDED",
                on_click=app.to(f"/ny-hendelse/{each.id}"),
            )
            for each in drafts
        ]
        body.append(section(t("home.drafts"), list_box(*rows)))
    if reads:
        if received:
            body.append(
                section(t("incidents.received"), list_box(*(_received_row(app, each) for each in received)))
            )
        else:
            body.append(text(t("incidents.none_received"), color=Role.DIM))
    if mine:
        rows = [
            row(
                kinds_of(each),
                receipts.line(each.receipt, app.times),
                icon_name="DESCRIPTION_ROUNDED",
                on_click=app.to(f"/hendelser/{each.case}"),
            )
            for each in mine
        ]
        body.append(section(t("incidents.mine"), list_box(*rows)))
    elif not reads:
        body.append(group(text(t("incidents.none")), text(t("incidents.doubt"), color=Role.DIM), gap=4))
    return frame(
        app,
        title=t("tab.incidents"),
        body=body,
        cta=[primary(t("home.new_incident"), new_incident(app), "EDIT_NOTE_ROUNDED")],
    )


def _received_row(app: App, each: Incident) -> ft.Control:
    new = unseen(app, each)
    return row(
        f"{each.name}: {lower_first(kinds_of(each))}",
        t("incidents.new_row", at=app.times.at(each.received))
        if new
        else t("incidents.seen_row", at=app.times.at(each.received)),
        icon_name="RADIO_BUTTON_CHECKED_ROUNDED" if new else "DESCRIPTION_ROUNDED",
        on_click=app.to(f"/hendelser/{each.case}"),
    )


@component
def incident(app: App, case: str) -> ft.Control:
    """One report. Opening another's tells them that it is seen, and by whom."""
    found = app.client.incidents.get(case)

    def opened() -> None:
        if found is not None and found.member != app.client.people.me.member and app.visible:
            app.beside(lambda: app.client.incidents.opened(case))

    ft.use_effect(opened, [case, app.visible, found is None])
    if found is None:
        return missing(app)
    own = found.member == app.client.people.me.member
    body: list[ft.Control] = []
    if own:
        body.append(card(timeline(receipts.events(found.receipt, app.times, t("receipt.step_unseen")))))
    body.append(report_card(app, found))
    if own:
        body.append(section(t("incident.to_whom"), list_box(*_recipients(app, found))))
        body.append(dim(t("incident.after_words")))
    else:
        body.append(section(t("incident.seen_by"), card(timeline(_seen(app, found)))))
        person = next((p for p in app.client.people.all() if p.member == found.member), None)
        if person and person.phone:
            from mobile_app.views.calls import call, spaced

            body.append(
                list_box(
                    row(
                        t("call.name", name=person.first_name),
                        spaced(person.phone),
                        icon_name="CALL_ROUNDED",
                        on_click=call(app, person.phone),
                    )
                )
            )
    title = (
        (
            t("incident.sent_title")
            if found.receipt.sent_at or found.receipt.seen_by
            else t("incident.saved_title")
        )
        if own
        else found.name
    )
    cta = [primary(t("incident.done"), app.to("/hendelser"))] if own else None
    return frame(app, title=title, back="/hendelser", body=body, cta=cta)


def report_card(app: App, found: Incident) -> ft.Control:
    """What was told."""
    where = (
        t("incident.when_where", at=app.times.at(found.happened_at), place=found.place)
        if found.place
        else app.times.at(found.happened_at)
    )
    return card(
        group(
            dim(
                t(
                    "incident.kind_severity",
                    kind=kinds_of(found),
                    severity=lower_first(t(f"severity.{found.severity}")),
                ),
                "label_medium",
            ),
            text(found.line),
        ),
        *([dim(where)] if found.happened_at else []),
        gap=6,
    )


def _recipients(app: App, found: Incident) -> list[ft.Control]:
    from mobile_app.domain.incident import IncidentDraft

    draft = IncidentDraft(found.case, about_leader=found.about_leader)
    return [
        row(
            each.name or t("people.unnamed"), t(f"incident.recipient.{each.role}"), icon_name="PERSON_ROUNDED"
        )
        for each in app.client.incidents.recipients(draft)
    ] or [row(t("people.nobody"), icon_name="PERSON_ROUNDED")]


def _seen(app: App, found: Incident) -> list[tuple[str, str, str, bool]]:
    times = app.times
    lines = [(t("incident.step_received"), "", times.clock(found.received), bool(found.received))]
    lines += [
        (t("receipt.step_seen", name=name), "", times.clock(at) if at else "", True)
        for name, at in found.receipt.seen_by
    ]
    return lines
