"""The real server, `trygg-ute serve`, in a process of its own on a loopback port."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

READY = re.compile(r"^Ready (?P<url>https?://\S+)", re.MULTILINE)
SETUP_LINK = re.compile(r"https?://\S+#\S+")

START_SECONDS = 30.0
STOP_SECONDS = 15.0

# The same entry point as the installed command, whatever environment the tests run in.
COMMAND = (
    sys.executable,
    "-c",
    "import sys; from sync_server.cli import main; sys.argv[0] = 'trygg-ute'; sys.exit(main())",
)


def free_port() -> int:
    """A loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """One server and its log. A server that fails to start raises with its log; nothing is retried."""

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        app_dir: Path | None = None,
        options: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.data_dir = data_dir
        self.port = free_port() if port is None else port
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [
            *command,
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--data",
            str(data_dir),
        ]
        if app_dir is not None:
            self._command += ["--app", str(app_dir)]
        self._command += options
        self._env = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = True
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> ServerProcess:
        """Start it and wait for its `Ready` line."""
        if self.running:
            raise RuntimeError("the server is running already")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._changed:
            first_line = len(self._lines)
            self._ended = False
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=self._env,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        match = self._wait_for(READY, START_SECONDS, first_line)
        self.url = match["url"].rstrip("/")
        return self

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id, while it runs."""
        if self._process is None:
            raise RuntimeError("the server was never started")
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything printed so far, over all starts."""
        with self._changed:
            return "".join(self._lines)

    @property
    def setup_link(self) -> str:
        """The newest link with a secret in its fragment that the server has printed."""
        links = SETUP_LINK.findall(self.log)
        if not links:
            raise AssertionError(f"no set-up link in the server's log:\n{self.log}")
        return str(links[-1]).rstrip(".,")

    def wait_for_log(self, pattern: str, *, seconds: float = 10.0) -> re.Match[str]:
        """Wait until the log matches a regular expression (multi-line)."""
        return self._wait_for(re.compile(pattern, re.MULTILINE), seconds, 0)

    def stop(self) -> int:
        """End it in order (SIGTERM) and return its exit code; a server that doesn't end is killed and that is an error."""
        process = self._process
        if process is None or process.poll() is not None:
            return 0 if process is None else process.returncode
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end within {STOP_SECONDS:g} s:\n{self.log}") from None
        self._join()
        return code

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
        self._join()

    def restart(self) -> ServerProcess:
        """Stop it in order if it runs, and start it on the same port and data."""
        self.stop()
        return self.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                with self._changed:
                    self._lines.append(line)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _join(self) -> None:
        if self._reader is not None:
            self._reader.join(STOP_SECONDS)

    def _wait_for(self, pattern: re.Pattern[str], seconds: float, first_line: int) -> re.Match[str]:
        def found() -> re.Match[str] | None:
            return pattern.search("".join(self._lines[first_line:]))

        with self._changed:
            self._changed.wait_for(lambda: found() is not None or self._ended, timeout=seconds)
            match = found()
            if match is not None:
                return match
            log = "".join(self._lines)
            why = "ended" if self._ended else f"did not print it within {seconds:g} s"
        self.kill()
        raise AssertionError(f"waiting for {pattern.pattern!r}: the server {why}:\n{log}")
