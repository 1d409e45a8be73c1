"""Saves a draft as it is typed: one save at a time, always the newest text, never a lost one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from mobile_app.services.errors import AppError
from mobile_app.views.app import App

DraftT = TypeVar("DraftT")


class Saver(Generic[DraftT]):
    """`saved`: the newest draft is on the device."""

    def __init__(self, app: App, save: Callable[[DraftT], Awaitable[object]]) -> None:
        self._app = app
        self._save = save
        self._next: DraftT | None = None
        self._task: asyncio.Task[None] | None = None
        self.saved = True

    def put(self, draft: DraftT) -> None:
        """Save this one next."""
        self._app.client.gate.touch()
        self._next = draft
        self.saved = False
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def settle(self) -> bool:
        """Wait until nothing waits; True when all is saved."""
        if self._task is not None:
            await self._task
        return self.saved

    async def _run(self) -> None:
        while self._next is not None:
            draft, self._next = self._next, None
            try:
                await self._save(draft)
            except AppError as problem:
                self._app.error = self._app.words_of(problem)
                self._app.redraw()
                return
        self.saved = True
        self._app.changed()
