"""All native ports of one device, wired over one directory."""

import random
from collections.abc import Callable
from pathlib import Path

from mobile_app.adapters.native.alarm_file import AlarmFile
from mobile_app.adapters.native.alarm_store import NativeAlarmStore
from mobile_app.adapters.native.host import NativeHost, system_clock
from mobile_app.adapters.native.key_ring import KeyRing
from mobile_app.adapters.native.keys import NativeKeys
from mobile_app.adapters.native.net import NativeNet
from mobile_app.adapters.native.outbox import NativeOutbox
from mobile_app.adapters.native.passphrase import STRONG, Argon2Cost
from mobile_app.adapters.native.sealer import NativeSealer
from mobile_app.adapters.native.signing import RequestSigner
from mobile_app.adapters.native.vault import NativeVault


class NativeDevice:
    """One object a port. Another one on the same directory, after `close` or after the process has died, goes on from there."""

    def __init__(
        self,
        directory: Path,
        server_url: str,
        *,
        clock: Callable[[], int] = system_clock,
        cost: Argon2Cost = STRONG,
        chance: random.Random | None = None,
    ) -> None:
        ring = KeyRing()
        self._alarm_file = AlarmFile(directory / "alarm.sqlite")
        self.keys = NativeKeys(ring, self._alarm_file)
        self.sealer = NativeSealer(ring, self._alarm_file)
        self.vault = NativeVault(directory, ring, self._alarm_file, clock, cost)
        self.net = NativeNet(server_url, RequestSigner(ring, self._alarm_file, clock))
        self.outbox = NativeOutbox(self.vault, self._alarm_file, self.net, clock, chance)
        self.alarm_store = NativeAlarmStore(ring, self._alarm_file, self.outbox, self.net, clock)
        self.host = NativeHost(clock)

    def close(self) -> None:
        """Close files and connections; nothing is sent or written any more."""
        self.net.close()
        self.vault.close()
        self._alarm_file.close()
