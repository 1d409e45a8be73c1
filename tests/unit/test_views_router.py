"""Addresses and places of the bar."""

from __future__ import annotations

import pytest

from mobile_app.views.router import Route, home_of, match, reads_reports, tabs

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", Route("home", tab="home")),
        ("/besok", Route("visits", tab="visits")),
        ("/besok/", Route("visits", tab="visits")),
        ("/besok/nytt", Route("new_visit", tab="visits")),
        ("/besok/nytt/d-1", Route("visit_flow", "d-1", "visits")),
        ("/besok/v-1", Route("visit", "v-1", "visits")),
        ("/hendelser/i-1?x=1", Route("incident", "i-1", "incidents")),
        ("/ny-hendelse", Route("new_incident", tab="incidents")),
        ("/ny-hendelse/d-1", Route("incident_flow", "d-1", "incidents")),
        ("/enhet/inviter", Route("invite", tab="unit")),
        ("/alarm/a-1", Route("alarm", "a-1", "now")),
        ("/bli-med", Route("join")),
        ("/enhet/noe/annet", Route("missing")),
        ("/tull", Route("missing")),
    ],
)
def test_addresses(path: str, route: Route) -> None:
    assert match(path) == route


@pytest.mark.parametrize(
    ("roles", "names", "first"),
    [
        ({"employee"}, ["home", "visits", "incidents", "help"], "home"),
        ({"leader"}, ["now", "incidents", "unit", "help"], "now"),
        ({"leader", "employee"}, ["now", "incidents", "unit", "help"], "now"),
        ({"safety_rep"}, ["incidents", "help"], "incidents"),
        ({"safety_rep", "employee"}, ["home", "visits", "incidents", "help"], "home"),
        (set(), ["home", "visits", "incidents", "help"], "home"),
    ],
)
def test_roles_decide_the_places_and_the_first_screen(roles: set[str], names: list[str], first: str) -> None:
    assert [tab.name for tab in tabs(frozenset(roles))] == names
    assert home_of(frozenset(roles)).screen == first


def test_who_reads_what_others_report() -> None:
    assert reads_reports(frozenset({"leader"}))
    assert reads_reports(frozenset({"safety_rep", "employee"}))
    assert not reads_reports(frozenset({"employee"}))
