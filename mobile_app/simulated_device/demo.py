"""`python -m mobile_app.simulated_device.demo`: a server with a made-up unit, and links to look at it from a browser.

Without --url it starts a server of its own. It ends with Ctrl-C; the next run goes on with the same unit.
"""

import argparse
import asyncio
import re
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from mobile_app.services.client import AppError
from mobile_app.simulated_device.cast import LEADER, OTHERS, UNIT_NAME, Cast
from protocol.invites import Role

START_SECONDS = 60.0
SCENE_SECONDS = 60.0
_READY = re.compile(r"^Ready (\S+)")
_SETUP = re.compile(r"^Set-up link: (\S+)")


class DemoFailed(Exception):
    """The demo can't go on; the text says why and what to do."""


class OwnServer:
    """`trygg-ute serve` as a child process."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self._rest: asyncio.Task[None] | None = None
        self.url = ""
        self.setup_link = ""

    @classmethod
    async def start(cls, host: str, port: int, data: Path, app: Path) -> "OwnServer":
        """Start it and wait until it is ready. Raises DemoFailed."""
        command = [sys.executable, "-m", "sync_server.cli", "serve", "--host", host, "--port", str(port)]
        with _log_file(data) as log:
            process = await asyncio.create_subprocess_exec(
                *command, "--data", str(data), "--app", str(app), stdout=asyncio.subprocess.PIPE, stderr=log
            )
        server = cls(process, data / "server.log")
        try:
            async with asyncio.timeout(START_SECONDS):
                await server._read_until_ready()
        except TimeoutError as error:
            await server.stop()
            raise DemoFailed("The server did not get ready.") from error
        server._rest = asyncio.create_task(server._read_rest())
        return server

    async def ended(self) -> None:
        """Wait until the process has ended by itself."""
        await self._process.wait()

    async def stop(self) -> None:
        """End it in order."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        await self._process.wait()
        if self._rest is not None:
            await self._rest

    async def _read_until_ready(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        while line := (await self._process.stdout.readline()).decode():
            if found := _SETUP.match(line):
                self.setup_link = found[1]
            if found := _READY.match(line):
                self.url = found[1]
                return
        raise DemoFailed(f"The server did not start. {self._log} says:\n{self._log.read_text()[-1000:]}")

    async def _read_rest(self) -> None:
        # Read so that the pipe never fills.
        assert self._process.stdout is not None  # noqa: S101
        while await self._process.stdout.readline():
            pass


def _log_file(data: Path) -> BinaryIO:
    # The server's log goes to a file, so that the links stay in sight.
    data.mkdir(parents=True, exist_ok=True)
    return (data / "server.log").open("ab")


def say(line: str = "") -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


async def show(cast: Cast, url: str) -> None:
    """Print what a person needs to look at the demo. Raises AppError."""
    say()
    say(f"{UNIT_NAME} – {url}")
    say("Åpne en lenke i nettleseren for å bli med (hver lenke virker én gang, i 48 timer):")
    for role, title in ((Role.LEADER, "leder"), (Role.EMPLOYEE, "ansatt"), (Role.SAFETY_REP, "verneombud")):
        invite = await cast.leader.inviting.invite(role)
        say(f"  som {title + ':':<12} {invite.link}")
    say(f"Enhetens ord, like hos alle: {' '.join(cast.leader.people.words)}")
    say("Simulerte personer og passfrasene deres:")
    for part in (LEADER, *OTHERS):
        say(f"  {part.name:<14} {part.title:<11} {part.passphrase}")
    say()


async def run(options: argparse.Namespace) -> None:
    """The demo from start to Ctrl-C. Raises DemoFailed."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    own: OwnServer | None = None
    if not options.url:
        own = await OwnServer.start(options.host, options.port, options.data / "server", options.app)
    url, link = (own.url, own.setup_link) if own else (options.url.rstrip("/"), options.setup_link)
    cast = Cast(options.data / "phones", url, say)
    try:
        say("Setter opp demoenheten …")
        async with asyncio.timeout(SCENE_SECONDS):
            await cast.enter(link.partition("#")[2])
            await cast.play()
            await show(cast, url)
        if own is None and not options.keep_running:
            return
        say(f"{LEADER.name} svarer på det som kommer. Avslutt med Ctrl-C.")
        waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(cast.answer())]
        if own:
            waits.append(asyncio.ensure_future(own.ended()))
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        if waits[0] not in done:
            raise DemoFailed("The server has ended.")
    except AppError as error:
        hint = (
            " Give the server's set-up link with --setup-link." if error.code == "setup_token_wrong" else ""
        )
        raise DemoFailed(f"The server refused: {error}.{hint}") from error
    except TimeoutError as error:
        raise DemoFailed(f"The unit was not ready within {SCENE_SECONDS:.0f} s.") from error
    finally:
        await cast.leave()
        if own:
            await own.stop()


def parser() -> argparse.ArgumentParser:
    """Options of the command."""
    top = argparse.ArgumentParser(prog="demo", description="A server with a made-up unit to look at.")
    top.add_argument("--url", default="", help="a server that runs already (default: start one)")
    top.add_argument("--setup-link", default="", help="its set-up link, for the first run")
    top.add_argument("--keep-running", action="store_true", help="with --url: stay and answer what comes")
    top.add_argument("--host", default="127.0.0.1", help="address of the server it starts (%(default)s)")
    top.add_argument("--port", type=int, default=8080, help="its port (%(default)s)")
    top.add_argument("--app", type=Path, default=Path("build/pwa"), help="the built app (%(default)s)")
    top.add_argument(
        "--data", type=Path, default=Path("data/demo"), help="where it keeps everything (%(default)s)"
    )
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    try:
        asyncio.run(run(parser().parse_args(argv)))
    except DemoFailed as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
