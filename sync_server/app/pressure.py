"""Refusing in time: request rates per address and device, and room on the disk. Alarms have a share of their own in each."""

import math
import shutil
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from protocol.errors import ErrorCode
from protocol.kinds import Coarse

MEGABYTE = 1_000_000
_BURST_SECONDS = 10
_RESERVED_SHARE = 5
_DEVICE_SHARE = 5
_REMEMBERED = 20_000
_DISK_LOOK_SECONDS = 1.0


class Buckets:
    """Token buckets by name: `rate` a second, ten seconds' worth at once. Those not seen for long are forgotten first."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._most = rate * _BURST_SECONDS
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, cost: float = 1) -> bool:
        """Whether `cost` could be taken. More than a full bucket is let through when it is full."""
        if not self._rate:
            return True
        now = self._clock()
        left, seen = self._left.pop(name, (self._most, now))
        left = min(self._most, left + (now - seen) * self._rate)
        enough = left >= min(cost, self._most)
        self._left[name] = (left - cost if enough else left, now)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)
        return enough

    def seconds(self, name: str) -> int:
        """Whole seconds until one can be taken again, at least 1."""
        left, _ = self._left.get(name, (self._most, 0.0))
        return max(1, math.ceil((1 - left) / self._rate)) if self._rate else 1


class Pressure:
    """Admission by address, device and disk. `rate`: requests a second and address, 0 for no limit.

    `disk_reserve`: MB that only urgent events may use; `free`: asks the file system, bytes; `clock`: seconds.
    """

    def __init__(
        self,
        *,
        folder: Path,
        rate: int,
        disk_reserve: int,
        clock: Callable[[], float] = time.monotonic,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._folder = folder
        self._free = free
        self._clock = clock
        self._reserve = disk_reserve * MEGABYTE
        self._addresses = Buckets(rate, clock)
        self._addresses_urgent = Buckets(rate / _RESERVED_SHARE, clock)
        self._devices = Buckets(rate / _DEVICE_SHARE, clock)
        self._devices_urgent = Buckets(rate / _DEVICE_SHARE / _RESERVED_SHARE, clock)
        self._low = False
        self._looked = -math.inf

    def admit(self, address: str) -> bool:
        """Whether an address may ask for anything now."""
        return self._addresses.take(address)

    def admit_reserve(self, address: str) -> bool:
        """Whether it may still send what could be an alarm."""
        return self._addresses_urgent.take(address)

    def wait(self, address: str) -> int:
        """Seconds until the address may ask again."""
        return self._addresses.seconds(address)

    def low_disk(self) -> bool:
        """Whether only the reserve is left. Asks the file system at most once a second."""
        now = self._clock()
        if now - self._looked >= _DISK_LOOK_SECONDS:
            self._looked = now
            self._low = self._free(self._folder) < self._reserve
        return self._low

    def refusal(self, device: str, kind: Coarse, *, reserve: bool) -> ErrorCode | None:
        """Why one event of `kind` can't be taken from `device` now. `reserve`: the request came in on its address's reserve."""
        if kind is Coarse.URGENT:
            enough = self._devices.take(device) or self._devices_urgent.take(device)
            return None if enough else ErrorCode.RATE_LIMITED
        if self.low_disk():
            return ErrorCode.STORAGE_FULL
        return ErrorCode.RATE_LIMITED if reserve or not self._devices.take(device) else None
