"""Port `Host`: what the worker asks of the page. Whether the page managed it comes back as the host event "page"."""

from typing import Any

from mobile_app.adapters.browser.bridge import TryggHost, ask
from protocol.encoding import compact_json


class BrowserHost:
    """`scope`: the worker's global scope, for its clock and its marks."""

    def __init__(self, trygg: TryggHost, scope: Any) -> None:
        self._trygg = trygg
        self._scope = scope

    def now(self) -> int:
        """See `Host.now`."""
        return int(self._scope.Date.now())

    def local_offset(self, at: int) -> int:
        """See `Host.local_offset`."""
        # JavaScript counts the other way: minutes that UTC is ahead.
        return -int(self._scope.Date.new(at).getTimezoneOffset())

    def copy(self, text: str) -> None:
        """See `Host.copy`."""
        self._post("copy", {"text": text})

    def share(self, title: str, text: str) -> None:
        """See `Host.share`."""
        self._post("share", {"title": title, "text": text})

    def open_link(self, url: str) -> None:
        """See `Host.open_link`."""
        self._post("open", {"url": url})

    def print_text(self, title: str, lines: list[str]) -> None:
        """See `Host.print_text`."""
        self._post("print", {"title": title, "text": "\n".join(lines)})

    def mark(self, name: str) -> None:
        """See `Host.mark`."""
        self._scope.mark(name)

    async def persist(self) -> bool:
        """See `Host.persist`."""
        return await ask(self._trygg.persist())

    def _post(self, name: str, value: dict[str, str]) -> None:
        self._trygg.post(name, compact_json(value))
