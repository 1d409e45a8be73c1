"""The server as a process of its own: start, stop, power cuts, many at once, and what it says to whoever runs it."""

from __future__ import annotations

import os
import random
import re
import socket
import sqlite3
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from protocol.ids import new_id
from protocol.jose import public
from tests.conftest import ServerFactory
from tests.support.server_client import Person, TestUnit, Wire, found_unit, loopback, token_of
from tests.support.server_process import COMMAND, ServerProcess, free_port
from tests.support.tcp_proxy import TcpProxy
from tests.support.waiting import wait_until

pytestmark = pytest.mark.integration

STOP_SECONDS = 3.0


def cli(*arguments: str, seconds: float = 20) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def start(factory: ServerFactory, data: Path | None = None, **options: Any) -> tuple[ServerProcess, Wire]:
    server = factory(data, **options)
    return server, loopback(server.url)


def seal_to(*people: Person) -> list[dict[str, str]]:
    return [public(person.encryption) for person in people]


def drafts(author: Person, reader: Person, number: int) -> list[dict[str, str]]:
    return [author.event("incident.reported", seal_to(reader)) for _ in range(number)]


def ids(entries: list[Any]) -> list[str]:
    return [entry["id"] for entry in entries]


@pytest.fixture
def founded(server_factory: ServerFactory) -> tuple[ServerProcess, Wire, TestUnit, Person]:
    server, wire = start(server_factory, options=("--rate", "0"))
    unit = found_unit(wire, token_of(server.setup_link))
    return server, wire, unit, unit.add(wire)


def test_set_up_link_founds_one_unit_and_is_not_shown_again(server_factory: ServerFactory) -> None:
    server, wire = start(server_factory)
    assert server.setup_link.startswith(server.url + "/oppsett#")
    found_unit(wire, token_of(server.setup_link))
    links = server.log.count("Set-up link")
    server.restart()
    assert server.log.count("Set-up link") == links == 1


def test_unused_set_up_link_is_replaced_at_the_next_start(server_factory: ServerFactory) -> None:
    server, wire = start(server_factory)
    first = server.setup_link
    server.restart()
    assert server.setup_link != first
    with pytest.raises(AssertionError, match="setup_token_wrong"):
        found_unit(wire, token_of(first))
    found_unit(wire, token_of(server.setup_link))


def test_more_units_by_links_made_beside_a_running_server(server_factory: ServerFactory) -> None:
    server, wire = start(server_factory, options=("--public-url", "https://trygg.example/"))
    made = cli("setup-link", "--data", str(server.data_dir))
    assert (made.returncode, made.stderr) == (0, "")
    assert re.fullmatch(r"https://trygg\.example/oppsett#[\w-]{43}\n", made.stdout)
    other = cli("setup-link", "--data", str(server.data_dir), "--public-url", "http://localhost:1")
    assert other.stdout.startswith("http://localhost:1/oppsett#")
    first = found_unit(wire, token_of(made.stdout.strip()))
    second = found_unit(wire, token_of(other.stdout.strip()))
    assert first.leader.unit != second.leader.unit
    server.stop()
    stopped = cli("setup-link", "--data", str(server.data_dir))
    server.start()
    found_unit(loopback(server.url), token_of(stopped.stdout.strip()))


def test_reader_tails_the_feed_during_concurrent_writers(
    founded: tuple[ServerProcess, Wire, TestUnit, Person],
    rng: random.Random,
    count: Callable[[int, int], int],
) -> None:
    """Fault 1: the reader ends with exactly the committed set, each once."""
    server, wire, unit, _ = founded
    writers = [unit.add(wire) for _ in range(4)]
    batches = [
        [drafts(writer, unit.leader, rng.randrange(1, 6)) for _ in range(count(8, 120))] for writer in writers
    ]
    done = threading.Event()
    accepted: list[str] = []

    def write(writer: Person, work: list[list[dict[str, str]]]) -> None:
        own = loopback(server.url)
        for batch in work:
            results = writer.send(own, *batch).json()["results"]
            accepted.extend(result["id"] for result in results if result["status"] == "accepted")

    def tail() -> list[str]:
        own, got, cursor = loopback(server.url), [], ""
        while True:
            last_look = done.is_set()
            page = unit.leader.pull(own, cursor)
            cursor = page["cursor"]
            got += ids(page["entries"])
            if last_look and not page["entries"]:
                return got

    with ThreadPoolExecutor() as pool:
        reading = pool.submit(tail)
        for writing in [pool.submit(write, w, work) for w, work in zip(writers, batches, strict=True)]:
            writing.result(120)
        done.set()
        got = reading.result(60)
    sent = [event["id"] for work in batches for batch in work for event in batch]
    assert sorted(accepted) == sorted(sent)
    assert len(got) == len(set(got))
    assert set(got) == set(sent)


