"""What the client needs from the machine it runs on. Two sets of adapters: the browser's, and CPython's.

Everything is asynchronous, since WebCrypto and IndexedDB are. Private keys never cross a port except the one-time and
recovery keys, which are made to be handed on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

Jwk = dict[str, str]


class PortError(Exception):
    """A port could not do what was asked. `code` is stable; the views have words for each (message key "error.<code>").

    Codes: wrong_passphrase (`wait` = seconds until the next try), vault_locked, vault_exists, no_vault, quota_full,
    storage_failed, cannot_open (not sealed to this device, or tampered with), not_provisioned, offline, timeout, not_trygg
    (something else than our server answered), other_tab (the app is open elsewhere), refused (a permission).
    """

    def __init__(self, code: str, detail: str = "", wait: float = 0) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.wait = wait


@dataclass(frozen=True)
class DeviceKeys:
    """Public halves of a device's keys, by purpose."""

    field: Jwk
    member: Jwk
    encryption: Jwk


class Keys(Protocol):
    """Makes keys. A device's private halves stay inside the adapter."""

    async def generate(self) -> DeviceKeys:
        """New keys of this device, kept by the adapter until `Vault.create` stores them (field key: outside the vault)."""

    async def kept(self) -> DeviceKeys:
        """Public halves of the keys in the open vault. Raises PortError(vault_locked)."""

    async def one_time(self) -> Jwk:
        """A fresh private P-256 JWK (members crv, d, kty, x, y), to be handed on inside an invite or recovery package."""


class Sealer(Protocol):
    """Signs, verifies, seals and opens. Formats: docs/protocol.md."""

    async def sign(self, use: str, typ: str, payload: str) -> str:
        """Compact JWS by this device's key for `use` ("field" or "member"). Raises PortError(vault_locked) for "member"."""

    async def sign_with(self, private: Jwk, typ: str, payload: str) -> str:
        """Compact JWS by a private key that was handed over (one-time key)."""

    async def verify(self, jws: str, public: Jwk) -> bool:
        """Whether `jws` verifies (ES256) with `public`."""

    async def seal(self, plaintext: bytes, header: str, readers: list[Jwk]) -> str:
        """Envelope text for the public keys `readers`; `header` is authenticated as it stands."""

    async def open(self, envelope: str) -> bytes:
        """Plaintext of an envelope sealed to this device. Raises PortError: cannot_open, vault_locked."""

    async def seal_package(self, secret: bytes, salt: str, info: str, plaintext: str) -> str:
        """Compact JWE, "dir" + A256GCM, key = HKDF-SHA-256(secret, salt, info)."""

    async def open_package(self, secret: bytes, salt: str, info: str, package: str) -> str:
        """Inverse of `seal_package`. Raises PortError(cannot_open)."""


class VaultState(StrEnum):
    """`NONE`: this device has never joined. `ELSEWHERE`: another tab has the app open."""

    NONE = "none"
    LOCKED = "locked"
    OPEN = "open"
    ELSEWHERE = "elsewhere"


class OutboxState(StrEnum):
    """`QUEUED`: will be sent. `PARKED`: refused for good, kept with the reason. `SENT`: the server has it."""

    QUEUED = "queued"
    PARKED = "parked"
    SENT = "sent"


@dataclass(frozen=True)
class OutboxRow:
    """One thing to send. `type`: "event" (content = envelope text) or "statement" (content = JWS).

    `created`: device clock, ms. `coarse` decides the order: urgent first. `received`: server's time of first receipt, ms,
    once sent. `error`: last error code, also of a queued row that is tried again.
    """

    id: str
    unit: str
    type: str
    coarse: str
    created: int
    content: str = ""
    state: OutboxState = OutboxState.QUEUED
    tries: int = 0
    error: str = ""
    received: int = 0


class Vault(Protocol):
    """Sealed rows under a passphrase. A row is one JSON document under a random integer id."""

    async def state(self) -> VaultState:
        """What the device holds now."""

    async def create(self, passphrase: str) -> None:
        """Make the vault and keep the keys of `Keys.generate` in it. Raises PortError: vault_exists, quota_full."""

    async def unlock(self, passphrase: str) -> None:
        """Open it. Raises PortError(wrong_passphrase, wait=seconds); too early a try counts as no try."""

    async def lock(self) -> None:
        """Forget all keys held in memory."""

    async def load(self) -> list[tuple[int, str]]:
        """Every row, decrypted, as (id, JSON text). A damaged row is left out and reported by `damaged`."""

    async def damaged(self) -> list[int]:
        """Ids of rows the last `load` could not open."""

    async def apply(
        self, rows: list[tuple[int, str | None]], outbox: list[OutboxRow], settled: list[str]
    ) -> None:
        """One durable transaction: put rows (None deletes), add outbox rows, drop sent outbox rows by id.

        Returns when it is on disk. Raises PortError: quota_full, storage_failed, vault_locked; then nothing was changed.
        """


