"""The API: every route with its types. docs/protocol.md says it in words, /api/v1/openapi.json is made from this table."""

from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import ASGIApp

from protocol import PROTOCOL_VERSION, limits
from protocol.errors import ErrorCode as E
from protocol.errors import ProtocolError
from protocol.kinds import Coarse
from protocol.messages import (
    AlarmStatus,
    AppendRoster,
    AskChallenge,
    Challenge,
    CreateInvite,
    EventResults,
    FeedPage,
    FoundUnit,
    Health,
    InviteCreated,
    InviteList,
    InviteView,
    RosterHead,
    RosterPage,
    ServerInfo,
    StatementAccepted,
    SubmitEvents,
    SubmitStatement,
)
from sync_server import VERSION
from sync_server.app.answers import error_answer
from sync_server.app.openapi import describe
from sync_server.app.route import Call, Route
from sync_server.app.stream import LiveAnswer
from sync_server.devices.requests import require_active
from sync_server.devices.sessions import COOKIE


async def _health(call: Call) -> Health:
    healthy = await call.services.store.healthy() and not call.services.pressure.low_disk()
    return Health("ok" if healthy else "degraded", VERSION, call.services.store.engine)


async def _server(call: Call) -> ServerInfo:
    who = await call.services.store.identity()
    return ServerInfo(who.server, who.epoch, VERSION, PROTOCOL_VERSION, call.services.clock())


async def _openapi(_call: Call) -> dict[str, Any]:
    return describe(ROUTES, VERSION)


async def _found(call: Call) -> RosterHead:
    return await call.services.rosters.found(call.data.token, call.data.root)


async def _roster(call: Call) -> RosterPage:
    after = _query(call).get("after", "-1")
    if not after.removeprefix("-").isdecimal() or not -1 <= int(after) < 2**31:
        raise ProtocolError(E.BAD_REQUEST, "after")
    return await call.services.rosters.page(call.unit, int(after))


async def _append(call: Call) -> RosterHead:
    services = call.services
    before = call.unit
    head = await services.rosters.append(before.id, call.data.version)
    unit = await services.units.get(before.id)
    services.live.nudge(unit.id, unit.roster.devices)
    for device in set(unit.removed) - set(before.removed):
        services.live.end_device(unit.id, device)
    return head


async def _create_invite(call: Call) -> InviteCreated:
    return await call.services.invites.create(call.unit, call.caller.device, call.data)


async def _invites(call: Call) -> InviteList:
    return await call.services.invites.listing(call.unit, call.caller.device)


async def _revoke(call: Call) -> None:
    await call.services.invites.revoke(call.unit, call.caller.device, call.path["invite"])


async def _view_invite(call: Call) -> InviteView:
    return await call.services.invites.view(call.path["invite"])


async def _events(call: Call) -> EventResults | Response:
    services, caller, events = call.services, call.caller, call.data.events
    if not events:
        raise ProtocolError(E.BAD_REQUEST, "no events")
    if len(events) > limits.BATCH_EVENTS:
        raise ProtocolError(E.TOO_LARGE, "events")
    if not caller.active and not call.unit.still_rings(caller.device, services.clock()):
        raise ProtocolError(E.DEVICE_REMOVED)

    def refuse(kind: Coarse) -> E | None:
        return services.pressure.refusal(f"{caller.unit.id}/{caller.device}", kind, reserve=call.reserve)

    batch = await services.intake.take(call.unit, caller.device, events, _delays(call, len(events)), refuse)
    services.live.nudge(call.unit.id, batch.reached)
    shortage = batch.shortage()
    return EventResults(batch.results) if shortage is None else error_answer(ProtocolError(shortage))


def _delays(call: Call, events: int) -> list[int]:
    """How long each event waited at the device, ms, by the device's own clock; 0 where it doesn't say."""
    claims = call.caller.claims
    if claims is None or len(claims.created) != events:
        return [0] * events
    return [max(0, claims.sent - created) for created in claims.created]


async def _feed(call: Call) -> FeedPage:
    return await call.services.pages.page(call.unit, call.caller.device, _query(call).get("cursor", ""))


async def _statement(call: Call) -> StatementAccepted:
    require_active(call.caller)
    answer, reached = await call.services.alarms.acknowledge(
        call.unit, call.caller.device, call.data.statement
    )
    call.services.live.nudge(call.unit.id, reached)
    return answer


async def _alarm(call: Call) -> AlarmStatus:
    return await call.services.alarms.status(call.unit, call.caller.device, call.path["case"])


async def _challenge(call: Call) -> Challenge:
    return call.services.sessions.challenge(call.unit, call.data.device)


