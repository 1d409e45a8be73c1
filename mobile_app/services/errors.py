"""The one error the views know: a code they have words for (message key "error.<code>")."""

import json
from typing import NoReturn

from mobile_app.ports import PortError, Reply
from protocol.errors import ProtocolError


class AppError(Exception):
    """`wait`: seconds until trying again can help, 0 = unknown. `detail`: for developers, holds no content.

    Codes: those of PortError and of protocol.errors.ErrorCode, and no_recipients (nobody would get it), incomplete (something
    needed isn't said), words_unknown (no such invite was looked at), not_member (this device belongs to no unit yet),
    not_found (no such case on this device).
    """

    def __init__(self, code: str, wait: float = 0, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.wait = wait
        self.detail = detail


def app_error(error: PortError | ProtocolError) -> AppError:
    """The same, in the views' terms."""
    return AppError(str(error.code), error.wait if isinstance(error, PortError) else 0, error.detail)


def refuse(reply: Reply) -> NoReturn:
    """Raise what an error answer says. One that isn't of our shape came from something else than our server."""
    try:
        refusal = json.loads(reply.body)["error"]
        code, detail = str(refusal["code"]), str(refusal.get("detail", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AppError("not_trygg", detail=f"status {reply.status}") from error
    after = reply.headers.get("retry-after", "")
    raise AppError(code, float(after) if after.isdigit() else 0, detail)
