"""Port `Net` on `requests`: each call in a thread, one session with the read cookie."""

import asyncio
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from mobile_app.adapters.native.live import LiveStream
from mobile_app.adapters.native.signing import RequestSigner
from mobile_app.ports import PortError, Reply

SERVER_HEADER = "trygg-server"
"""On every answer of ours: the server's id. Without it, something else has answered, such as the page of a guest network."""


def _session() -> requests.Session:
    session = requests.Session()
    # Neither proxies nor .netrc of the machine: a device talks to its one server.
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=8))
    session.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=8))
    return session


class NativeNet:
    """HTTP to one server. `close` ends everything it holds open."""

    def __init__(self, server_url: str, signer: RequestSigner) -> None:
        self._origin = server_url.rstrip("/")
        self._signer = signer
        self._session = _session()
        self._live: LiveStream | None = None

    def origin(self) -> str:
        """See `Net.origin`."""
        return self._origin

    def move(self, server_url: str) -> None:
        """Reach the same server elsewhere from now on, as a phone does that changes networks."""
        self._origin = server_url.rstrip("/")

    async def send(self, method: str, path: str, body: str | None = None, timeout: float = 10) -> Reply:
        """See `Net.send`."""
        return await self._exchange(method, path, _encoded(body), {}, timeout)

    async def signed(
        self, method: str, path: str, body: str | None = None, request_id: str = "", timeout: float = 10
    ) -> Reply:
        """See `Net.signed`."""
        return await self.submit(method, path, body, request_id=request_id, timeout=timeout)

    async def submit(
        self,
        method: str,
        path: str,
        body: str | None,
        *,
        request_id: str = "",
        created: tuple[int, ...] = (),
        timeout: float = 10,
    ) -> Reply:
        """A signed request that also states when its events were created, ms by the device's clock."""
        data = _encoded(body)
        value = await self._signer.authorization(
            method, path, data or b"", request_id=request_id, created=created
        )
        return await self._exchange(method, path, data, {"Authorization": value}, timeout)

    async def listen(self, unit: str, on_nudge: Callable[[], None]) -> None:
        """See `Net.listen`."""
        await self.hush()
        loop = asyncio.get_running_loop()
        url = f"{self._origin}/api/v1/units/{unit}/live"

        def nudge() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(on_nudge)

        self._live = LiveStream(url, self._session.cookies, nudge)
        self._live.start()

    async def hush(self) -> None:
        """See `Net.hush`."""
        live, self._live = self._live, None
        if live is not None:
            await asyncio.to_thread(live.stop)

    def close(self) -> None:
        """Close the stream and all connections."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._session.close()

    async def _exchange(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str], timeout: float
    ) -> Reply:
        if data is not None:
            headers = {**headers, "Content-Type": "application/json"}
        options: dict[str, Any] = {
            "data": data,
            "headers": headers,
            "timeout": timeout,
            "allow_redirects": False,
        }
        try:
            # `requests` bounds each read and not the whole exchange.
            async with asyncio.timeout(timeout + 1):
                answer = await asyncio.to_thread(
                    self._session.request, method, self._origin + path, **options
                )
        except (requests.Timeout, TimeoutError) as error:
            raise PortError("timeout", type(error).__name__) from error
        except requests.RequestException as error:
            raise PortError("offline", type(error).__name__) from error
        if SERVER_HEADER not in answer.headers:
            raise PortError("not_trygg", f"status {answer.status_code}")
        found = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status_code, found, answer.content.decode("utf-8", "replace"))


def _encoded(body: str | None) -> bytes | None:
    return None if body is None else body.encode()
