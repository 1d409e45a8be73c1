"""The proxy makes the faults that it says, against a real HTTP server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.integration


class Upstream(ThreadingHTTPServer):
    """Remembers the bodies that arrived whole, and those that broke off."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.whole: list[bytes] = []
        self.broken: list[bytes] = []
        self.arrived = threading.Condition()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Upstream

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        body = self.rfile.read(size)
        with self.server.arrived:
            (self.server.whole if len(body) == size else self.server.broken).append(body)
            self.server.arrived.notify_all()
        if len(body) < size:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def proxy(upstream: Upstream, proxy_factory: Callable[[int], TcpProxy]) -> TcpProxy:
    return proxy_factory(upstream.server_address[1])


def post(proxy: TcpProxy, body: bytes = b"hello", seconds: float = 5.0) -> str:
    return requests.post(proxy.url, data=body, timeout=seconds).text


def test_passes_what_it_gets(proxy: TcpProxy, upstream: Upstream) -> None:
    body = bytes(range(256)) * 4096
    assert post(proxy, body) == "ok"
    assert upstream.whole == [body]
    assert proxy.counts.bytes_up > len(body)


def test_refuses_and_comes_back_on_the_same_port(proxy: TcpProxy, upstream: Upstream) -> None:
    port = proxy.port
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    proxy.passing()
    assert proxy.port == port
    assert post(proxy) == "ok"


def test_refusing_resets_an_open_connection(proxy: TcpProxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
        proxy.wait_for(lambda counts: counts.connections == 1, "the connection")
        proxy.refuse()
        try:
            data = client.recv(1)
        except ConnectionResetError:
            data = b""
        assert data == b""


def test_a_black_hole_takes_time_and_answers_nothing(proxy: TcpProxy, upstream: Upstream) -> None:
    proxy.blackhole()
    with pytest.raises(requests.exceptions.ReadTimeout):
        post(proxy, seconds=0.3)
    assert upstream.whole == []
    proxy.passing()
    assert post(proxy) == "ok"


def test_a_black_hole_lets_go_of_what_it_held(proxy: TcpProxy, upstream: Upstream) -> None:
    answers: list[str] = []
    proxy.blackhole()
    sender = threading.Thread(target=lambda: answers.append(post(proxy, b"held back", 10)))
    sender.start()
    proxy.wait_for(lambda counts: counts.connections == 1, "the connection")
    assert upstream.whole == []
    proxy.passing()
    sender.join()
    assert answers == ["ok"]
    assert upstream.whole == [b"held back"]


@pytest.mark.parametrize("size", [1, 200, 70_000])
def test_cuts_an_upload(proxy: TcpProxy, upstream: Upstream, size: int) -> None:
    proxy.cut_after(size)
    with pytest.raises(requests.exceptions.ConnectionError):
        post(proxy, b"x" * 300_000)
    assert upstream.whole == []
    assert proxy.counts.bytes_up == size
    assert proxy.counts.cuts == 1
    proxy.passing()
    assert post(proxy) == "ok"


def test_a_cut_upload_arrives_up_to_the_cut(proxy: TcpProxy, upstream: Upstream) -> None:
    proxy.cut_after(100_000)
    with pytest.raises(requests.exceptions.ConnectionError):
        post(proxy, b"x" * 300_000)
    with upstream.arrived:
        assert upstream.arrived.wait_for(lambda: upstream.broken, timeout=5)
    assert 0 < len(upstream.broken[0]) < 100_000


def test_drops_the_answer_after_the_upload(proxy: TcpProxy, upstream: Upstream) -> None:
    proxy.drop_response(times=1)
    with pytest.raises(requests.exceptions.ConnectionError):
        post(proxy, b"once")
    assert upstream.whole == [b"once"]
    assert proxy.counts.answers_dropped == 1
    assert post(proxy, b"again") == "ok"
    assert upstream.whole == [b"once", b"again"]


def test_resets_what_is_open_and_keeps_the_port_open(proxy: TcpProxy) -> None:
    with requests.Session() as session:
        assert session.post(proxy.url, data=b"1", timeout=5).text == "ok"
        proxy.reset_connections()
        assert post(proxy) == "ok"