class Outbox(Protocol):
    """What waits to be sent, from the vault's and the alarm page's outbox alike."""

    async def rows(self) -> list[OutboxRow]:
        """All rows without their content, oldest first."""

    async def flush(self) -> int:
        """Send what is due now, alarms first; never raises. Returns how many rows remain queued."""

    async def retry(self, row: str) -> None:
        """Queue a parked row again."""

    async def discard(self, row: str) -> None:
        """Drop a parked row for good."""


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: str


class Net(Protocol):
    """HTTP to the one server, and its live nudges."""

    async def send(self, method: str, path: str, body: str | None = None, timeout: float = 10) -> Reply:
        """Plain request with the read session's cookie. `timeout` in seconds. Raises PortError: offline, timeout."""

    async def signed(
        self, method: str, path: str, body: str | None = None, request_id: str = "", timeout: float = 10
    ) -> Reply:
        """The same, signed with the field key (docs/protocol.md "Signed requests"). Raises also PortError(not_provisioned)."""

    async def listen(self, unit: str, on_nudge: Callable[[], None]) -> None:
        """Keep an event stream open and call back at each nudge; recovers by itself."""

    async def hush(self) -> None:
        """Close the stream."""

    def origin(self) -> str:
        """Where the server is, e.g. "https://trygg.example", without a slash at the end."""


@dataclass(frozen=True)
class AlarmReader:
    """A device the alarm is sealed to."""

    member: str
    device: str
    key: Jwk


@dataclass(frozen=True)
class AlarmContact:
    """Someone the alarm goes to, as shown on the alarm page while locked."""

    member: str
    name: str
    phone: str
    keys: list[Jwk] = field(default_factory=list)
    """Member keys of this person's devices, to check acknowledgements with."""


@dataclass(frozen=True)
class AlarmSetup:
    """All the alarm page needs without the vault. Lies in the clear on the device: names and numbers of those on duty only."""

    server: str
    unit: str
    member: str
    device: str
    roster: str
    readers: list[AlarmReader]
    recovery: Jwk
    contacts: list[AlarmContact]
    visit: str = ""
    """Case id of the visit under way, or empty."""
    visit_until: int = 0
    """When it is to end, ms, for the locked screen; 0 when none."""
    sms: str = ""
    """Number of the unit's duty phone, or empty."""


@dataclass(frozen=True)
class OwnAlarm:
    """An alarm raised on this device, as the alarm page keeps it. Times ms; 0 = not yet."""

    case: str
    drill: bool
    raised: int
    received: int = 0
    delivered: int = 0
    members: int = 0
    seen: list[dict[str, Any]] = field(default_factory=list)
    """Checked acknowledgements: {"member", "name", "state", "received", "verified"}."""
    state: str = "open"


class AlarmStore(Protocol):
    """The alarm database, apart from the vault: its schema is frozen so that nothing can block it."""

    async def provision(self, setup: AlarmSetup) -> None:
        """Replace what the alarm page works with, durably."""

    async def setup(self) -> AlarmSetup | None:
        """What it works with now."""

    async def alarms(self) -> list[OwnAlarm]:
        """Alarms raised on this device, newest first."""

    async def raise_alarm(self, *, drill: bool = False, silent: bool = False) -> str:
        """Seal, store durably and send an alarm as the alarm page does; returns its case id. For simulated devices."""


class Host(Protocol):
    """The surface around the app."""

    def now(self) -> int:
        """Device clock, ms since 1970."""

    def local_offset(self, at: int) -> int:
        """Minutes that local time is ahead of UTC at `at` (ms)."""

    def copy(self, text: str) -> None:
        """To the clipboard."""

    def share(self, title: str, text: str) -> None:
        """Offer to other apps; falls back to the clipboard."""

    def open_link(self, url: str) -> None:
        """Open tel:, sms: or an address of our own origin."""

    def print_text(self, title: str, lines: list[str]) -> None:
        """Print plain text."""

    def mark(self, name: str) -> None:
        """User Timing mark."""

    async def persist(self) -> bool:
        """Ask the device to keep our storage; False when it will not promise."""
