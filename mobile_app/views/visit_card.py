"""The visit under way: how long is left, who knows, the way out."""

import flet as ft

from mobile_app.domain.receipts import ReceiptState
from mobile_app.domain.visit import Visit
from mobile_app.views.app import App
from mobile_app.views.messages import MINUTE, Times, listed, lower_first, meeting, t
from mobile_app.views.parts.box import card, group, notice
from mobile_app.views.parts.button import beside, outlined, primary
from mobile_app.views.parts.text import heading, lead, text
from mobile_app.views.theme import Role

MORE_MINUTES = 15


def time_left(visit: Visit, times: Times) -> str:
    """ "24 min igjen", or how far past the time."""
    left = visit.until - times.now
    if left >= 0:
        return t("visit.left", span=times.span(left + MINUTE - 1))
    return t("visit.over", span=times.span(-left))


def who_knows(app: App, visit: Visit) -> ft.Control:
    """Who can see the visit. Nobody is alerted by itself yet, and that is said."""
    names = [
        person.first_name
        for person in app.client.people.all()
        if "leader" in person.roles and not person.is_me
    ]
    receipt = visit.receipt
    if receipt.parked or receipt.state is ReceiptState.LOCAL:
        color = Role.ON_ALONE
        words = lead(t("visit.unsent_lead"), t("visit.unsent"), color=color)
        return notice(words, "NOTIFICATIONS_OFF_ROUNDED", Role.ALONE_BG, color)
    if not names:
        color = Role.ON_ALONE
        words = lead(t("visit.nobody_lead"), t("visit.nobody"), color=color)
        return notice(words, "NOTIFICATIONS_OFF_ROUNDED", Role.ALONE_BG, color)
    if receipt.seen_by:
        name, at = receipt.seen_by[0]
        words = lead(t("visit.seen_lead", name=name, at=app.times.at(at)), t("visit.follow"))
    else:
        sent = (
            t("visit.sent_lead", at=app.times.at(receipt.sent_at))
            if receipt.sent_at
            else t("visit.sent_lead_plain")
        )
        words = lead(sent, t("visit.sent", names=listed(names)))
    return notice(words, "NOTIFICATIONS_PAUSED_ROUNDED", ft.Colors.TRANSPARENT, Role.TEXT, Role.TEXT)


def visit_card(app: App, visit: Visit) -> ft.Control:
    """The card on Hjem, and on the visit's own screen."""
    left = time_left(visit, app.times)
    due = t(
        "visit.out_by" if visit.until >= app.times.now else "visit.should_be_out",
        at=app.times.at(visit.until),
    )
    kind = t("visit.now", kind=lower_first(meeting(visit.meeting_type)))
    return card(
        group(text(kind, "label_medium", Role.DIM), heading(visit.place, 2)),
        ft.MergeSemantics(
            group(
                text(
                    left,
                    "headline_medium" if app.metrics.low and app.metrics.stacked else "display_large",
                    figures=True,
                ),
                text(due),
            )
        ),
        who_knows(app, visit),
        beside(
            primary(
                t("visit.check_out"),
                app.act(lambda: _check_out(app, visit)),
                "LOGOUT_ROUNDED",
                disabled=app.busy,
            ),
            outlined(
                t("visit.more_time"),
                app.act(lambda: app.client.visits.extend(visit.case, MORE_MINUTES)),
                "ADD_ROUNDED",
                disabled=app.busy,
            ),
        ),
    )


async def _check_out(app: App, visit: Visit) -> None:
    await app.client.visits.check_out(visit.case)
    app.done = t("visit.checked_out_done", place=visit.place)
