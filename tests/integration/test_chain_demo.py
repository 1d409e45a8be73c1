"""The demo: one command gives a server, a unit at work and links that let a person in; and its leader answers."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobile_app.simulated_device.cast import LEADER, UNIT_NAME
from tests.support.loop_thread import LoopThread
from tests.support.server_process import free_port
from tests.support.simulated import Fleet
from tests.support.waiting import wait_until

pytestmark = pytest.mark.integration


class Demo:
    """A running demo and what it has printed."""

    def __init__(self, data: Path, port: int, app: Path) -> None:
        command = [sys.executable, "-m", "mobile_app.simulated_device.demo", "--port", str(port)]
        self.process = subprocess.Popen(
            [*command, "--data", str(data), "--app", str(app)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def printed(self) -> str:
        """Everything so far."""
        return "".join(self._lines)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the demo has printed this."""

        def found() -> re.Match[str] | None:
            match = re.search(pattern, self.printed)
            if match is None and self.process.poll() is not None and not self._reader.is_alive():
                raise AssertionError(f"the demo ended with {self.process.returncode}:\n{self.printed}")
            return match

        match = wait_until(found, f"{pattern!r} in the demo's output", seconds=60)
        assert match is not None
        return match

    def end(self) -> int:
        """Ctrl-C."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(20)
        self._reader.join(5)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self._lines.extend(lines)


@pytest.fixture
def running() -> Iterator[list[Demo]]:
    """Demos that are ended whatever happens."""
    demos: list[Demo] = []
    yield demos
    for demo in demos:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(20)


def test_the_demo_lets_people_in_answers_them_and_goes_on_later(
    running: list[Demo], loop_thread: LoopThread, tmp_path: Path
) -> None:
    port = free_port()
    demo = Demo(tmp_path / "demo", port, tmp_path)
    running.append(demo)
    link = demo.wait_for(r"som ansatt: +(\S+)")[1]
    words = demo.wait_for(r"Enhetens ord, like hos alle: (.+)")[1].split()
    demo.wait_for(f"{LEADER.name} har åpnet en hendelse fra Per Solbakken")

    async def join_and_call(fleet: Fleet) -> None:
        try:
            guest = await fleet.person("Gro Gjest", f"http://127.0.0.1:{port}")
            preview = await guest.client.joining.preview(link)
            assert (preview.unit_name, list(preview.words)) == (UNIT_NAME, words)
            await guest.client.joining.join(guest.name, guest.phone, guest.passphrase)
            alarm = await guest.device.raise_alarm(drill=True)
            await guest.until(
                lambda c: any(
                    a.case == alarm and "taken" in {s["state"] for s in a.seen} for a in c.alarms.own()
                ),
                "the simulated leader to take the alarm",
                seconds=30,
            )
        finally:
            await fleet.close()

    loop_thread.run(join_and_call(Fleet(tmp_path / "guests")))
    demo.wait_for(f"{LEADER.name} har tatt alarmen fra Gro Gjest")
    assert demo.end() == 0

    again = Demo(tmp_path / "demo", port, tmp_path)
    running.append(again)
    assert again.wait_for(r"Enhetens ord, like hos alle: (.+)")[1].split() == words
    assert again.wait_for(r"som leder: +(\S+)")[1] not in demo.printed
    again.wait_for(f"{LEADER.name} har sett at Amina Yusuf er på besøk")
    assert again.end() == 0
