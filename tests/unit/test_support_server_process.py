"""Starting, stopping, killing and restarting a process that behaves as the server's command line does."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.server_process import ServerProcess, free_port

pytestmark = pytest.mark.integration

# The smallest program with the same promises: the options, the line it prints when ready, and an end in order.
PROGRAM = """
import argparse, http.server, pathlib, signal, sys
parser = argparse.ArgumentParser()
parser.add_argument("verb"); parser.add_argument("--host"); parser.add_argument("--port", type=int)
parser.add_argument("--data", type=pathlib.Path); parser.add_argument("--fail", action="store_true")
parser.add_argument("--deaf", action="store_true")
given = parser.parse_args()
if given.fail:
    sys.exit("the data folder is from a newer version")
server = http.server.ThreadingHTTPServer((given.host, given.port), http.server.SimpleHTTPRequestHandler)
starts = given.data / "starts"
starts.write_text(str(int(starts.read_text()) + 1 if starts.exists() else 1))
signal.signal(signal.SIGTERM, signal.SIG_IGN if given.deaf else lambda *_: (print("ended in order"), sys.exit(0)))
print(f"Set up the first unit: http://{given.host}:{given.port}/oppsett#t=secret{starts.read_text()}.")
print(f"Ready http://{given.host}:{given.port}/", flush=True)
server.serve_forever()
"""
COMMAND = (sys.executable, "-c", PROGRAM)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path / "data", command=COMMAND)
    yield server
    server.kill()


def test_starts_and_stops_in_order(server: ServerProcess) -> None:
    server.start()
    assert server.running
    assert server.url == f"http://127.0.0.1:{server.port}"
    assert requests.get(server.url, timeout=5).status_code == 200
    assert server.setup_link == f"{server.url}/oppsett#t=secret1"
    assert server.stop() == 0
    assert not server.running
    assert server.log.endswith("ended in order\n")


def test_restarts_on_the_same_port_and_data(server: ServerProcess) -> None:
    server.start()
    port, pid = server.port, server.pid
    server.restart()
    assert (server.port, server.pid != pid) == (port, True)
    assert (server.data_dir / "starts").read_text() == "2"
    assert server.setup_link.endswith("secret2")
    assert requests.get(server.url, timeout=5).status_code == 200


def test_kills(server: ServerProcess) -> None:
    server.start()
    server.kill()
    assert not server.running
    assert "ended in order" not in server.log
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(server.url, timeout=5)
    server.start()
    assert server.running


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, command=COMMAND, options=["--fail"])
    with pytest.raises(AssertionError, match="the server ended:\nthe data folder is from a newer version"):
        server.start()
    assert not server.running


def test_a_server_that_does_not_end_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.server_process.STOP_SECONDS", 0.3)
    server = ServerProcess(tmp_path, command=COMMAND, options=["--deaf"]).start()
    with pytest.raises(AssertionError, match="did not end within"):
        server.stop()
    assert not server.running


def test_waits_for_a_line(server: ServerProcess) -> None:
    server.start()
    requests.get(f"{server.url}/no-such-file", timeout=5)
    assert server.wait_for_log(r"GET /no-such-file .* 404")
    with pytest.raises(AssertionError, match="did not print it within"):
        server.wait_for_log("never said", seconds=0.2)


def test_no_link_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no set-up link"):
        _ = ServerProcess(tmp_path, port=free_port()).setup_link


def test_nothing_is_left_behind(server: ServerProcess) -> None:
    server.start()
    process = server._process
    assert process is not None
    server.kill()
    assert process.returncode == -signal.SIGKILL
