"""What the tests with real clients share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.loop_thread import LoopThread
from tests.support.simulated import Fleet, Story


@pytest.fixture
def tell(loop_thread: LoopThread, tmp_path: Path) -> Callable[[Story], None]:
    """Runs a story with phones of its own, and switches them off whatever happens."""

    async def whole(story: Story) -> None:
        fleet = Fleet(tmp_path)
        try:
            await story(fleet)
        finally:
            await fleet.close()

    return lambda story: loop_thread.run(whole(story), seconds=120)
