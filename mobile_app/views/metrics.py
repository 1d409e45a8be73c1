"""The size of the screen and of the text, as parts need them."""

from dataclasses import dataclass

import flet as ft

from mobile_app.views.theme import LOW, WIDE


@dataclass(frozen=True)
class Metrics:
    """Screen in px, text scale as a factor (2.0 = 200 %)."""

    width: float = 412
    height: float = 915
    scale: float = 1.0

    @property
    def wide(self) -> bool:
        """Room for a rail and two panes."""
        return self.width >= WIDE

    @property
    def low(self) -> bool:
        """A low screen: the frame gives way before the text does."""
        return self.height < LOW

    @property
    def stacked(self) -> bool:
        """Buttons stand under each other instead of side by side."""
        return self.scale > 1.3

    def icon(self, size: int = 24) -> float:
        """Icons grow with the text, up to one and a half."""
        return size * min(1.5, max(1.0, self.scale))

    @property
    def strip(self) -> int:
        """Height of the alarm strip that the page lays over us."""
        return 56 if self.low else 60

    @property
    def bar(self) -> int:
        """Height of the bottom bar."""
        return 64 if self.low else 76


def current() -> Metrics:
    """The measures of the session that is being drawn; the usual phone where none is."""
    try:
        data = ft.context.page.data
    except RuntimeError:
        return Metrics()
    return data if isinstance(data, Metrics) else Metrics()
