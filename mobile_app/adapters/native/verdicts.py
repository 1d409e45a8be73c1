"""What an answer of the server means for the rows that were sent. Pure: no storage, no network."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mobile_app.ports import OutboxRow, Reply
from protocol.errors import RULES, ErrorCode

_ABOUT_SENDER = {401, 403}
"""Who sends is in doubt, not what is sent: it is kept, with the reason, until a person or the roster has put that right."""
_PASSING = {408, 425, 429}
_BUSY = {429, 503, 507}
_CLIENT_ERRORS = range(400, 500)
_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Verdict:
    """What came of one row: received by the server (ms), refused for good (`parked`), or to be tried again.

    `wait`: seconds the server asks for; None leaves it to the sender.
    """

    received: int = 0
    error: str = ""
    parked: bool = False
    wait: float | None = None


@dataclass(frozen=True)
class Judgement:
    """One verdict a row, in order. `whole`: the request was refused as a whole, so perhaps because of one row only.

    `busy`: the server asks to be left alone for now.
    """

    verdicts: list[Verdict]
    whole: bool = False
    busy: bool = False


def judge(reply: Reply, rows: Sequence[OutboxRow]) -> Judgement:
    """Read the server's answer to a request that carried `rows`."""
    answer = _object(reply.body)
    if reply.status not in _SUCCESS:
        verdicts = [_refused(reply, answer)] * len(rows)
        return Judgement(verdicts, whole=reply.status not in _ABOUT_SENDER, busy=reply.status in _BUSY)
    if rows[0].type == "statement":
        return Judgement([_received(answer)])
    results = answer.get("results")
    by_id = {r.get("id"): r for r in results if isinstance(r, dict)} if isinstance(results, list) else {}
    return Judgement([_result(by_id.get(row.id, {})) for row in rows])


def _result(raw: dict[str, Any]) -> Verdict:
    if raw.get("status") in ("accepted", "duplicate"):
        return _received(raw)
    error = raw.get("error")
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    return Verdict(error=code or "internal", parked=_is_permanent(code, default=False))


def _received(raw: dict[str, Any]) -> Verdict:
    received = raw.get("received")
    # Without the time of receipt it is no acknowledgement, so the row is sent again.
    if isinstance(received, int) and received > 0:
        return Verdict(received=received)
    return Verdict(error="internal")


def _refused(reply: Reply, answer: dict[str, Any]) -> Verdict:
    error = answer.get("error")
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    lasting = reply.status in _CLIENT_ERRORS and reply.status not in _PASSING
    asked = reply.headers.get("retry-after", "")
    wait = float(asked) if asked.isdecimal() else None
    return Verdict(
        error=code or f"http_{reply.status}",
        parked=reply.status not in _ABOUT_SENDER and _is_permanent(code, default=lasting),
        wait=wait,
    )


def _is_permanent(code: str, *, default: bool) -> bool:
    return RULES[ErrorCode(code)].permanent if code in set(ErrorCode) else default


def _object(body: str) -> dict[str, Any]:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return raw if isinstance(raw, dict) else {}
