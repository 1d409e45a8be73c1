"""Joining a unit: the invite, the words to compare, who I am, my passphrase. And the first screen of a device in no unit."""

from typing import Any

import flet as ft

from mobile_app.services.joining import InvitePreview
from mobile_app.views.app import App
from mobile_app.views.guard import component
from mobile_app.views.hooks import use_box, use_value
from mobile_app.views.messages import role_words, t
from mobile_app.views.parts.box import STRETCH, card, group, section, words_grid
from mobile_app.views.parts.button import outlined, primary, quiet
from mobile_app.views.parts.field import field
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import heading, text
from mobile_app.views.passphrase import passphrase_fields, usable
from mobile_app.views.theme import Role

PASTE, COMPARE, WRONG, ABOUT, PASSPHRASE = range(5)
_STEP_OF = {PASTE: 1, COMPARE: 2, WRONG: 2, ABOUT: 3, PASSPHRASE: 4}


@component
def join(app: App, *, first: bool = False) -> ft.Control:
    """The flow. `first`: the device is in no unit and has come without an invite."""
    step, set_step = use_value(PASTE)
    link, set_link = use_value(app.link)
    nothing: InvitePreview | None = None
    preview, set_preview = use_value(nothing)
    form_, set_form = use_value({"name": "", "phone": "", "pass": "", "again": ""})
    tried, set_tried = use_value(False)
    latest = use_box(lambda: form_)

    async def look(words: str) -> None:
        set_preview(await app.client.joining.preview(words.strip()))
        to(COMPARE)

    def arrived() -> None:
        # An effect's own task ends when the component draws again, and opening the invite draws it.
        if app.link:
            words, app.link = app.link, ""
            set_link(words)
            app.page.run_task(app.do, lambda: look(words))

    ft.use_effect(arrived, [app.link])

    def put(name: str) -> Any:
        def change(words: str) -> None:
            latest.value = {**latest.value, name: words}
            set_form(latest.value)

        return change

    def to(number: int) -> None:
        app.error = ""
        set_tried(False)
        set_step(number)
        app.redraw()

    def need(name: str) -> str:
        return t("field.needed") if tried and not form_[name].strip() else ""

    def screen(body: list[ft.Control], cta: list[ft.Control], back: Any) -> ft.Control:
        done = _STEP_OF[step]
        return frame(
            app,
            title=t("join.title"),
            status=("SMARTPHONE_ROUNDED", t("steps.of", n=done, of=4), False),
            back=back,
            body=body,
            cta=cta,
            step=(done, 4),
            bar=False,
            key=str(step),
        )

    if step == PASTE or preview is None:

        async def on(_: Any = None) -> None:
            if link.strip():
                await app.do(lambda: look(link))
            else:
                set_tried(True)

        paste = field(
            t("join.link"),
            link,
            set_link,
            hint=t("join.link_hint"),
            error=t("join.link_missing") if tried and not link.strip() else "",
            lines=2,
            verbatim=True,
            key="link",
        )
        button = primary(t("join.looking") if app.busy else t("join.look"), on, disabled=app.busy)
        if first:
            return _welcome(app, [paste, button])
        return screen(
            [
                heading(t("join.paste"), 2, "headline_medium"),
                text(t("join.paste_more"), color=Role.DIM),
                paste,
            ],
            [button],
            app.to("/"),
        )

    if step == COMPARE:
        return screen(
            [
                group(
                    heading(t("join.same"), 2, "headline_medium"),
                    text(
                        t(
                            "join.same_more",
                            name=preview.inviter.split()[0] if preview.inviter else t("join.the_inviter"),
                        ),
                        color=Role.DIM,
                    ),
                    gap=6,
                ),
                words_grid(list(preview.words)),
                section(
                    t("join.unit"),
                    list_box(
                        row(
                            preview.unit_name,
                            t("join.invited_by", name=preview.inviter),
                            icon_name="BUSINESS_ROUNDED",
                        ),
                        row(
                            t("join.as", role=role_words(preview.roles)),
                            icon_name="PERSON_ROUNDED",
                        ),
                        row(
                            t("join.until", at=app.times.at(preview.expires)),
                            t("invite.once"),
                            icon_name="SCHEDULE_ROUNDED",
                        ),
                    ),
                ),
            ],
            [primary(t("join.yes"), lambda _: to(ABOUT)), outlined(t("join.no"), lambda _: to(WRONG))],
            lambda _: to(PASTE),
        )

    if step == WRONG:
        return screen(
            [heading(t("join.stop"), 2, "headline_medium"), text(t("join.stop_more", name=preview.inviter))],
            [primary(t("join.start_over"), lambda _: to(PASTE))],
            lambda _: to(COMPARE),
        )

    if step == ABOUT:

        def on_about(_: Any = None) -> None:
            if form_["name"].strip() and form_["phone"].strip():
                to(PASSPHRASE)
            else:
                set_tried(True)

        return screen(
            [
                heading(t("join.you"), 2, "headline_medium"),
                text(t("join.you_more"), color=Role.DIM),
                field(t("setup.field.name"), form_["name"], put("name"), error=need("name"), key="name"),
                field(
                    t("setup.field.phone"),
                    form_["phone"],
                    put("phone"),
                    hint=t("setup.hint.phone"),
                    error=need("phone"),
                    keyboard=ft.KeyboardType.PHONE,
                    key="phone",
                ),
            ],
            [primary(t("action.next"), on_about)],
            lambda _: to(COMPARE),
        )

    async def finish() -> None:
        await app.client.joining.join(form_["name"].strip(), form_["phone"].strip(), form_["pass"])
        app.done = t("join.done", unit=preview.unit_name)
        app.path = ""
        done = app.done
        app.go("/")
        app.done = done

    async def create(_: Any = None) -> None:
        if usable(form_["pass"]) and form_["pass"] == form_["again"]:
            await app.do(finish)
        else:
            set_tried(True)

    return screen(
        [
            heading(t("passphrase.choose"), 2, "headline_medium"),
            text(t("passphrase.choose_more"), color=Role.DIM),
            passphrase_fields(form_["pass"], form_["again"], put("pass"), put("again"), tried=tried),
        ],
        [primary(t("join.joining") if app.busy else t("join.join"), create, disabled=app.busy)],
        lambda _: to(ABOUT),
    )


def _welcome(app: App, paste: list[ft.Control]) -> ft.Control:
    from mobile_app.views.parts.box import error_box
    from mobile_app.views.parts.brand import brand

    app.place("none", t("app.name"))
    body: list[ft.Control] = [
        brand(),
        *([error_box(app.error)] if app.error else []),
        group(
            heading(t("welcome.title"), 1, "headline_medium"), text(t("welcome.words"), color=Role.DIM), gap=6
        ),
        card(*paste, gap=12),
        ft.Row([quiet(t("welcome.setup"), app.to("/oppsett"))]),
    ]
    return ft.Container(
        ft.Column(
            [
                ft.Container(
                    ft.Column(body, spacing=16, tight=True, horizontal_alignment=STRETCH),
                    padding=ft.Padding.symmetric(horizontal=16, vertical=16),
                )
            ],
            scroll=ft.ScrollMode.AUTO,
            horizontal_alignment=STRETCH,
        ),
        width=720,
    )
