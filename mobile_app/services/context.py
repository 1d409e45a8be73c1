"""The machine under the client: its ports, and the time and chance that tests replace."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from mobile_app.ports import AlarmStore, Host, Keys, Net, Outbox, Sealer, Vault


@dataclass(frozen=True)
class Ports:
    """One adapter of each port."""

    keys: Keys
    sealer: Sealer
    vault: Vault
    outbox: Outbox
    net: Net
    alarm_store: AlarmStore
    host: Host


@dataclass(frozen=True)
class Timing:
    """Waiting and chance. `monotonic`: seconds, never set back. `jitter`: a number from 0 to 1."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = field(default_factory=lambda: random.Random().random)  # noqa: S311
