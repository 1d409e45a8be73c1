"""Founding a unit: its first leader's device, and the recovery keys that are kept on paper."""

import secrets
from dataclasses import dataclass, replace

from mobile_app.ports import DeviceKeys, PortError
from mobile_app.services.core import Core
from mobile_app.services.errors import AppError, app_error
from mobile_app.services.identity import Identity
from mobile_app.services.membership import Membership
from mobile_app.services.people import required
from mobile_app.services.roster_service import RosterService
from protocol.encoding import compact_json
from protocol.ids import new_id
from protocol.jws import Jwk, Typ, public_half
from protocol.roster import (
    RECOVERY_CODE_BYTES,
    RECOVERY_INFO,
    Device,
    Recovery,
    found_change,
    version_payload,
)
from protocol.words import encode_code, fingerprint_words


@dataclass(frozen=True)
class RecoverySheet:
    """What is written down and kept offline: 16 words each, and the unit's 6 words."""

    unit_name: str
    encryption_words: tuple[str, ...]
    signing_words: tuple[str, ...]
    fingerprint_words: tuple[str, ...]


class Founding:
    """Makes a unit of this device."""

    def __init__(self, core: Core, roster: RosterService, membership: Membership) -> None:
        self._core = core
        self._roster = roster
        self._membership = membership

    async def found(
        self, token: str, unit_name: str, name: str, phone: str, passphrase: str
    ) -> RecoverySheet:
        """Found a unit with the server's one-time token. Can be called again after a failure, with the same passphrase.

        Raises AppError: incomplete, setup_token_wrong, vault_exists, wrong_passphrase, offline and the server's others.
        """
        unit_name, name, phone, token = required(unit_name), required(name), phone.strip(), token.strip()
        info = await self._core.api.server()
        keys = await self._membership.make_keys(passphrase)
        identity = await self._membership.unfinished("founding")
        if identity is None:
            identity = await self._begin(keys, info.server, unit_name, name, phone)
        identity = replace(identity, unit_name=unit_name, name=name, phone=phone)
        await self._membership.prepare(identity)
        root = str(identity.pending["root"])
        rosters = await self._roster.fold(None, [root])
        await self._membership.provision(identity, rosters[0])
        try:
            await self._core.api.found(token, root)
        except AppError as error:
            if error.code not in ("setup_token_wrong", "roster_conflict") or not await self._membership.is_in(
                identity
            ):
                raise
        await self._membership.finish(identity, rosters, [root], [])
        sheet = self.sheet()
        if sheet is None:
            raise AppError("not_found")
        return sheet

    async def resume(self) -> None:
        """Become a member if the server has accepted an earlier attempt. Raises AppError."""
        identity = self._core.identity
        if identity is not None and identity.state == "founding" and await self._membership.is_in(identity):
            root = str(identity.pending["root"])
            await self._membership.finish(identity, await self._roster.fold(None, [root]), [root], [])

    async def _begin(self, keys: DeviceKeys, server: str, unit_name: str, name: str, phone: str) -> Identity:
        ports, unit, member, device = self._core.ports, new_id(), new_id(), new_id()
        codes = {use: secrets.token_bytes(RECOVERY_CODE_BYTES) for use in RECOVERY_INFO}
        halves: dict[str, Jwk] = {}
        sealed: dict[str, str] = {}
        try:
            for use, info in RECOVERY_INFO.items():
                private = await ports.keys.one_time()
                halves[use] = public_half(private)
                sealed[use] = await ports.sealer.seal_package(codes[use], unit, info, compact_json(private))
            recovery = Recovery(
                halves["encryption"], halves["signing"], sealed["encryption"], sealed["signing"]
            )
            change = found_change(
                device=Device(device, member, keys.field, keys.member, keys.encryption), recovery=recovery
            )
            payload = version_payload(
                server=server,
                unit=unit,
                height=0,
                prev=None,
                member=member,
                device=device,
                created=max(self._core.now(), 0),
                change=change,
            )
            root = await ports.sealer.sign("member", Typ.ROSTER, payload)
        except PortError as error:
            raise app_error(error) from error
        sheet = {use: encode_code(code) for use, code in codes.items()}
        identity = Identity(
            "founding", server, unit, member, device, keys, unit_name, name, phone, {"root": root}, sheet
        )
        # Durable before the server hears of it: a unit whose recovery codes were lost can't be helped.
        await self._membership.prepare(identity)
        return identity

    def sheet(self) -> RecoverySheet | None:
        """The recovery sheet, until it is said to be written down."""
        identity = self._core.identity
        if identity is None or not identity.is_member or not identity.sheet:
            return None
        return RecoverySheet(
            identity.unit_name,
            tuple(identity.sheet["encryption"]),
            tuple(identity.sheet["signing"]),
            tuple(fingerprint_words(self._roster.current().root)),
        )

    async def written_down(self) -> None:
        """The codes are on paper: forget them here. Raises AppError."""
        await self._core.become(replace(self._core.me(), sheet={}))
        self._core.changed()
