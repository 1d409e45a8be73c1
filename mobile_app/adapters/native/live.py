"""The server's event stream, read in a thread. An event says only that there is something to fetch."""

import random
import threading
from collections.abc import Callable
from http.cookiejar import CookieJar

import requests

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 60.0
"""Longer without a byte than this, and the stream is taken for dead: the server sends comments more often."""
LONGEST_PAUSE = 10.0


class LiveStream:
    """Reads one stream until stopped and opens it again whenever it ends.

    `on_nudge` is called from the thread: at each event (the server sends one at each connection too, for what came in between),
    and when the session is refused, so that whoever is nudged fetches and so renews it.
    """

    def __init__(self, url: str, cookies: CookieJar, on_nudge: Callable[[], None]) -> None:
        self._url = url
        self._cookies = cookies
        self._on_nudge = on_nudge
        self._stopped = threading.Event()
        self._response: requests.Response | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="live-stream", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._stopped.set()
        with self._lock:
            if self._response is not None:
                # Closing alone would not wake a thread that waits for bytes.
                self._response.raw.shutdown()
        self._thread.join(CONNECT_SECONDS + 1)

    def _run(self) -> None:
        failures = 0
        with requests.Session() as session:
            session.trust_env = False
            while not self._stopped.is_set():
                connected = self._read(session)
                failures = 0 if connected else failures + 1
                # Full jitter: a thousand devices must not come back in the same moment.
                pause = random.uniform(0.05, min(LONGEST_PAUSE, 0.25 * 2.0 ** min(failures, 8)))  # noqa: S311
                self._stopped.wait(pause)

    def _read(self, session: requests.Session) -> bool:
        """Read until it ends; says whether it was ever connected."""
        connected = False
        try:
            with session.get(
                self._url,
                headers={"Accept": "text/event-stream"},
                # The jar is the session's own: a renewed session is used at the next connection.
                cookies={cookie.name: cookie.value or "" for cookie in self._cookies},
                stream=True,
                timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
                allow_redirects=False,
            ) as response:
                with self._lock:
                    self._response = response
                if response.status_code != requests.codes.ok or self._stopped.is_set():
                    if response.status_code == requests.codes.unauthorized:
                        self._on_nudge()
                    return False
                connected = True
                for line in response.iter_lines(chunk_size=1):
                    if self._stopped.is_set():
                        break
                    if line.startswith(b"data:"):
                        self._on_nudge()
        except (requests.RequestException, OSError, ValueError, AttributeError):
            # Whatever ends a stream, a broken one and one closed by `stop` alike, the answer is to open it again.
            pass
        finally:
            with self._lock:
                self._response = None
        return connected
