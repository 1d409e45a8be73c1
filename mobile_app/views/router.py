"""Which screen an address shows, and which places the bar has, by role."""

from dataclasses import dataclass

LEADER = "leader"
SAFETY_REP = "safety_rep"


@dataclass(frozen=True)
class Route:
    """A screen's name, the id in the address if any, and the place of the bar it belongs to."""

    screen: str
    id: str = ""
    tab: str = ""


@dataclass(frozen=True)
class Tab:
    """One place in the bar: address, message key of its label, icon."""

    name: str
    path: str
    icon: str


_PLAIN: dict[str, Route] = {
    "": Route("home", tab="home"),
    "besok": Route("visits", tab="visits"),
    "hendelser": Route("incidents", tab="incidents"),
    "ny-hendelse": Route("new_incident", tab="incidents"),
    "hjelp": Route("help", tab="help"),
    "na": Route("now", tab="now"),
    "enhet": Route("unit", tab="unit"),
    "mitt": Route("mine", tab="mine"),
    "usendt": Route("unsent", tab="home"),
    "bli-med": Route("join"),
    "oppsett": Route("setup"),
}
_WITH_ID: dict[str, Route] = {
    "besok": Route("visit", tab="visits"),
    "besok/nytt": Route("visit_flow", tab="visits"),
    "hendelser": Route("incident", tab="incidents"),
    "ny-hendelse": Route("incident_flow", tab="incidents"),
    "na": Route("out", tab="now"),
    "alarm": Route("alarm", tab="now"),
}

_TABS = {
    "home": Tab("home", "/", "HOME_ROUNDED"),
    "visits": Tab("visits", "/besok", "EVENT_NOTE_ROUNDED"),
    "incidents": Tab("incidents", "/hendelser", "DESCRIPTION_ROUNDED"),
    "help": Tab("help", "/hjelp", "SUPPORT_ROUNDED"),
    "now": Tab("now", "/na", "NOTIFICATIONS_ACTIVE_ROUNDED"),
    "unit": Tab("unit", "/enhet", "GROUPS_ROUNDED"),
}


def match(path: str) -> Route:
    """The route of an address; an unknown one is `missing`."""
    parts = [part for part in path.split("?")[0].split("#")[0].split("/") if part]
    plain = "/".join(parts)
    if plain == "besok/nytt":
        return Route("new_visit", tab="visits")
    if plain == "enhet/inviter":
        return Route("invite", tab="unit")
    if plain in _PLAIN:
        return _PLAIN[plain]
    if len(parts) > 1 and (found := _WITH_ID.get("/".join(parts[:-1]))):
        return Route(found.screen, parts[-1], found.tab)
    return Route("missing")


def tabs(roles: frozenset[str]) -> list[Tab]:
    """The places of the bar. Who leads gets a leader's places also as an employee: own things are under "Mitt"."""
    if LEADER in roles:
        names = ["now", "incidents", "unit", "help"]
    elif SAFETY_REP in roles and "employee" not in roles:
        names = ["incidents", "help"]
    else:
        names = ["home", "visits", "incidents", "help"]
    return [_TABS[name] for name in names]


def home_of(roles: frozenset[str]) -> Route:
    """The screen that "/" shows to someone with these roles."""
    first = tabs(roles)[0]
    return Route({"home": "home", "now": "now", "incidents": "incidents"}[first.name], tab=first.name)


def reads_reports(roles: frozenset[str]) -> bool:
    """Whether incidents of others come here."""
    return LEADER in roles or SAFETY_REP in roles
