"""The first Python that runs in the browser: finds the app's archives and starts it. Text of python-worker.js."""

import importlib
import inspect
import random
import sys

ARCHIVES = ("/app.zip", "/packages.zip")


async def boot() -> None:
    """Import the app and start it; Flet then waits for the client to connect."""
    random.seed()  # Python may have come from a memory image, and every phone from the same one
    for archive in reversed(ARCHIVES):
        if archive not in sys.path:
            sys.path.insert(0, archive)
    started = importlib.import_module("mobile_app.main").start()
    if inspect.isawaitable(started):
        await started
