"""Invites: a leader's signed grant for a one-time key, and a link that carries the secret in its fragment only.

The link is <origin>/bli-med#<invite id>.<secret>.<root hash>. The secret never reaches the server (a fragment is not sent);
it opens the package the server keeps beside the grant. The package holds the private one-time key and the names the new
member needs at once. Plaintext of a package: JSON {"unit_name", "inviter", "key" (private JWK), "profiles": [{"member",
"name", "phone"}]}; sealed as compact JWE, alg "dir", enc A256GCM, key = HKDF-SHA-256(secret, salt = invite id, info = PACKAGE_INFO).
"""

import re
from dataclasses import dataclass

from protocol import PROTOCOL_VERSION, limits
from protocol.encoding import b64url, compact_json, unb64url
from protocol.errors import ErrorCode, ProtocolError
from protocol.ids import is_digest, is_id
from protocol.jws import Jwk, Typ, Unverified, is_public_p256, peek
from protocol.times import is_time
from protocol.version import check_version

PACKAGE_INFO = "trygg-ute invite package v1"
SECRET_BYTES = 32
JOIN_PATH = "/bli-med"


class Role:
    """Role names are data; these are the ones this version gives a meaning."""

    LEADER = "leader"
    EMPLOYEE = "employee"
    SAFETY_REP = "safety_rep"


@dataclass(frozen=True)
class Grant:
    """A leader lets whoever holds the one-time `key` join with `roles`. `hours` count from the server's receipt."""

    id: str
    server: str
    unit: str
    roles: tuple[str, ...]
    key: Jwk
    member: str
    device: str
    roster: str
    created: int
    hours: int = limits.INVITE_HOURS
    v: int = PROTOCOL_VERSION

    def payload(self) -> str:
        """The text a leader signs with the member key."""
        return compact_json(vars(self))


@dataclass(frozen=True)
class Join:
    """A new device states its keys, signed with the one-time key of invite `invite`."""

    invite: str
    server: str
    unit: str
    member: str
    device: str
    field: Jwk
    member_key: Jwk
    encryption: Jwk
    v: int = PROTOCOL_VERSION

    def payload(self) -> str:
        """The text that is signed with the one-time key."""
        return compact_json(vars(self))


@dataclass(frozen=True)
class InviteLink:
    """What an invite link says: invite id, secret (32 bytes), root hash of the unit's roster."""

    id: str
    secret: bytes
    root: str

    def fragment(self) -> str:
        """The part after '#'."""
        return f"{self.id}.{b64url(self.secret)}.{self.root}"

    def url(self, origin: str) -> str:
        """The whole link. `origin` without a slash at the end."""
        return f"{origin}{JOIN_PATH}#{self.fragment()}"


_ROLE = re.compile(r"[a-z_]{1,32}")
_LINK = re.compile(r"([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})\s*\Z")


def parse_link(text: str) -> InviteLink:
    """Read a pasted link or its fragment, also with text before it. Raises ProtocolError(invite_malformed)."""
    found = _LINK.search(text.strip())
    if found is None or not is_id(found[1]):
        raise ProtocolError(ErrorCode.INVITE_MALFORMED)
    try:
        secret = unb64url(found[2])
    except ValueError as error:
        raise ProtocolError(ErrorCode.INVITE_MALFORMED) from error
    return InviteLink(found[1], secret, found[3])


def is_roles(value: object) -> bool:
    """Whether `value` is a list of 1 to 8 role names, none twice."""
    names = isinstance(value, list) and all(isinstance(role, str) and _ROLE.fullmatch(role) for role in value)
    return names and isinstance(value, list) and 1 <= len(value) <= 8 and len(set(value)) == len(value)


def _read(jws: str, typ: str, fields: set[str]) -> Unverified:
    unverified = peek(jws, typ, ErrorCode.ROSTER_INVALID)
    raw = unverified.payload
    check_version(raw, ErrorCode.ROSTER_INVALID, "invite")
    if set(raw) != fields:
        raise ProtocolError(ErrorCode.ROSTER_INVALID, "members of a grant or join")
    return unverified


def read_grant(jws: str) -> tuple[Grant, str]:
    """Read a grant and the key id it claims. Raises ProtocolError: roster_invalid, update_needed."""
    unverified = _read(jws, Typ.GRANT, set(Grant.__dataclass_fields__))
    raw = unverified.payload
    typed = (
        all(is_id(raw[name]) for name in ("id", "server", "unit", "member", "device"))
        and is_roles(raw["roles"])
        and is_public_p256(raw["key"])
        and is_digest(raw["roster"])
        and is_time(raw["created"])
        and type(raw["hours"]) is int
        and 1 <= raw["hours"] <= limits.INVITE_HOURS
    )
    if not typed:
        raise ProtocolError(ErrorCode.ROSTER_INVALID, "grant")
    return Grant(**{**raw, "roles": tuple(raw["roles"])}), unverified.kid


def read_join(jws: str) -> tuple[Join, str]:
    """Read a join statement and the key id it claims. Raises ProtocolError: roster_invalid, update_needed."""
    unverified = _read(jws, Typ.JOIN, set(Join.__dataclass_fields__))
    raw = unverified.payload
    typed = all(is_id(raw[name]) for name in ("invite", "server", "unit", "member", "device")) and all(
        is_public_p256(raw[name]) for name in ("field", "member_key", "encryption")
    )
    if not typed:
        raise ProtocolError(ErrorCode.ROSTER_INVALID, "join")
    return Join(**raw), unverified.kid
