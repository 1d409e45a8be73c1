"""The server's routes as calls. Paths and bodies: docs/protocol.md; types: `protocol.messages`."""

import json
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from mobile_app.ports import Net, PortError, Reply
from mobile_app.services.errors import AppError, app_error, refuse
from protocol.messages import (
    AppendRoster,
    AskChallenge,
    Challenge,
    CreateInvite,
    FeedEntry,
    FeedPage,
    FoundUnit,
    InviteCreated,
    InviteStatus,
    InviteView,
    ReceivedStatement,
    RosterHead,
    RosterPage,
    ServerInfo,
)
from protocol.times import is_time

PREFIX = "/api/v1"


def _fields(kind: type, raw: Any) -> dict[str, Any]:
    """The members of `raw` that `kind` has; a newer server may send more."""
    if not isinstance(raw, dict):
        raise TypeError("not an object")
    return {name: raw[name] for name in kind.__dataclass_fields__ if name in raw}  # type: ignore[attr-defined]


def _entry(raw: Any) -> FeedEntry:
    """One entry; what it holds is judged later, but its own members have to be of their types. Raises TypeError, KeyError."""
    texts = [raw[name] for name in ("type", "id", "sender", "content")]
    if not all(isinstance(value, str) for value in texts) or not is_time(raw["received"]):
        raise TypeError("entry")
    delay = raw.get("delay", 0)
    if not is_time(delay):
        raise TypeError("delay")
    return FeedEntry(texts[0], texts[1], texts[2], raw["received"], texts[3], delay)


class Api:
    """Calls of one server. All raise AppError, with the server's code or the transport's."""

    def __init__(self, net: Net) -> None:
        self._net = net

    async def _ask(
        self, method: str, path: str, body: Any = None, *, signed: bool = False, request_id: str = ""
    ) -> dict[str, Any]:
        text = None if body is None else json.dumps(asdict(body), ensure_ascii=False, separators=(",", ":"))
        try:
            if signed:
                reply: Reply = await self._net.signed(method, PREFIX + path, text, request_id)
            else:
                reply = await self._net.send(method, PREFIX + path, text)
        except PortError as error:
            raise app_error(error) from error
        if not 200 <= reply.status < 300:
            refuse(reply)
        try:
            answer = json.loads(reply.body) if reply.body else {}
        except ValueError as error:
            raise AppError("not_trygg", detail="no JSON") from error
        if not isinstance(answer, dict):
            raise AppError("not_trygg", detail="no object")
        return answer

    async def _as(
        self, kind: type[Any], method: str, path: str, body: Any = None, *, signed: bool = False
    ) -> Any:
        answer = await self._ask(method, path, body, signed=signed)
        try:
            return kind(**_fields(kind, answer))
        except TypeError as error:
            raise AppError("not_trygg", detail=kind.__name__) from error

    async def server(self) -> ServerInfo:
        """Who the server is."""
        info: ServerInfo = await self._as(ServerInfo, "GET", "/server")
        return info

    async def found(self, token: str, root: str) -> RosterHead:
        """Found a unit."""
        head: RosterHead = await self._as(RosterHead, "POST", "/units", FoundUnit(token, root))
        return head

    async def roster(self, unit: str, after: int) -> RosterPage:
        """Versions above height `after`. Needs a session."""
        page: RosterPage = await self._as(RosterPage, "GET", f"/units/{unit}/roster?after={after}")
        return page

    async def append(self, unit: str, version: str) -> RosterHead:
        """Add the next version."""
        head: RosterHead = await self._as(RosterHead, "POST", f"/units/{unit}/roster", AppendRoster(version))
        return head

    async def invite(self, invite: str) -> InviteView:
        """What an invite holds."""
        view: InviteView = await self._as(InviteView, "GET", f"/invites/{quote(invite, safe='')}")
        return view

    async def create_invite(self, unit: str, grant: str, package: str) -> InviteCreated:
        """Leave an invite with the server."""
        created: InviteCreated = await self._as(
            InviteCreated, "POST", f"/units/{unit}/invites", CreateInvite(grant, package), signed=True
        )
        return created

    async def invites(self, unit: str) -> list[InviteStatus]:
        """The unit's invites. Needs a session."""
        answer = await self._ask("GET", f"/units/{unit}/invites")
        try:
            return [InviteStatus(**_fields(InviteStatus, raw)) for raw in answer["invites"]]
        except (KeyError, TypeError) as error:
            raise AppError("not_trygg", detail="invites") from error

    async def revoke(self, unit: str, invite: str) -> None:
        """End an invite."""
        await self._ask("DELETE", f"/units/{unit}/invites/{quote(invite, safe='')}", signed=True)

    async def open_session(self, unit: str, device: str) -> None:
        """Answer a challenge; the session is in a cookie that the transport keeps."""
        challenge: Challenge = await self._as(
            Challenge, "POST", f"/units/{unit}/challenges", AskChallenge(device)
        )
        await self._ask("POST", f"/units/{unit}/sessions", signed=True, request_id=challenge.challenge)

    async def feed(self, unit: str, cursor: str) -> FeedPage:
        """What follows `cursor` (empty: all). Needs a session."""
        query = f"?cursor={quote(cursor, safe='')}" if cursor else ""
        answer = await self._ask("GET", f"/units/{unit}/feed{query}")
        try:
            head = RosterHead(**_fields(RosterHead, answer["roster"]))
            entries = [_entry(raw) for raw in answer["entries"]]
            return FeedPage(str(answer["epoch"]), str(answer["cursor"]), bool(answer["more"]), head, entries)
        except (KeyError, TypeError, ValueError) as error:
            raise AppError("not_trygg", detail="feed") from error

    async def statements(self, unit: str, case: str) -> list[ReceivedStatement]:
        """What has been said of an alarm this device was sealed to. Needs a session."""
        answer = await self._ask("GET", f"/units/{unit}/alarms/{quote(case, safe='')}")
        try:
            told = [ReceivedStatement(str(raw["statement"]), raw["received"]) for raw in answer["statements"]]
            if not all(is_time(one.received) for one in told):
                raise TypeError("received")
            return told
        except (KeyError, TypeError, ValueError) as error:
            raise AppError("not_trygg", detail="alarm") from error
