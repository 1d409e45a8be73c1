"""One running server: its data directory locked, its socket bound, ready and stopped with words."""

import asyncio
import contextlib
import fcntl
import os
import resource
import signal
import socket
import ssl
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import FrameType

import uvicorn

from sync_server.app import build_app
from sync_server.app.services import build_services
from sync_server.app.settings import Settings
from sync_server.connection import BoundedConnection
from sync_server.notify.live import Live
from sync_server.setup_links import new_setup_link
from sync_server.store.port import StoreRefused
from sync_server.store.sqlite import SqliteStore

STOP_SECONDS = 2
LOCK_FILE = "trygg.lock"
_BACKLOG = 512
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Refused(Exception):
    """The server can't start; the text says why and what to do."""


@contextlib.contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the data directory for this process. Raises Refused when it can't be used, or another server has it."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Refused(f"The data directory {data} can't be written: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(
                f"Another server is using {data}. Stop it, or give --data another directory."
            ) from error
        yield
    finally:
        os.close(handle)


def open_store(data: Path) -> SqliteStore:
    """Open the store in a data directory. Raises Refused."""
    try:
        return SqliteStore(data)
    except StoreRefused as error:
        raise Refused(str(error)) from error


def check_certificate(settings: Settings) -> None:
    """Raises Refused when certificate and key can't be read or don't belong together."""
    if settings.tls_cert is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
    except ssl.SSLError as error:
        raise Refused(
            f"The certificate {settings.tls_cert} and the key {settings.tls_key or 'in it'} can't be used: "
            f"{error.reason or error}. Both are PEM files, and the key must be the certificate's."
        ) from error
    except OSError as error:
        name = error.filename or settings.tls_cert
        raise Refused(f"The certificate or key {name} can't be read: {error.strerror}.") from error


def bind(settings: Settings) -> socket.socket:
    """The listening socket. Raises Refused when the port is taken or the address isn't this machine's."""
    try:
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, proto, _, address = found[0]
        listener = socket.socket(family, kind, proto)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            # Also between binding and serving a second server must find the port taken.
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise Refused(
            f"Can't listen on {where}: {error.strerror or error}. Choose another --port or --host."
        ) from error
    return listener


class _Server(uvicorn.Server):
    """uvicorn's server that says when it accepts, and ends open event streams before it waits for requests."""

    def __init__(self, config: uvicorn.Config, live: Live, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._live = live
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._live.end_all()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # uvicorn raises the signal again after an orderly end, which would make it look like a crash to whoever started it.
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True


async def serve(
    settings: Settings, listener: socket.socket, store: SqliteStore, say: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or SIGINT. `say` prints a line."""
    services = await build_services(settings, store)
    scheme = "http" if settings.tls_cert is None else "https"
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    local = f"{scheme}://{shown}:{port}"
    public = settings.public_url.rstrip("/") or local
    await store.remember("public_url", public)
    link = await new_setup_link(store, public, printed=True) if await store.units() == 0 else None

    def ready() -> None:
        if link is not None:
            say(f"Set-up link: {link}")
        say(f"Ready {local}")

    config = uvicorn.Config(
        build_app(services),
        http=BoundedConnection,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )
    try:
        await _Server(config, services.live, ready).serve(sockets=[listener])
    finally:
        await store.close()


def _use_all_handles() -> None:
    """Every connection is one; the usual 1024 would be few for event streams and easy to use up."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Everything from the lock to the orderly end. Raises Refused."""
    _use_all_handles()
    check_certificate(settings)
    with locked(settings.data), bind(settings) as listener:
        store = open_store(settings.data)
        config_loop = uvicorn.Config("none", loop="auto").get_loop_factory()
        with asyncio.Runner(loop_factory=config_loop) as runner:
            runner.run(serve(settings, listener, store, say))
