"""Attacks on the real server process: whatever strangers and colleagues do, an alarm gets in and goes only where it belongs."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.encoding import compact_json
from protocol.errors import ErrorCode
from protocol.jose import public
from sync_server.connection import HEAD_BYTES, HEAD_SECONDS
from tests.conftest import ServerFactory
from tests.support.server_client import Person, TestUnit, error_code, found_unit, loopback, token_of
from tests.support.server_process import COMMAND, ServerProcess

pytestmark = pytest.mark.integration

HANDLES = 128


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server with few file handles, which it can't raise."""
    shell = ("bash", "-c", f'ulimit -n {HANDLES}; exec "$0" "$@"', *COMMAND)
    server = ServerProcess(tmp_path / "data", command=shell).start()
    yield server
    server.stop()


def ring(server: ServerProcess, unit: TestUnit, sender: Person) -> bool:
    """Whether an alarm gets in."""
    alarm = sender.event("alarm.raised", [public(unit.leader.encryption)])
    answer = sender.send(loopback(server.url), alarm)
    return answer.status_code == 200 and answer.json()["results"][0]["status"] == "accepted"


def test_half_requests_do_not_hold_the_server(narrow: ServerProcess) -> None:
    unit = found_unit(loopback(narrow.url), token_of(narrow.setup_link))
    with contextlib.ExitStack() as held:
        lines = []
        for _ in range(HANDLES + 20):
            line = held.enter_context(socket.create_connection(("127.0.0.1", narrow.port), timeout=30))
            with contextlib.suppress(OSError):  # there are no handles left: that is what the attack is for
                line.sendall(b"POST /api/v1/units HTTP/1.1\r\nHost: x\r\n")
            lines.append(line)
        for line in lines:
            with contextlib.suppress(ConnectionError):
                assert line.recv(1) == b"", f"still open after {HEAD_SECONDS:g} s"
        assert ring(narrow, unit, unit.leader)


def test_a_second_request_must_come_whole_too(server_factory: ServerFactory) -> None:
    server = server_factory()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert line.recv(65_536).startswith(b"HTTP/1.1 200")
        line.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        with contextlib.suppress(ConnectionError):
            while line.recv(65_536):
                pass


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nX-Long: "])
def test_a_head_has_an_end(server_factory: ServerFactory, start: bytes) -> None:
    server = server_factory()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as line:
        sent = 0
        with contextlib.suppress(ConnectionError):
            line.sendall(start)
            while sent < 1000 * HEAD_BYTES:
                line.sendall(b"a" * HEAD_BYTES)
                sent += HEAD_BYTES
        assert sent < 1000 * HEAD_BYTES


def test_what_belongs_to_one_unit_opens_nothing_in_another(server_factory: ServerFactory) -> None:
    """Two units on one server: cookies, cursors, signed requests, invites, statements and envelopes stay where they were made."""
    server = server_factory()
    wire = loopback(server.url)
    one = found_unit(wire, token_of(server.setup_link))
    another = [*COMMAND, "setup-link", "--data", str(server.data_dir)]
    link = subprocess.run(another, capture_output=True, text=True, timeout=30, check=True).stdout
    two = found_unit(wire, token_of(link.strip()))
    kari, siv = one.leader, two.leader
    alarm = kari.event("alarm.raised", [public(kari.encryption)])
    assert kari.send(wire, alarm).status_code == 200

    cookie = kari.session(wire)
    for path in ("feed", "roster", "live", "invites", f"alarms/{alarm['id']}"):
        answer = wire("GET", f"{siv.base}/{path}", None, cookie)
        assert (answer.status_code, error_code(answer)) == (401, ErrorCode.SESSION_NEEDED), path

    cursor = kari.pull(wire)["cursor"]
    assert error_code(siv.ask(wire, "GET", f"{siv.base}/feed?cursor={cursor}")) == ErrorCode.CURSOR_INVALID

    body = compact_json({"events": [alarm]})
    signed = kari.authorization("POST", f"{kari.base}/events", body)
    assert error_code(wire("POST", f"{siv.base}/events", body, signed)) == ErrorCode.WRONG_UNIT
    sent = siv.send(wire, alarm).json()["results"][0]
    assert sent["error"]["code"] == ErrorCode.WRONG_UNIT

    _, _, package = one.grant()
    assert error_code(siv.ask(wire, "POST", f"{siv.base}/invites", package)) == ErrorCode.WRONG_UNIT
    grant, one_time = one.invite(wire)
    stranger = Person(kari.server, two.leader.unit)
    assert two.append(wire, two.join_version(stranger, grant, one_time)).status_code == 422

    for swapped in (
        f"{kari.base}/feed?cursor=",
        f"{kari.base}/feed?cursor=&x=1",
        f"{kari.base}/roster?after=-1",
    ):
        signed = kari.authorization("GET", f"{kari.base}/feed")
        assert error_code(wire("GET", swapped, None, signed)) == ErrorCode.SIGNATURE_WRONG
