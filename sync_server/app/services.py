"""Everything the routes work with, put together once."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sync_server.app.pressure import Pressure
from sync_server.app.settings import Settings
from sync_server.devices.invites import Invites
from sync_server.devices.rosters import Rosters
from sync_server.devices.sessions import Sessions
from sync_server.devices.units import Units
from sync_server.escalation.alarms import Alarms
from sync_server.feed.intake import Intake
from sync_server.feed.pages import Pages
from sync_server.notify.live import Live
from sync_server.store.port import Store


def milliseconds() -> int:
    """The server's clock: ms since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Services:
    """One of each. `server`: this server's id; `clock`: ms since 1970."""

    settings: Settings
    store: Store
    server: str
    clock: Callable[[], int]
    pressure: Pressure
    live: Live
    units: Units
    rosters: Rosters
    invites: Invites
    sessions: Sessions
    intake: Intake
    pages: Pages
    alarms: Alarms


async def build_services(
    settings: Settings,
    store: Store,
    clock: Callable[[], int] = milliseconds,
    pressure: Pressure | None = None,
) -> Services:
    """Put them together on an open store."""
    who = await store.identity()
    units = Units(store)
    return Services(
        settings,
        store,
        who.server,
        clock,
        pressure or Pressure(folder=settings.data, rate=settings.rate, disk_reserve=settings.disk_reserve),
        Live(),
        units,
        Rosters(store, units, who.server),
        Invites(store, clock),
        Sessions(who.secret, clock),
        Intake(store, clock),
        Pages(store),
        Alarms(store),
    )
