"""What the views ask of the page around the canvas. `main` gives the browser's; tests give their own."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mobile_app.views.app import Outside


class Surface(Protocol):
    """The page that the app is drawn in."""

    def layer(self, mode: str) -> None:
        """Where the alarm strip lies: "nav" (above the bar, or at the foot of the rail), "flow" (at the very bottom), "none"."""

    def title(self, words: str) -> None:
        """The name of the window and of the entry in the browser's history."""

    def painted(self) -> None:
        """The first screen has been handed over for drawing."""

    async def outside(self) -> "Outside":
        """What is known without the vault, for the locked screen."""
