"""Usendt: what needs the person, what goes by itself."""

import flet as ft

from mobile_app.services.sync import UnsentItem, UnsentState
from mobile_app.views.app import App, error_words
from mobile_app.views.guard import component
from mobile_app.views.hooks import use_value
from mobile_app.views.messages import has, t
from mobile_app.views.notices import done_box
from mobile_app.views.parts.box import card, group, section
from mobile_app.views.parts.button import beside, outlined, tonal
from mobile_app.views.parts.frame import frame
from mobile_app.views.parts.row import list_box, row
from mobile_app.views.parts.text import dim, heading, text


def label(item: UnsentItem) -> str:
    """What it is, with its place or name where that is known."""
    values = {name: words for name, words in item.label_args.items() if words}
    key = item.label_key.removeprefix("unsent.")
    words = t(f"unsent.{key}") if has(item.label_key) else t("unsent_unknown")
    more = values.get("place") or values.get("name")
    return f"{words}, {more}" if more else words


@component
def unsent(app: App) -> ft.Control:
    """The screen."""
    sure, set_sure = use_value("")
    items = app.client.sync.items()
    parked = [item for item in items if item.state is UnsentState.PARKED]
    queued = [item for item in items if item.state is not UnsentState.PARKED]
    body: list[ft.Control] = [*done_box(app), text(t("unsent_intro") if items else t("unsent_nothing"))]
    if parked:
        body.append(
            section(
                t("unsent_needs", n=len(parked)), *(_parked(app, item, sure, set_sure) for item in parked)
            )
        )
    if queued:
        rows = [
            row(
                label(item),
                t("unsent_saved", at=app.times.at(item.saved_at)),
                icon_name="CLOUD_UPLOAD_ROUNDED",
            )
            for item in queued
        ]
        offline = app.client.sync.status.reachable is False
        body.append(
            section(t("unsent_offline" if offline else "unsent_on_way", n=len(queued)), list_box(*rows))
        )
    confirmed = app.client.people.last_confirmed
    if confirmed:
        body.append(dim(t("mine.confirmed", at=app.times.at(confirmed))))
    cta = [outlined(t("unsent_now"), app.act(app.client.sync.now), "REPLAY_ROUNDED", disabled=app.busy)]
    return frame(app, title=t("unsent_title"), back="/", body=body, cta=cta)


def _parked(app: App, item: UnsentItem, sure: str, set_sure: object) -> ft.Control:
    ask = set_sure if callable(set_sure) else lambda _: None

    async def throw() -> None:
        await app.client.sync.discard(item.id)
        ask("")

    if sure == item.id:
        return card(
            group(heading(t("unsent_throw_title"), 3, "title_medium"), text(t("unsent_throw_words"))),
            beside(
                tonal(t("draft.keep_short"), lambda _: ask("")), outlined(t("draft.throw"), app.act(throw))
            ),
        )
    return card(
        group(heading(label(item), 3, "title_medium"), text(error_words(item.error))),
        beside(
            tonal(t("unsent_retry"), app.act(lambda: app.client.sync.retry(item.id))),
            outlined(t("unsent_throw"), lambda _: ask(item.id)),
        ),
    )
