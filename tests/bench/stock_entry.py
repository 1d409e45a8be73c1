"""`main.py` of the stock build: the app's own client and screens on ports that hold nothing.

It stands in for `mobile_app.main:start()`, which needs our worker's JavaScript. Nothing is asked of the browser, so the stock build
does less here than ours: its answer to "which unit?" is ready at once.
"""

import asyncio
import time
from typing import Any

import flet as ft

from mobile_app.main import VERSION
from mobile_app.ports import PortError, VaultState
from mobile_app.services.client import Ports, build_client
from mobile_app.views.app import Outside
from mobile_app.views.session import open_app


class Absent:
    """A port where everything fails as it does without coverage."""

    def __getattr__(self, name: str) -> Any:
        async def absent(*_: Any, **__: Any) -> Any:
            raise PortError("offline", name)

        return absent


class Vault(Absent):
    """A device that has never joined."""

    async def state(self) -> VaultState:
        """See `mobile_app.ports.Vault.state`."""
        return VaultState.NONE


class Outbox(Absent):
    """Nothing waits to be sent."""

    async def flush(self) -> int:
        """See `mobile_app.ports.Outbox.flush`."""
        return 0


class Host(Absent):
    """Clock and promises."""

    def now(self) -> int:
        """See `mobile_app.ports.Host.now`."""
        return time.time_ns() // 1_000_000

    def local_offset(self, _: int) -> int:
        """See `mobile_app.ports.Host.local_offset`."""
        return 60

    async def persist(self) -> bool:
        """See `mobile_app.ports.Host.persist`."""
        return True


class Page:
    """A page that does nothing when asked."""

    def layer(self, mode: str) -> None:
        """See `Surface.layer`."""

    def title(self, words: str) -> None:
        """See `Surface.title`."""

    def painted(self) -> None:
        """See `Surface.painted`."""

    async def outside(self) -> Outside:
        """See `Surface.outside`."""
        return Outside()


def main(page: ft.Page) -> None:
    """Draw the app, and start its background work as the real entry does."""
    absent: Any = Absent()
    vault: Any = Vault()
    outbox: Any = Outbox()
    host: Any = Host()
    client = build_client(Ports(absent, absent, vault, outbox, absent, absent, host))
    open_app(page, client, Page(), version=VERSION)
    background.append(asyncio.ensure_future(client.run()))


background: list[asyncio.Future[None]] = []
if __name__ == "__main__":
    ft.run(main)