def test_lost_reply_then_retry_grows_the_feed_by_nothing(
    founded: tuple[ServerProcess, Wire, TestUnit, Person], proxy_factory: Callable[[int], TcpProxy]
) -> None:
    """Fault 3: the answer is cut off after the commit, the client sends the very same again."""
    server, wire, unit, worker = founded
    (event,) = drafts(worker, unit.leader, 1)
    proxy = proxy_factory(server.port)
    proxy.drop_response()
    with pytest.raises(requests.RequestException):
        worker.send(loopback(proxy.url), event)
    wait_until(lambda: ids(unit.leader.pull_all(wire)[0]) == [event["id"]], "the event behind the lost reply")
    result = worker.send(wire, event).json()["results"][0]
    assert result["status"] == "duplicate"
    assert ids(unit.leader.pull_all(wire)[0]) == [event["id"]]


def test_restart_keeps_everything(founded: tuple[ServerProcess, Wire, TestUnit, Person]) -> None:
    server, wire, unit, worker = founded
    case = new_id()
    worker.send(wire, worker.event("alarm.raised", seal_to(unit.leader, worker), case=case))
    statement = unit.leader.statement(case)
    unit.leader.acknowledge(wire, statement)
    session = worker.session(wire)
    entries, cursor = unit.leader.pull_all(wire)
    info = wire("GET", "/api/v1/server").json()
    assert server.stop() == 0
    server.start()
    wire = loopback(server.url)
    again = wire("GET", "/api/v1/server").json()
    assert (again["server"], again["epoch"]) == (info["server"], info["epoch"])
    assert unit.leader.pull_all(wire)[0] == entries
    assert unit.leader.pull_all(wire, cursor)[0] == []
    assert wire("GET", f"{worker.base}/feed", None, session).status_code == 200
    status = worker.ask(wire, "GET", f"{worker.base}/alarms/{case}").json()
    assert [s["statement"] for s in status["statements"]] == [statement]


def test_power_cut_loses_nothing_that_was_acknowledged(
    founded: tuple[ServerProcess, Wire, TestUnit, Person],
    rng: random.Random,
    count: Callable[[int, int], int],
) -> None:
    """SIGKILL while several write; what was answered is there, and what wasn't can be sent again."""
    server, wire, unit, worker = founded
    acknowledged: set[str] = set()
    for _ in range(count(3, 20)):
        work = [drafts(worker, unit.leader, 2) for _ in range(24)]
        enough = threading.Semaphore(0)

        def write(own: list[list[dict[str, str]]], url: str = server.url, enough: Any = enough) -> None:
            try:
                for batch in own:
                    results = worker.send(loopback(url), *batch).json()["results"]
                    acknowledged.update(r["id"] for r in results if r["status"] != "refused")
                    enough.release()
            except requests.RequestException:
                pass  # the cut

        with ThreadPoolExecutor() as pool:
            writing = [pool.submit(write, work[place::3]) for place in range(3)]
            for _ in range(rng.randrange(1, 12)):
                assert enough.acquire(timeout=20)
            server.kill()
            for one in writing:
                one.result(60)
        server.start()
        wire = loopback(server.url)
        stored = set(ids(unit.leader.pull_all(wire)[0]))
        assert acknowledged <= stored
        for batch in work:
            results = worker.send(wire, *batch).json()["results"]
            known = ["duplicate" if event["id"] in stored else "accepted" for event in batch]
            assert [result["status"] for result in results] == known
            acknowledged.update(event["id"] for event in batch)
    got = ids(unit.leader.pull_all(wire)[0])
    assert len(got) == len(set(got))
    assert set(got) == acknowledged


