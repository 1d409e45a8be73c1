"""Setting up a unit: its name, the first leader, the passphrase, the recovery codes on paper, the unit's words."""

from typing import Any

import flet as ft

from mobile_app.services.founding import RecoverySheet
from mobile_app.views.app import App
from mobile_app.views.guard import component
from mobile_app.views.hooks import use_box, use_value
from mobile_app.views.messages import t
from mobile_app.views.parts.box import section, words_grid
from mobile_app.views.parts.button import outlined, primary
from mobile_app.views.parts.field import field
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.text import dim, heading, text
from mobile_app.views.passphrase import passphrase_fields, usable
from mobile_app.views.theme import Role

ABOUT, PASSPHRASE, SHEETS, CONFIRM, WORDS = range(5)
_OF = 5


def asked(words: tuple[str, ...]) -> int:
    """Which word of a sheet is asked for; the same each time for the same sheet, another for another."""
    return sum(map(ord, "".join(words))) % len(words)


@component
def setup(app: App) -> ft.Control:
    """The flow. It goes on with the sheets when the device has a unit whose codes were never written down."""
    kept = app.client.founding.sheet()
    step, set_step = use_value(SHEETS if kept else ABOUT)
    sheet, set_sheet = use_value(kept)
    form_, set_form = use_value(
        {
            "token": app.token,
            "unit": "",
            "name": "",
            "phone": "",
            "pass": "",
            "again": "",
            "one": "",
            "two": "",
        }
    )
    tried, set_tried = use_value(False)
    latest = use_box(lambda: form_)

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

    def filled(*names: str) -> bool:
        return all(form_[name].strip() for name in names)

    def need(name: str) -> str:
        return t("field.needed") if tried and not form_[name].strip() else ""

    def screen(title: str, body: list[ft.Control], cta: list[ft.Control], back: Any = None) -> ft.Control:
        return frame(
            app,
            title=t("setup.title"),
            status=("BUSINESS_ROUNDED", t("steps.of", n=step + 1, of=_OF), False),
            back=back,
            body=[heading(title, 2, "headline_medium"), *body],
            cta=cta,
            step=(step + 1, _OF),
            bar=False,
            key=str(step),
        )

    if step == ABOUT:
        fields = ["unit", "name", "phone"] if app.token else ["token", "unit", "name", "phone"]

        def on(_: Any = None) -> None:
            if filled(*fields):
                to(PASSPHRASE)
            else:
                set_tried(True)

        return screen(
            t("setup.about"),
            [
                text(t("setup.about_more"), color=Role.DIM),
                *(
                    field(
                        t(f"setup.field.{name}"),
                        form_[name],
                        put(name),
                        hint=t(f"setup.hint.{name}"),
                        error=need(name),
                        keyboard=ft.KeyboardType.PHONE if name == "phone" else ft.KeyboardType.TEXT,
                        key=name,
                    )
                    for name in fields
                ),
            ],
            [primary(t("action.next"), on)],
            app.to("/"),
        )

    if step == PASSPHRASE:

        async def found() -> None:
            made = await app.client.founding.found(
                form_["token"].strip(),
                form_["unit"].strip(),
                form_["name"].strip(),
                form_["phone"].strip(),
                form_["pass"],
            )
            latest.value = {**latest.value, "pass": "", "again": ""}
            set_form(latest.value)
            set_sheet(made)
            to(SHEETS)

        async def create(_: Any = None) -> None:
            if usable(form_["pass"]) and form_["pass"] == form_["again"]:
                await app.do(found)
            else:
                set_tried(True)

        return screen(
            t("passphrase.choose"),
            [
                text(t("passphrase.choose_more"), color=Role.DIM),
                passphrase_fields(form_["pass"], form_["again"], put("pass"), put("again"), tried=tried),
            ],
            [primary(t("setup.creating") if app.busy else t("setup.create"), create, disabled=app.busy)],
            lambda _: to(ABOUT),
        )

    if sheet is None:
        return screen(
            t("setup.about"), [text(t("error.internal"))], [primary(t("missing.home"), app.to("/"))]
        )

    if step == SHEETS:

        def print_them(_: Any) -> None:
            app.client.host.print_text(t("setup.print_title", unit=sheet.unit_name), _printed(sheet))

        return screen(
            t("setup.sheets"),
            [
                text(t("setup.sheets_more")),
                section(
                    t("setup.read_key"),
                    dim(t("setup.read_key_more")),
                    words_grid(list(sheet.encryption_words)),
                    strong=True,
                ),
                section(
                    t("setup.sign_key"),
                    dim(t("setup.sign_key_more")),
                    words_grid(list(sheet.signing_words)),
                    strong=True,
                ),
            ],
            [primary(t("setup.print"), print_them), outlined(t("setup.written"), lambda _: to(CONFIRM))],
        )

    if step == CONFIRM:
        first, second = asked(sheet.encryption_words), asked(sheet.signing_words)
        right_one = form_["one"].strip().lower() == sheet.encryption_words[first]
        right_two = form_["two"].strip().lower() == sheet.signing_words[second]

        def check(_: Any = None) -> None:
            if right_one and right_two:
                to(WORDS)
            else:
                set_tried(True)

        return screen(
            t("setup.confirm"),
            [
                text(t("setup.confirm_more"), color=Role.DIM),
                field(
                    t("setup.word_of_read", n=first + 1),
                    form_["one"],
                    put("one"),
                    error=t("setup.word_wrong") if tried and not right_one else "",
                    key="one",
                ),
                field(
                    t("setup.word_of_sign", n=second + 1),
                    form_["two"],
                    put("two"),
                    error=t("setup.word_wrong") if tried and not right_two else "",
                    key="two",
                ),
            ],
            [primary(t("action.next"), check)],
            lambda _: to(SHEETS),
        )

    async def finish() -> None:
        await app.client.founding.written_down()
        app.token = ""
        app.go("/")

    return screen(
        t("setup.words"),
        [text(t("setup.words_more")), words_grid(list(sheet.fingerprint_words))],
        [primary(t("setup.finish"), app.act(finish), disabled=app.busy)],
        lambda _: to(CONFIRM),
    )


def _printed(sheet: RecoverySheet) -> list[str]:
    lines = [t("setup.print_intro"), "", t("setup.read_key")]
    lines += [f"{n}. {word}" for n, word in enumerate(sheet.encryption_words, 1)]
    lines += ["", t("setup.sign_key")]
    lines += [f"{n}. {word}" for n, word in enumerate(sheet.signing_words, 1)]
    return [*lines, "", t("mine.words"), " ".join(sheet.fingerprint_words)]
