"""Read sessions: a device answers a challenge with one signature and gets a cookie, since EventSource can't sign.

Neither is stored. A challenge is a token of this process, good once; a session is a token of this server, good while its
device belongs to the unit, which is looked up at every use.
"""

from collections.abc import Callable
from secrets import token_bytes

from protocol import limits
from protocol.encoding import b64url, unb64url
from protocol.errors import ErrorCode, ProtocolError
from protocol.messages import Challenge
from sync_server.devices.requests import Caller
from sync_server.store.unit import Unit
from sync_server.tokens import make_token, read_token

COOKIE = "trygg"
_TIME_BYTES = 8
_NONCE_BYTES = 16


class Sessions:
    """`secret`: the server's. `clock`: ms since 1970."""

    def __init__(self, secret: bytes, clock: Callable[[], int]) -> None:
        self._secret = secret
        self._clock = clock
        # A key of this process: what it forgets about used challenges when it ends, it also no longer accepts.
        self._challenge_secret = token_bytes(32)
        self._used: dict[str, int] = {}

    def challenge(self, unit: Unit, device: str) -> Challenge:
        """A fresh challenge for a device. Raises ProtocolError: device_unknown, device_removed."""
        if device not in unit.roster.devices:
            raise ProtocolError(ErrorCode.DEVICE_UNKNOWN)
        if not unit.is_active(device):
            raise ProtocolError(ErrorCode.DEVICE_REMOVED)
        ends = self._clock() + limits.CHALLENGE_SECONDS * 1000
        data = ends.to_bytes(_TIME_BYTES, "big") + token_bytes(_NONCE_BYTES)
        token = make_token(self._challenge_secret, "challenge", (unit.id, device), data)
        return Challenge(token, limits.CHALLENGE_SECONDS)

    def open(self, caller: Caller, challenge: str) -> str:
        """Cookie value for a caller whose signed request had `challenge` as id. Raises ProtocolError(challenge_expired)."""
        data = read_token(self._challenge_secret, "challenge", (caller.unit.id, caller.device), challenge)
        now = self._clock()
        self._used = {token: ends for token, ends in self._used.items() if ends > now}
        if data is None or challenge in self._used:
            raise ProtocolError(ErrorCode.CHALLENGE_EXPIRED)
        ends = int.from_bytes(data[:_TIME_BYTES], "big")
        if ends <= now:
            raise ProtocolError(ErrorCode.CHALLENGE_EXPIRED)
        self._used[challenge] = ends
        until = (now + limits.SESSION_HOURS * 3_600_000).to_bytes(_TIME_BYTES, "big")
        token = make_token(self._secret, "session", (caller.unit.id, caller.device), until)
        return f"{b64url(caller.device.encode())}.{token}"

    def read(self, unit: Unit, cookie: str) -> Caller:
        """Whose session it is. Raises ProtocolError: session_needed, device_removed."""
        device, _, token = cookie.partition(".")
        try:
            name = unb64url(device).decode()
        except ValueError as error:
            raise ProtocolError(ErrorCode.SESSION_NEEDED) from error
        data = read_token(self._secret, "session", (unit.id, name), token)
        if data is None or int.from_bytes(data, "big") <= self._clock():
            raise ProtocolError(ErrorCode.SESSION_NEEDED)
        if not unit.is_active(name):
            raise ProtocolError(ErrorCode.DEVICE_REMOVED)
        return Caller(unit, name, True)

    def ends(self, cookie: str) -> int:
        """When a session ends, ms; of a cookie that was just read."""
        return int.from_bytes(unb64url(cookie.partition(".")[2])[:_TIME_BYTES], "big")
