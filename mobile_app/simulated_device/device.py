"""One phone: the client on native adapters, over one directory."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mobile_app.adapters.native.device import NativeDevice
from mobile_app.adapters.native.host import system_clock
from mobile_app.adapters.native.passphrase import LIGHT, Argon2Cost
from mobile_app.ports import PortError
from mobile_app.services.client import Client, Timing, build_client
from mobile_app.services.context import Ports

PAGE_SECONDS = 1.0
"""How often the phone does what the page does beside the app: send what waits, ask what came of own alarms."""


class SimulatedDevice:
    """A phone. Another object on the same directory, after `stop`, `kill` or the death of the process, goes on from there.

    `client` does what a person would do with the app; `native` holds the adapters below it.
    """

    def __init__(
        self,
        directory: Path,
        server_url: str,
        *,
        clock: Callable[[], int] = system_clock,
        cost: Argon2Cost = LIGHT,
        chance: random.Random | None = None,
        timing: Timing | None = None,
    ) -> None:
        self.native = NativeDevice(directory, server_url, clock=clock, cost=cost, chance=chance)
        native = self.native
        self.client: Client = build_client(
            Ports(
                native.keys,
                native.sealer,
                native.vault,
                native.outbox,
                native.net,
                native.alarm_store,
                native.host,
            ),
            timing,
        )
        native.outbox.on_change = lambda: self.client.host_event("outbox", {})
        native.alarm_store.on_change = lambda: self.client.host_event("alarm", {})
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Switch the phone on: look at what it holds, and go on with it in the background."""
        await self.client.gate.start()
        self._tasks = [asyncio.create_task(self.client.run()), asyncio.create_task(self._be_the_page())]

    async def stop(self) -> None:
        """Switch it off in order."""
        if self._tasks:
            await self.client.stop()
        await self._cancel()
        await self.native.net.hush()
        self.native.close()

    async def kill(self) -> None:
        """End it as an empty battery would: whatever is not on disk yet is lost."""
        await self._cancel()
        self.native.close()

    async def raise_alarm(self, *, drill: bool = False, silent: bool = False) -> str:
        """Press the alarm button, which works also while the app is locked. Returns the case."""
        return await self.native.alarm_store.raise_alarm(drill=drill, silent=silent)

    async def say_safe(self) -> None:
        """Press "jeg er trygg": ends the open alarm."""
        await self.native.alarm_store.say_safe()

    async def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _be_the_page(self) -> None:
        while True:
            await self.native.outbox.flush()
            with suppress(PortError):
                await self.native.alarm_store.refresh()
            await asyncio.sleep(PAGE_SECONDS)