async def _session(call: Call) -> Response:
    claims = call.caller.claims
    value = call.services.sessions.open(call.caller, claims.id if claims else "")
    answer = Response(status_code=204)
    answer.set_cookie(
        COOKIE,
        value,
        max_age=limits.SESSION_HOURS * 3600,
        path=f"/api/v1/units/{call.unit.id}",
        secure=call.services.settings.secure or call.scope["scheme"] == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


async def _live(call: Call) -> ASGIApp:
    if call.caller.claims is None:
        until = call.services.sessions.ends(call.cookie())
    else:
        until = call.services.clock() + limits.SESSION_HOURS * 3_600_000
    return LiveAnswer(call, until)


def _query(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))


_ROSTER = (E.ROSTER_INVALID, E.ROSTER_CONFLICT, E.WRONG_SERVER, E.UPDATE_NEEDED)
_INVITE = (E.INVITE_UNKNOWN, E.INVITE_USED, E.INVITE_EXPIRED, E.INVITE_REVOKED)
_ALARM = (E.STATEMENT_INVALID, E.ALARM_UNKNOWN, E.NOT_ALLOWED, E.ID_REUSED, E.STORAGE_FULL, E.OVERLOADED)

ROUTES: list[Route] = [
    Route(
        "/api/v1/units/{unit}/events",
        "POST",
        "Send sealed events; each is accepted or refused by itself.",
        "sender",
        _events,
        SubmitEvents,
        EventResults,
        errors=(E.OVERLOADED, E.STORAGE_FULL, E.DEVICE_REMOVED),
    ),
    Route(
        "/api/v1/units/{unit}/feed",
        "GET",
        "What is addressed to the device, after the cursor.",
        "reader",
        _feed,
        answer=FeedPage,
        query=("cursor",),
        errors=(E.CURSOR_INVALID, E.EPOCH_CHANGED),
    ),
    Route(
        "/api/v1/units/{unit}/live",
        "GET",
        "Event stream: `event: nudge` when there is something to pull.",
        "reader",
        _live,
        media="text/event-stream",
    ),
    Route(
        "/api/v1/units/{unit}/statements",
        "POST",
        "Acknowledge an alarm.",
        "sender",
        _statement,
        SubmitStatement,
        StatementAccepted,
        errors=_ALARM,
    ),
    Route(
        "/api/v1/units/{unit}/alarms/{case}",
        "GET",
        "How an alarm stands.",
        "reader",
        _alarm,
        answer=AlarmStatus,
        errors=(E.ALARM_UNKNOWN,),
    ),
    Route(
        "/api/v1/units/{unit}/roster",
        "GET",
        "Roster versions above a height.",
        "reader",
        _roster,
        answer=RosterPage,
        query=("after",),
        errors=(E.BAD_REQUEST,),
    ),
    Route(
        "/api/v1/units/{unit}/roster",
        "POST",
        "Append the next roster version. It carries its own signatures, so the request needs none.",
        "open",
        _append,
        AppendRoster,
        RosterHead,
        errors=(*_ROSTER, *_INVITE),
    ),
    Route(
        "/api/v1/units/{unit}/invites",
        "POST",
        "Leave a grant and its sealed package.",
        "signed",
        _create_invite,
        CreateInvite,
        InviteCreated,
        201,
        errors=(E.NOT_ALLOWED, E.ROSTER_INVALID, E.ID_REUSED),
    ),
    Route(
        "/api/v1/units/{unit}/invites",
        "GET",
        "The unit's invites, for leaders.",
        "reader",
        _invites,
        answer=InviteList,
        errors=(E.NOT_ALLOWED,),
    ),
    Route(
        "/api/v1/units/{unit}/invites/{invite}",
        "DELETE",
        "Revoke an invite.",
        "signed",
        _revoke,
        status=204,
        errors=(E.NOT_ALLOWED, E.INVITE_UNKNOWN, E.INVITE_USED),
    ),
    Route(
        "/api/v1/units/{unit}/challenges",
        "POST",
        "Ask for a session challenge.",
        "open",
        _challenge,
        AskChallenge,
        Challenge,
        errors=(E.DEVICE_UNKNOWN, E.DEVICE_REMOVED),
    ),
    Route(
        "/api/v1/units/{unit}/sessions",
        "POST",
        "Open a read session: a signed request whose id is the challenge. The answer sets a cookie.",
        "signed",
        _session,
        status=204,
        errors=(E.CHALLENGE_EXPIRED,),
    ),
    Route(
        "/api/v1/units",
        "POST",
        "Found a unit with a one-time set-up token.",
        "open",
        _found,
        FoundUnit,
        RosterHead,
        201,
        errors=(E.SETUP_TOKEN_WRONG, *_ROSTER),
    ),
    Route(
        "/api/v1/invites/{invite}",
        "GET",
        "All a new device needs to join.",
        "open",
        _view_invite,
        answer=InviteView,
        errors=_INVITE,
    ),
    Route("/api/v1/server", "GET", "Who this server is.", "open", _server, answer=ServerInfo),
    Route("/api/v1/openapi.json", "GET", "This description.", "open", _openapi),
    Route("/healthz", "GET", "Whether the server works.", "open", _health, answer=Health),
]
