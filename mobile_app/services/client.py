"""The client: everything the views need, made of the ports by `build_client`."""

from collections.abc import Callable
from typing import Any

from mobile_app.services.alarms import Alarms
from mobile_app.services.context import Ports, Timing
from mobile_app.services.errors import AppError
from mobile_app.services.founding import Founding
from mobile_app.services.gate import Gate, GateState
from mobile_app.services.incidents import Incidents
from mobile_app.services.inviting import Inviting
from mobile_app.services.joining import Joining
from mobile_app.services.people import People
from mobile_app.services.sync import Sync
from mobile_app.services.visits import Visits

__all__ = ["AppError", "Client", "GateState", "Ports", "Timing", "Update", "build_client"]


class Update:
    """A new version of the app. `applier`: set by main; makes the new version take over."""

    def __init__(self) -> None:
        self.version: str | None = None
        self.applier: Callable[[], None] | None = None

    def apply(self) -> None:
        """Let the offered version take over. Nothing happens while none is offered."""
        if self.version is not None and self.applier is not None:
            self.applier()


class HostActions:
    """The surface around the app, for views."""

    def __init__(self, ports: Ports) -> None:
        self._host = ports.host

    def copy(self, text: str) -> None:
        """To the clipboard."""
        self._host.copy(text)

    def share(self, title: str, text: str) -> None:
        """Offer to other apps."""
        self._host.share(title, text)

    def open_link(self, url: str) -> None:
        """Open tel:, sms: or an address of our own origin."""
        self._host.open_link(url)

    def print_text(self, title: str, lines: list[str]) -> None:
        """Print plain text."""
        self._host.print_text(title, lines)

    def local_offset(self, at: int) -> int:
        """Minutes that local time is ahead of UTC at `at` (ms)."""
        return self._host.local_offset(at)


class Client:
    """One device's client. Queries answer from memory; actions are asynchronous and raise AppError."""

    gate: Gate
    founding: Founding
    joining: Joining
    inviting: Inviting
    people: People
    visits: Visits
    incidents: Incidents
    alarms: Alarms
    sync: Sync
    host: HostActions
    update: Update

    def clock(self) -> int:
        """Device clock, ms."""
        raise NotImplementedError

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back, without arguments, after anything a view may show has changed. Returns how to stop."""
        raise NotImplementedError

    def host_event(self, name: str, value: dict[str, Any]) -> None:
        """What the surface around tells: nudge, outbox, alarm, online, update, visible (docs/architecture.md)."""
        raise NotImplementedError

    async def run(self) -> None:
        """Sync in the background until `stop`."""
        raise NotImplementedError

    async def stop(self) -> None:
        """End `run` and wait for it."""
        raise NotImplementedError


def build_client(ports: Ports, timing: Timing | None = None) -> Client:
    """The client on these ports."""
    raise NotImplementedError
