"""From the state of the device and the address to one screen."""

from typing import Any

import flet as ft

from mobile_app.services.gate import GateState
from mobile_app.views import router
from mobile_app.views.app import App, Beat
from mobile_app.views.guard import safe
from mobile_app.views.states import elsewhere, missing, waiting


@ft.component
def root(app: App, beat: Beat) -> list[ft.View]:  # noqa: ARG001 - being given it is the subscription
    """The one view. `beat` is what makes it draw again."""
    return [
        ft.View(
            route="/",
            padding=0,
            spacing=0,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
            controls=[ft.SafeArea(expand=True, content=safe(screen)(app))],
        )
    ]


def screen(app: App) -> ft.Control:
    """What to show now. Screens that Hjem does not need are imported when they are first shown."""
    if not app.started:
        return waiting(app)
    state = app.client.gate.state
    if state is GateState.ELSEWHERE:
        return elsewhere(app)
    if state is GateState.LOCKED:
        from mobile_app.views.locked import locked

        return locked(app)
    if state is GateState.NEW:
        return _new(app)
    if app.client.founding.sheet() is not None:
        from mobile_app.views.setup import setup

        return setup(app)
    take_over(app)
    return _open(app)


def take_over(app: App) -> None:
    """A new alarm takes the whole screen, unless the person is writing: then there is a banner."""
    waiting_ones = [each for each in app.client.alarms.active() if not each.mine and not each.taken_by]
    fresh = [each for each in waiting_ones if each.case not in app.seen_alarms]
    if fresh and not app.typing:
        app.seen_alarms.update(each.case for each in waiting_ones)
        app.path = f"/alarm/{fresh[0].case}"
        app.announce(app.path)


def _new(app: App) -> ft.Control:
    if app.route.screen == "setup":
        from mobile_app.views.setup import setup

        return setup(app)
    from mobile_app.views.join import join

    return join(app, first=app.route.screen != "join" and not app.link)


def _open(app: App) -> ft.Control:
    route = app.route
    if route.screen in ("join", "setup"):
        route = router.Route("home")
        app.path = "/"
    name = route.screen
    if name == "home" or (name == "now" and router.LEADER not in app.roles):
        name = router.home_of(app.roles).screen
    if name in ("unit", "invite", "out") and router.LEADER not in app.roles:
        return missing(app)
    draw = _screens().get(name)
    return draw(app, route.id) if draw else missing(app)


def _screens() -> dict[str, Any]:
    return {
        "home": _home,
        "visits": _visits,
        "visit": _visit,
        "new_visit": _new_visit,
        "visit_flow": _visit_flow,
        "incidents": _incidents,
        "incident": _incident,
        "new_incident": _new_incident,
        "incident_flow": _incident_flow,
        "help": _help,
        "now": _now,
        "out": _out,
        "unit": _unit,
        "invite": _invite,
        "mine": _mine,
        "unsent": _unsent,
        "alarm": _alarm,
    }


def _home(app: App, _: str) -> ft.Control:
    from mobile_app.views.home import home

    return home(app)


def _visits(app: App, _: str) -> ft.Control:
    from mobile_app.views.visits import visits

    return visits(app)


def _visit(app: App, case: str) -> ft.Control:
    from mobile_app.views.visits import visit

    return visit(app, case)


def _new_visit(app: App, _: str) -> ft.Control:
    from mobile_app.views.visit_flow import new_visit

    return new_visit(app)


def _visit_flow(app: App, draft: str) -> ft.Control:
    from mobile_app.views.visit_flow import visit_flow

    return visit_flow(app, draft, key=draft)


def _incidents(app: App, _: str) -> ft.Control:
    from mobile_app.views.incidents import incidents

    return incidents(app)


def _incident(app: App, case: str) -> ft.Control:
    from mobile_app.views.incidents import incident

    return incident(app, case, key=case)


def _new_incident(app: App, _: str) -> ft.Control:
    from mobile_app.views.incident_flow import new_incident

    return new_incident(app)


def _incident_flow(app: App, draft: str) -> ft.Control:
    from mobile_app.views.incident_flow import incident_flow

    return incident_flow(app, draft, key=draft)


def _help(app: App, _: str) -> ft.Control:
    from mobile_app.views.help import help_screen

    return help_screen(app)


def _now(app: App, _: str) -> ft.Control:
    from mobile_app.views.now import now

    return now(app)


def _out(app: App, case: str) -> ft.Control:
    from mobile_app.views.now import out

    return out(app, case, key=case)


def _unit(app: App, _: str) -> ft.Control:
    from mobile_app.views.unit import unit

    return unit(app)


def _invite(app: App, _: str) -> ft.Control:
    from mobile_app.views.unit import invite

    return invite(app)


def _mine(app: App, _: str) -> ft.Control:
    from mobile_app.views.mine import mine

    return mine(app)


def _unsent(app: App, _: str) -> ft.Control:
    from mobile_app.views.unsent import unsent

    return unsent(app)


def _alarm(app: App, case: str) -> ft.Control:
    from mobile_app.views.alarm import alarm

    return alarm(app, case, key=case)
