"""The JavaScript object `trygg` as Python sees it. Everything is text; an Error's message is "code" or "code: detail"."""

from collections.abc import Awaitable
from typing import Any, Protocol, TypeVar

from mobile_app.ports import PortError

T = TypeVar("T")


class TryggKeys(Protocol):
    """`trygg.keys`"""

    def generate(self) -> Awaitable[str]: ...
    def kept(self) -> Awaitable[str]: ...
    def oneTime(self) -> Awaitable[str]: ...  # noqa: N802 - JavaScript's spelling, here and below


class TryggSealer(Protocol):
    """`trygg.sealer`"""

    def sign(self, use: str, typ: str, payload: str) -> Awaitable[str]: ...
    def signWith(self, jwk: str, typ: str, payload: str) -> Awaitable[str]: ...  # noqa: N802
    def verify(self, jws: str, jwk: str) -> Awaitable[bool]: ...
    def seal(self, plaintext: str, header: str, readers: str) -> Awaitable[str]: ...
    def open(self, envelope: str) -> Awaitable[str]: ...
    def sealPackage(self, secret: str, salt: str, info: str, text: str) -> Awaitable[str]: ...  # noqa: N802
    def openPackage(self, secret: str, salt: str, info: str, jwe: str) -> Awaitable[str]: ...  # noqa: N802


class TryggVault(Protocol):
    """`trygg.vault`"""

    def state(self) -> Awaitable[str]: ...
    def create(self, passphrase: str) -> Awaitable[object]: ...
    def unlock(self, passphrase: str) -> Awaitable[object]: ...
    def lock(self) -> Awaitable[object]: ...
    def load(self) -> Awaitable[str]: ...
    def damaged(self) -> Awaitable[str]: ...
    def apply(self, rows: str, outbox: str, settled: str) -> Awaitable[object]: ...


class TryggOutbox(Protocol):
    """`trygg.outbox`"""

    def rows(self) -> Awaitable[str]: ...
    def flush(self) -> Awaitable[str]: ...
    def retry(self, row: str) -> Awaitable[object]: ...
    def discard(self, row: str) -> Awaitable[object]: ...


class TryggAlarm(Protocol):
    """`trygg.alarm`"""

    def provision(self, setup: str) -> Awaitable[object]: ...
    def setup(self) -> Awaitable[str]: ...
    def alarms(self) -> Awaitable[str]: ...


class TryggNet(Protocol):
    """`trygg.net`"""

    def send(self, method: str, path: str, body: str | None, timeout_ms: int) -> Awaitable[str]: ...
    def signed(
        self, method: str, path: str, body: str | None, request_id: str, timeout_ms: int
    ) -> Awaitable[str]: ...
    def listen(self, unit: str) -> Awaitable[object]: ...
    def hush(self) -> Awaitable[object]: ...


class TryggHost(Protocol):
    """`trygg.host`"""

    def persist(self) -> Awaitable[bool]: ...
    def post(self, name: str, value: str) -> object: ...


class Trygg(Protocol):
    """What the worker puts on `self.trygg` before Python starts."""

    @property
    def keys(self) -> TryggKeys: ...
    @property
    def sealer(self) -> TryggSealer: ...
    @property
    def vault(self) -> TryggVault: ...
    @property
    def outbox(self) -> TryggOutbox: ...
    @property
    def alarm(self) -> TryggAlarm: ...
    @property
    def net(self) -> TryggNet: ...
    @property
    def host(self) -> TryggHost: ...


def port_error(message: str) -> PortError:
    """The error that the message of a JavaScript Error stands for."""
    code, _, detail = message.removeprefix("PortError: ").partition(": ")
    if code == "wrong_passphrase":
        return PortError(code, wait=_seconds(detail))
    return PortError(code, detail) if code.isidentifier() else PortError("storage_failed", message)


async def ask(answer: Awaitable[T]) -> T:
    """Wait for a promise. Raises PortError for an Error of JavaScript."""
    try:
        return await answer
    except Exception as error:
        # Pyodide's JsException can't be imported elsewhere; it is known by the Error's message it carries.
        message: Any = getattr(error, "message", None)
        if not isinstance(message, str):
            raise
        raise port_error(message) from error


def _seconds(detail: str) -> float:
    try:
        return float(detail)
    except ValueError:
        return 0.0
