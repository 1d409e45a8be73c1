"""The private keys of one device while they are in memory. Shared by the adapters that sign, open and store."""

from dataclasses import dataclass

from mobile_app.ports import PortError
from protocol.jws import Jwk


@dataclass
class KeyRing:
    """Private halves by purpose; None when locked away or never made. `fresh`: made and not yet kept anywhere."""

    field: Jwk | None = None
    member: Jwk | None = None
    encryption: Jwk | None = None
    fresh: bool = False

    def need(self, use: str) -> Jwk:
        """The key for `use`. Raises PortError: vault_locked, or not_provisioned for the field key."""
        key = {"field": self.field, "member": self.member, "encryption": self.encryption}[use]
        if key is None:
            raise PortError("not_provisioned" if use == "field" else "vault_locked")
        return key

    def forget(self) -> None:
        """Forget what the vault holds; the field key stays, since a locked device must be able to use it."""
        self.member = self.encryption = None
