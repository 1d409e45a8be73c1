"""Port `Sealer` on `protocol.jose`."""

from mobile_app.adapters.native.alarm_file import AlarmFile
from mobile_app.adapters.native.key_ring import KeyRing
from mobile_app.ports import Jwk, PortError
from protocol import jose
from protocol.errors import ProtocolError


class NativeSealer:
    """Signs, verifies, seals and opens with the keys of the ring."""

    def __init__(self, ring: KeyRing, alarm_file: AlarmFile) -> None:
        self._ring = ring
        self._alarm_file = alarm_file

    async def sign(self, use: str, typ: str, payload: str) -> str:
        """See `Sealer.sign`."""
        if use == "field":
            return jose.sign(await self._alarm_file.field_key(self._ring), typ, payload)
        return jose.sign(self._ring.need(use), typ, payload)

    async def sign_with(self, private: Jwk, typ: str, payload: str) -> str:
        """See `Sealer.sign_with`."""
        return jose.sign(private, typ, payload)

    async def verify(self, jws: str, public: Jwk) -> bool:
        """See `Sealer.verify`."""
        return jose.verify(jws, public)

    async def seal(self, plaintext: bytes, header: str, readers: list[Jwk]) -> str:
        """See `Sealer.seal`."""
        return jose.seal(plaintext, header, readers)

    async def open(self, envelope: str) -> bytes:
        """See `Sealer.open`."""
        try:
            return jose.open_envelope(envelope, self._ring.need("encryption"))
        except ProtocolError as error:
            raise PortError("cannot_open", error.detail) from error

    async def seal_package(self, secret: bytes, salt: str, info: str, plaintext: str) -> str:
        """See `Sealer.seal_package`."""
        return jose.seal_package(secret, salt, info, plaintext)

    async def open_package(self, secret: bytes, salt: str, info: str, package: str) -> str:
        """See `Sealer.open_package`."""
        try:
            return jose.open_package(secret, salt, info, package)
        except ProtocolError as error:
            raise PortError("cannot_open", error.detail) from error