class Listener:
    """Reads a live stream in a thread, on a bare socket: closing that from outside ends the read at once."""

    def __init__(self, server: ServerProcess, path: str, headers: dict[str, str]) -> None:
        lines = [f"GET {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items())]
        self._socket = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self._got = bytearray()
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def nudges(self) -> int:
        """How many came so far."""
        return self._got.count(b"event: nudge\n")

    def wait_for(self, nudges: int) -> None:
        """Wait until so many came."""
        wait_until(lambda: self.nudges == nudges, f"nudge {nudges}")

    def close(self) -> None:
        """Go away."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def _read(self) -> None:
        while not self._got.endswith(b"\r\n0\r\n\r\n"):
            data = self._socket.recv(4096)
            if not data:
                break
            self._got += data
        self.ended.set()


def test_nudge_arrives_at_readers_and_only_there(
    founded: tuple[ServerProcess, Wire, TestUnit, Person],
) -> None:
    server, wire, unit, worker = founded
    other = unit.add(wire)
    live = {
        person.device: Listener(server, f"{person.base}/live", person.session(wire))
        for person in (unit.leader, other)
    }
    for listener in live.values():
        listener.wait_for(1)
    worker.send(wire, *drafts(worker, unit.leader, 1))
    live[unit.leader.device].wait_for(2)
    assert live[other.device].nudges == 1
    unit.remove(wire, other)
    assert live[other.device].ended.wait(10)
    live[unit.leader.device].wait_for(3)
    for listener in live.values():
        listener.close()
    refused = requests.get(f"{server.url}{other.base}/live", timeout=10)
    assert refused.status_code == 401


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_graceful_stop_with_open_streams(
    founded: tuple[ServerProcess, Wire, TestUnit, Person], number: str
) -> None:
    import signal

    server, wire, unit, worker = founded
    listeners = [
        Listener(server, f"{person.base}/live", person.session(wire)) for person in (unit.leader, worker) * 2
    ]
    for listener in listeners:
        listener.wait_for(1)
    begun = time.monotonic()
    os.kill(server.pid, getattr(signal, number))
    wait_until(lambda: not server.running, "the end", seconds=10)
    assert time.monotonic() - begun < STOP_SECONDS
    assert server.stop() == 0
    for listener in listeners:
        assert listener.ended.wait(5)
        listener.close()
    assert "Traceback" not in server.log
    server.start()
    assert loopback(server.url)("GET", "/healthz").json()["status"] == "ok"


def test_second_server_on_one_data_directory(server_factory: ServerFactory) -> None:
    server = server_factory()
    second = cli("serve", "--data", str(server.data_dir), "--port", str(free_port()))
    assert second.returncode == 1
    assert "Another server is using" in second.stderr
    assert "Traceback" not in second.stderr
    assert server.running
    server.kill()
    server.start()  # a lock dies with its process


def test_taken_port(server_factory: ServerFactory, tmp_path: Path) -> None:
    server = server_factory()
    second = cli("serve", "--data", str(tmp_path / "other"), "--port", str(server.port))
    assert second.returncode == 1
    assert f"Can't listen on 127.0.0.1:{server.port}: Address already in use" in second.stderr
    assert "--port" in second.stderr
    nowhere = cli(
        "serve", "--data", str(tmp_path / "other"), "--host", "192.0.2.1", "--port", str(free_port())
    )
    assert nowhere.returncode == 1
    assert "Can't listen on 192.0.2.1" in nowhere.stderr


def test_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    missing = cli("serve", "--data", str(tmp_path), "--tls-cert", str(tmp_path / "none.pem"))
    assert missing.returncode == 1
    assert "can't be read: No such file" in missing.stderr
    (tmp_path / "bad.pem").write_text("not a certificate")
    bad = cli("serve", "--data", str(tmp_path), "--tls-cert", str(tmp_path / "bad.pem"))
    assert bad.returncode == 1
    assert "can't be used" in bad.stderr
    alone = cli("serve", "--data", str(tmp_path), "--tls-key", str(tmp_path / "bad.pem"))
    assert alone.returncode == 1
    assert "--tls-key needs --tls-cert" in alone.stderr


def test_data_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = cli("serve", "--data", str(tmp_path / "file" / "data"))
    assert refused.returncode == 1
    assert "can't be written" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_database_of_a_newer_release(tmp_path: Path) -> None:
    cli("setup-link", "--data", str(tmp_path))
    db = sqlite3.connect(tmp_path / "trygg.db")
    db.execute("PRAGMA user_version = 77")
    db.close()
    for command in (("serve", "--port", str(free_port())), ("setup-link",)):
        refused = cli(*command, "--data", str(tmp_path))
        assert refused.returncode == 1
        assert "newer release" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_options_that_make_no_sense(tmp_path: Path) -> None:
    for options, words in (
        (("--port", "70000"), "a port is 0 to 65535"),
        (("--port", "x"), "is not a number"),
        (("--rate", "-1"), "a number from 0"),
        (("--public-url", "trygg.example"), "starts with https://"),
    ):
        refused = cli("serve", "--data", str(tmp_path), *options)
        assert refused.returncode != 0
        assert words in refused.stderr
    assert cli("--version").stdout.startswith("trygg-ute ")


def test_data_is_for_its_owner_alone(tmp_path: Path) -> None:
    cli("setup-link", "--data", str(tmp_path / "new"))
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_tls(server_factory: ServerFactory, tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    server = server_factory(None, options=("--tls-cert", str(certificate), "--tls-key", str(key)))
    assert server.url.startswith("https://")
    answer = requests.get(f"{server.url}/healthz", verify=str(certificate), timeout=10)
    assert answer.json()["status"] == "ok"
    assert "max-age" in answer.headers["strict-transport-security"]


def _certificate(folder: Path) -> tuple[Path, Path]:
    from datetime import UTC, datetime, timedelta
    from ipaddress import IPv4Address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_file, key_file


def test_client_that_sends_too_much_still_gets_its_answer(server_factory: ServerFactory) -> None:
    server = server_factory()
    answer = requests.post(f"{server.url}/api/v1/units", data=b"x" * 2_000_000, timeout=20)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_server_that_was_cut_off_in_mid_request(server_factory: ServerFactory) -> None:
    server = server_factory()
    with socket.create_connection(("127.0.0.1", server.port)) as half:
        half.sendall(b"POST /api/v1/units HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    server.wait_for_log(r'"route":"/api/v1/units","status":499')
    assert "Traceback" not in server.log
    assert loopback(server.url)("GET", "/healthz").status_code == 200
