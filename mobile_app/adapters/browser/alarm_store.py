"""Port `AlarmStore`: what the alarm page works with and what it has raised."""

import json

from mobile_app.adapters.browser.bridge import TryggAlarm, ask
from mobile_app.adapters.texts import read_alarm, read_setup, setup_text
from mobile_app.ports import AlarmSetup, OwnAlarm, PortError


class BrowserAlarmStore:
    """Reads and provisions. In the browser an alarm is raised by the alarm page, never by Python."""

    def __init__(self, trygg: TryggAlarm) -> None:
        self._trygg = trygg

    async def provision(self, setup: AlarmSetup) -> None:
        """See `AlarmStore.provision`."""
        await ask(self._trygg.provision(setup_text(setup)))

    async def setup(self) -> AlarmSetup | None:
        """See `AlarmStore.setup`."""
        return read_setup(await ask(self._trygg.setup()))

    async def alarms(self) -> list[OwnAlarm]:
        """See `AlarmStore.alarms`."""
        return [read_alarm(raw) for raw in json.loads(await ask(self._trygg.alarms()))]

    async def raise_alarm(self, *, drill: bool = False, silent: bool = False) -> str:  # noqa: ARG002 - the port's signature
        """Refused: see the class. Raises PortError(refused)."""
        raise PortError("refused", "the alarm page raises alarms")
