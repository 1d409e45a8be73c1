"""Whose request it is, by the device's signature over exactly this request."""

from dataclasses import dataclass

from protocol.errors import ErrorCode, ProtocolError
from protocol.requests import SignedRequest, check_request, read_request
from sync_server.devices.signatures import verify_peeked
from sync_server.store.unit import Unit


@dataclass(frozen=True)
class Caller:
    """A device that has proved who it is. `active`: it belongs to the unit now. `claims`: of a signed request."""

    unit: Unit
    device: str
    active: bool
    claims: SignedRequest | None = None


def check_signed(authorization: str, unit: Unit, *, method: str, path: str, body: bytes) -> Caller:
    """Check a signed request; a removed device is a caller too, but not an active one.

    Raises ProtocolError: signature_missing, signature_wrong, wrong_server, wrong_unit, device_unknown, update_needed.
    """
    claims, kid, jws = read_request(authorization)
    check_request(claims, server=unit.roster.server, unit=unit.id, method=method, path=path, body=body)
    device = unit.roster.devices.get(claims.device)
    if device is None:
        raise ProtocolError(ErrorCode.DEVICE_UNKNOWN)
    if kid != unit.field_keys[device.id] or not verify_peeked(jws, device.field):
        raise ProtocolError(ErrorCode.SIGNATURE_WRONG, "signature")
    return Caller(unit, device.id, unit.is_active(device.id), claims)


def require_active(caller: Caller) -> Caller:
    """Raises ProtocolError(device_removed)."""
    if not caller.active:
        raise ProtocolError(ErrorCode.DEVICE_REMOVED)
    return caller
