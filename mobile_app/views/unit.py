"""Enhet: the members, the unit's words, invites that are out; and a new invite."""

import flet as ft

from mobile_app.services.inviting import InviteRow, NewInvite
from mobile_app.views.app import App
from mobile_app.views.calls import spaced
from mobile_app.views.guard import component
from mobile_app.views.hooks import use_value
from mobile_app.views.messages import role_words, t, upper_first
from mobile_app.views.parts.box import card, group, section, words_grid
from mobile_app.views.parts.button import Handler, beside, outlined, primary
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.radio import radio_cards
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import dim, heading, text
from mobile_app.views.theme import Role

ROLES = ("employee", "leader", "safety_rep")


@component
def unit(app: App) -> ft.Control:
    """The screen."""
    nothing: list[InviteRow] | None = None
    invites, set_invites = use_value(nothing)

    async def refresh() -> None:
        set_invites(await app.client.inviting.refresh())

    def load() -> None:
        app.beside(refresh)

    ft.use_effect(load, [])

    async def revoke(invite: str) -> None:
        await app.client.inviting.revoke(invite)
        await refresh()

    def revoking(invite: str) -> Handler:
        return app.act(lambda: revoke(invite))

    people = app.client.people
    rows = [
        row(
            t("unit.me", name=person.name) if person.is_me else person.name or t("people.unnamed"),
            ", ".join(filter(None, [upper_first(role_words(person.roles)), spaced(person.phone)])),
            icon_name="PERSON_ROUNDED",
        )
        for person in people.all()
    ]
    body: list[ft.Control] = [section(t("unit.members", n=len(rows)), list_box(*rows))]
    open_ones = [invite for invite in invites or [] if invite.state == "open"]
    if open_ones:
        body.append(
            section(
                t("unit.invites"),
                *(
                    card(
                        group(
                            heading(
                                t("unit.invite_for", role=upper_first(role_words(invite.roles))),
                                3,
                                "title_medium",
                            ),
                            dim(t("unit.invite_until", at=app.times.at(invite.expires))),
                        ),
                        outlined(t("unit.revoke"), revoking(invite.id), disabled=app.busy),
                    )
                    for invite in open_ones
                ),
            )
        )
    elif invites is None:
        body.append(dim(t("unit.invites_unknown")))
    body.append(section(t("mine.words"), dim(t("unit.words_more")), words_grid(list(people.words))))
    return frame(
        app,
        title=people.unit_name or t("tab.unit"),
        body=body,
        cta=[primary(t("unit.invite"), app.to("/enhet/inviter"), "ADD_ROUNDED")],
    )


@component
def invite(app: App) -> ft.Control:
    """A new invite: for whom, then the link."""
    role, set_role = use_value("employee")
    nothing: NewInvite | None = None
    made, set_made = use_value(nothing)
    copied, set_copied = use_value(False)

    async def make() -> None:
        set_made(await app.client.inviting.invite(role))

    if made is None:
        return frame(
            app,
            title=t("invite.title"),
            back="/enhet",
            body=[
                heading(t("invite.who"), 2, "headline_medium"),
                radio_cards(
                    [(key, t(f"role.{key}"), t(f"role.more.{key}")) for key in ROLES],
                    role,
                    set_role,
                    t("invite.who"),
                ),
            ],
            cta=[primary(t("invite.make"), app.act(make), disabled=app.busy)],
        )

    def copy(_: object) -> None:
        app.client.host.copy(made.link)
        set_copied(True)

    def share(_: object) -> None:
        app.client.host.share(t("invite.share_title", unit=app.client.people.unit_name), made.link)

    return frame(
        app,
        title=t("invite.ready"),
        back="/enhet",
        key="made",
        body=[
            text(t("invite.how")),
            ft.Row([_qr(made.link)], alignment=ft.MainAxisAlignment.CENTER),
            card(
                text(made.link, "body_medium"),
                beside(
                    primary(t("invite.share"), share, "SEND_ROUNDED"),
                    outlined(t("invite.copied") if copied else t("invite.copy"), copy),
                ),
            ),
            section(t("invite.words"), dim(t("invite.words_more")), words_grid(list(made.words))),
            list_box(
                row(
                    t("invite.once"),
                    t("invite.until", at=app.times.at(made.expires)),
                    icon_name="SCHEDULE_ROUNDED",
                ),
                row(
                    t("invite.role", role=role_words([made.role])),
                    t(f"role.more.{made.role}"),
                    icon_name="PERSON_ROUNDED",
                ),
            ),
        ],
        cta=[outlined(t("action.done"), app.to("/enhet"))],
    )


def _qr(link: str) -> ft.Control:
    """Black on white in both themes, or cameras would not read it."""
    import io

    import segno

    picture = io.BytesIO()
    segno.make(link, error="m", micro=False).save(picture, kind="png", scale=6, border=4)
    return ft.Container(
        ft.Image(
            src=picture.getvalue(),
            width=232,
            height=232,
            filter_quality=ft.FilterQuality.NONE,
            semantics_label=t("invite.qr"),
        ),
        bgcolor=ft.Colors.WHITE,
        border_radius=16,
        border=ft.Border.all(1, Role.LINE),
        clip_behavior=ft.ClipBehavior.ANTI_ALIAS,
    )
