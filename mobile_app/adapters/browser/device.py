"""All browser ports of the device."""

from typing import Any

from mobile_app.adapters.browser.alarm_store import BrowserAlarmStore
from mobile_app.adapters.browser.bridge import Trygg
from mobile_app.adapters.browser.events import HostEvents
from mobile_app.adapters.browser.host import BrowserHost
from mobile_app.adapters.browser.keys import BrowserKeys
from mobile_app.adapters.browser.net import BrowserNet
from mobile_app.adapters.browser.outbox import BrowserOutbox
from mobile_app.adapters.browser.sealer import BrowserSealer
from mobile_app.adapters.browser.vault import BrowserVault


class BrowserDevice:
    """One object a port, over `trygg`. `scope`: the worker's global scope."""

    def __init__(self, trygg: Trygg, scope: Any) -> None:
        self.events = HostEvents()
        self.keys = BrowserKeys(trygg.keys)
        self.sealer = BrowserSealer(trygg.sealer)
        self.vault = BrowserVault(trygg.vault)
        self.outbox = BrowserOutbox(trygg.outbox)
        self.net = BrowserNet(trygg.net, self.events, str(scope.location.origin))
        self.alarm_store = BrowserAlarmStore(trygg.alarm)
        self.host = BrowserHost(trygg.host, scope)


def browser_device() -> BrowserDevice:
    """The ports of the worker this runs in, listening to host events. Works under Pyodide only."""
    import js
    from pyodide.ffi import create_proxy

    device = BrowserDevice(js.trygg, js)
    js.self.onHostEvent = create_proxy(device.events.deliver)
    return device
