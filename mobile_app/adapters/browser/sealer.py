"""Port `Sealer` on WebCrypto."""

from mobile_app.adapters.browser.bridge import TryggSealer, ask
from mobile_app.ports import Jwk
from protocol.encoding import b64url, compact_json


class BrowserSealer:
    """Signs, verifies, seals and opens in JavaScript."""

    def __init__(self, trygg: TryggSealer) -> None:
        self._trygg = trygg

    async def sign(self, use: str, typ: str, payload: str) -> str:
        """See `Sealer.sign`."""
        return await ask(self._trygg.sign(use, typ, payload))

    async def sign_with(self, private: Jwk, typ: str, payload: str) -> str:
        """See `Sealer.sign_with`."""
        return await ask(self._trygg.signWith(compact_json(private), typ, payload))

    async def verify(self, jws: str, public: Jwk) -> bool:
        """See `Sealer.verify`."""
        return await ask(self._trygg.verify(jws, compact_json(public)))

    async def seal(self, plaintext: bytes, header: str, readers: list[Jwk]) -> str:
        """See `Sealer.seal`."""
        return await ask(self._trygg.seal(plaintext.decode("ascii"), header, compact_json(readers)))

    async def open(self, envelope: str) -> bytes:
        """See `Sealer.open`."""
        return (await ask(self._trygg.open(envelope))).encode()

    async def seal_package(self, secret: bytes, salt: str, info: str, plaintext: str) -> str:
        """See `Sealer.seal_package`."""
        return await ask(self._trygg.sealPackage(b64url(secret), salt, info, plaintext))

    async def open_package(self, secret: bytes, salt: str, info: str, package: str) -> str:
        """See `Sealer.open_package`."""
        return await ask(self._trygg.openPackage(b64url(secret), salt, info, package))
