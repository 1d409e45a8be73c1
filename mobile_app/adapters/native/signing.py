"""Signs requests with the field key; format: docs/protocol.md "Signed requests"."""

from collections.abc import Callable

from mobile_app.adapters.native.alarm_file import AlarmFile
from mobile_app.adapters.native.key_ring import KeyRing
from mobile_app.ports import PortError
from protocol import jose
from protocol.encoding import digest
from protocol.ids import new_id
from protocol.jws import Typ
from protocol.requests import SCHEME, SignedRequest


class RequestSigner:
    """Makes the Authorization header of a request, also while the vault is locked."""

    def __init__(self, ring: KeyRing, alarm_file: AlarmFile, clock: Callable[[], int]) -> None:
        self._ring = ring
        self._alarm_file = alarm_file
        self._clock = clock

    async def authorization(
        self, method: str, path: str, body: bytes, *, request_id: str = "", created: tuple[int, ...] = ()
    ) -> str:
        """Header value for a request. `created`: device times of the body's events, ms. Raises PortError(not_provisioned)."""
        setup = await self._alarm_file.setup()
        if setup is None:
            raise PortError("not_provisioned")
        claims = SignedRequest(
            setup.server,
            setup.unit,
            setup.device,
            method,
            path,
            request_id or new_id(),
            digest(body),
            self._clock(),
            created,
        )
        key = await self._alarm_file.field_key(self._ring)
        return f"{SCHEME} {jose.sign(key, Typ.REQUEST, claims.payload())}"
