"""Set-up links: whoever opens one may found a unit, once. The token stands in the fragment, which browsers never send."""

from hashlib import sha256
from secrets import token_bytes

from protocol import limits
from protocol.encoding import b64url
from sync_server.store.port import Store

SETUP_PATH = "/oppsett"


async def new_setup_link(store: Store, origin: str, *, printed: bool) -> str:
    """A fresh link under `origin`. A `printed` one (at the start of a server without units) ends the last printed one."""
    token = token_bytes(limits.SETUP_TOKEN_BYTES)
    await store.add_setup_token(sha256(token).digest(), printed=printed)
    return f"{origin}{SETUP_PATH}#{b64url(token)}"
