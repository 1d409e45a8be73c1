"""Alarms."""

from mobile_app.domain.alarm import Alarm
from mobile_app.ports import OwnAlarm


class Alarms:
    """What others raised, and my own."""

    def active(self) -> list[Alarm]:
        raise NotImplementedError

    def recent(self) -> list[Alarm]:
        raise NotImplementedError

    def get(self, case: str) -> Alarm | None:
        raise NotImplementedError

    async def opened(self, case: str) -> None:
        raise NotImplementedError

    async def take(self, case: str) -> None:
        raise NotImplementedError

    def own(self) -> list[OwnAlarm]:
        raise NotImplementedError
