"""Port `Keys` on WebCrypto."""

import json

from mobile_app.adapters.browser.bridge import TryggKeys, ask
from mobile_app.adapters.texts import read_device_keys
from mobile_app.ports import DeviceKeys, Jwk


class BrowserKeys:
    """Private halves never reach Python."""

    def __init__(self, trygg: TryggKeys) -> None:
        self._trygg = trygg

    async def generate(self) -> DeviceKeys:
        """See `Keys.generate`."""
        return read_device_keys(await ask(self._trygg.generate()))

    async def kept(self) -> DeviceKeys:
        """See `Keys.kept`."""
        return read_device_keys(await ask(self._trygg.kept()))

    async def one_time(self) -> Jwk:
        """See `Keys.one_time`."""
        jwk: Jwk = json.loads(await ask(self._trygg.oneTime()))
        return jwk
