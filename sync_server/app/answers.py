"""Answers as bytes: JSON of the protocol's types, and the one error shape."""

from typing import Any

import msgspec
from starlette.responses import Response

from protocol.errors import RULES, ErrorCode, ProtocolError
from protocol.messages import ErrorAnswer, refusal
from sync_server.feed.intake import RETRY_SECONDS

_encode = msgspec.json.Encoder().encode

JSON = "application/json"


def json_answer(value: Any, status: int = 200) -> Response:
    """A protocol type as JSON."""
    return Response(_encode(value), status, media_type=JSON)


def error_answer(error: ProtocolError, retry_after: int | None = None) -> Response:
    """An error as an answer of its own. `retry_after`: seconds, where the usual wait of the code isn't meant."""
    answer = json_answer(ErrorAnswer(refusal(error)), RULES[error.code].status)
    wait = retry_after if retry_after is not None else RETRY_SECONDS.get(error.code)
    if wait is not None:
        answer.headers["retry-after"] = str(wait)
    return answer


def decode(kind: type[Any], body: bytes) -> Any:
    """A request body as `kind`. Raises ProtocolError: bad_json, bad_request."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        # The text names the member and the type that was expected, never a value.
        raise ProtocolError(ErrorCode.BAD_REQUEST, str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(ErrorCode.BAD_JSON) from error
