"""Port `Keys` on `protocol.jose`."""

from mobile_app.adapters.native.alarm_file import AlarmFile
from mobile_app.adapters.native.key_ring import KeyRing
from mobile_app.ports import DeviceKeys, Jwk, PortError
from protocol import jose


class NativeKeys:
    """Makes keys and leaves the private halves in the ring, until the vault keeps them."""

    def __init__(self, ring: KeyRing, alarm_file: AlarmFile) -> None:
        self._ring = ring
        self._alarm_file = alarm_file

    async def generate(self) -> DeviceKeys:
        """See `Keys.generate`."""
        ring = self._ring
        ring.field, ring.member, ring.encryption = (jose.generate_key() for _ in range(3))
        ring.fresh = True
        return self._public()

    async def kept(self) -> DeviceKeys:
        """See `Keys.kept`."""
        if self._ring.fresh or self._ring.member is None:
            raise PortError("vault_locked")
        await self._alarm_file.field_key(
            self._ring
        )  # it lies outside the vault, and is read when first needed
        return self._public()

    def _public(self) -> DeviceKeys:
        need = self._ring.need
        return DeviceKeys(*(jose.public(need(use)) for use in ("field", "member", "encryption")))

    async def one_time(self) -> Jwk:
        """See `Keys.one_time`."""
        return jose.generate_key()
