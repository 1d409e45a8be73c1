"""What the surface around the app tells Python: events by name, each with a JSON object (docs/architecture.md)."""

import json
from collections.abc import Callable
from typing import Any

Listener = Callable[[dict[str, Any]], None]


class HostEvents:
    """Hands each event to whoever listens to its name. `deliver` is what JavaScript calls."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}

    def on(self, name: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` at each event of this name. Returns how to stop; stopping twice does nothing."""
        self._listeners.setdefault(name, []).append(listener)

        def stop() -> None:
            if listener in self._listeners[name]:
                self._listeners[name].remove(listener)

        return stop

    def deliver(self, name: str, value: str) -> None:
        """Take one event from JavaScript."""
        raw = json.loads(value) if value else None
        content = raw if isinstance(raw, dict) else {}
        for listener in list(self._listeners.get(name, ())):
            listener(content)
