"""Port `Vault` on IndexedDB."""

import json

from mobile_app.adapters.browser.bridge import TryggVault, ask
from mobile_app.adapters.texts import row_members
from mobile_app.ports import OutboxRow, VaultState
from protocol.encoding import compact_json


class BrowserVault:
    """Rows are sealed and opened in JavaScript; the vault key never reaches Python."""

    def __init__(self, trygg: TryggVault) -> None:
        self._trygg = trygg

    async def state(self) -> VaultState:
        """See `Vault.state`."""
        return VaultState(await ask(self._trygg.state()))

    async def create(self, passphrase: str) -> None:
        """See `Vault.create`."""
        await ask(self._trygg.create(passphrase))

    async def unlock(self, passphrase: str) -> None:
        """See `Vault.unlock`."""
        await ask(self._trygg.unlock(passphrase))

    async def lock(self) -> None:
        """See `Vault.lock`."""
        await ask(self._trygg.lock())

    async def load(self) -> list[tuple[int, str]]:
        """See `Vault.load`."""
        return [(row, text) for row, text in json.loads(await ask(self._trygg.load()))]

    async def damaged(self) -> list[int]:
        """See `Vault.damaged`."""
        return [int(row) for row in json.loads(await ask(self._trygg.damaged()))]

    async def apply(
        self, rows: list[tuple[int, str | None]], outbox: list[OutboxRow], settled: list[str]
    ) -> None:
        """See `Vault.apply`."""
        waiting = [row_members(row) for row in outbox]
        await ask(self._trygg.apply(compact_json(rows), compact_json(waiting), compact_json(settled)))
