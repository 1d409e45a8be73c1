"""Beginning a visit or an incident: one draft, and straight into it. An empty draft that is already there is used again."""

from collections.abc import Callable
from typing import Any

from mobile_app.views.app import App


def new_visit(app: App) -> Callable[[Any], Any]:
    """A handler. Only where there are several kinds of meeting does it ask which."""
    kinds = app.client.visits.meeting_types()
    if len(kinds) != 1:
        return app.to("/besok/nytt")
    return app.act(lambda: begin_visit(app, kinds[0].key))


def new_incident(app: App) -> Callable[[Any], Any]:
    """A handler."""
    return app.act(lambda: begin_incident(app))


async def begin_visit(app: App, meeting_type: str) -> None:
    """Into a draft of that kind. Raises AppError."""
    for draft in app.client.visits.drafts():
        if draft.meeting_type == meeting_type and not (draft.place or draft.purpose or draft.answers):
            app.go(f"/besok/nytt/{draft.id}")
            return
    begun = await app.client.visits.begin(meeting_type)
    app.go(f"/besok/nytt/{begun.id}")


async def begin_incident(app: App) -> None:
    """Into a draft, with the visit under way filled in. Raises AppError."""
    current = app.client.visits.current()
    case = current.case if current else None
    for draft in app.client.incidents.drafts():
        if not draft.kinds and not draft.line and draft.visit == case and draft.alarm is None:
            app.go(f"/ny-hendelse/{draft.id}")
            return
    begun = await app.client.incidents.begin(from_visit=case)
    app.go(f"/ny-hendelse/{begun.id}")
