"""The vault in a real Chromium: passphrase, rows, two tabs, a full disk."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from protocol.ids import new_id
from tests.support.browser import BrowserContextFactory
from tests.support.device_page import LabDevice, code_of
from tests.support.scripted_server import ScriptedServer

pytestmark = pytest.mark.e2e

PASSPHRASE = "riktig hest batteri stift"
UNLOCK = "(passphrase) => trygg.vault.unlock(passphrase)"
APPLY = "([rows, outbox, settled]) => trygg.vault.apply(JSON.stringify(rows), JSON.stringify(outbox), JSON.stringify(settled))"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def device(browser_context_factory: BrowserContextFactory, server: ScriptedServer) -> LabDevice:
    return LabDevice(browser_context_factory(), server)


def rows_of(page: Page) -> dict[int, str]:
    return dict(json.loads(page.evaluate("() => trygg.vault.load()")))


def tries_of(page: Page) -> dict[str, int]:
    tries: dict[str, int] = page.evaluate(
        "() => lab.read('vault', 'meta', (tx) => lab.result(tx.objectStore('meta').get('tries')))"
    )
    return tries


def test_a_vault_is_made_locked_and_opened_again(device: LabDevice) -> None:
    page = device.page
    assert page.evaluate("() => trygg.vault.state()") == "none"
    assert code_of(page, UNLOCK, PASSPHRASE) == "no_vault"
    keys = device.join(PASSPHRASE)
    assert page.evaluate("() => trygg.vault.state()") == "open"
    page.evaluate(APPLY, [[[1, '{"a":"æøå"}'], [2, "{}"]], [], []])
    page.evaluate("() => trygg.vault.lock()")
    assert page.evaluate("() => trygg.vault.state()") == "locked"
    assert code_of(page, "() => trygg.vault.load()") == "vault_locked"
    assert code_of(page, "() => trygg.sealer.sign('member', 'tu-event+jws', '{}')") == "vault_locked"
    page.reload()
    page.evaluate(UNLOCK, PASSPHRASE)
    assert rows_of(page) == {1: '{"a":"æøå"}', 2: "{}"}
    # The keys are the same ones, and the field key works without the vault.
    for use in ("member", "field"):
        signed = page.evaluate("(use) => trygg.sealer.sign(use, 'tu-event+jws', '{}')", use)
        assert page.evaluate("([jws, key]) => trygg.sealer.verify(jws, key)", [signed, json.dumps(keys[use])])
    page.evaluate("() => trygg.vault.lock()")
    assert page.evaluate("() => trygg.sealer.sign('field', 'tu-event+jws', '{}')")


def test_there_is_one_vault_and_its_keys_never_leave_it(device: LabDevice) -> None:
    device.join()
    page = device.page
    assert code_of(page, "() => trygg.vault.create('noe annet helt')") == "vault_exists"
    assert code_of(page, "() => trygg.keys.generate()") == "vault_exists"
    kept = page.evaluate(
        """async () => {
          const field = await lab.read('alarm', 'keys', (tx) => lab.result(tx.objectStore('keys').get('field')));
          const vault = await lab.read('vault', 'meta', (tx) => lab.result(tx.objectStore('meta').get('vault')));
          return {extractable: field.key.extractable, usages: field.key.usages, memory: vault.derivation.memory,
            passes: vault.derivation.passes, shown: JSON.stringify(vault)};
        }"""
    )
    assert kept["extractable"] is False
    assert kept["usages"] == ["sign"]
    assert kept["memory"] >= 47_104
    assert '"d":' not in kept["shown"]


def test_the_rows_on_disk_are_sealed_and_bound_to_their_id(device: LabDevice) -> None:
    device.join()
    page = device.page
    page.evaluate(APPLY, [[[11, '{"navn":"Hemmelig Hansen"}'], [12, '{"b":2}'], [13, '{"c":3}']], [], []])
    raw = page.evaluate(
        """() => lab.read('vault', 'rows', (tx) => lab.result(tx.objectStore('rows').getAll())).then((rows) =>
          rows.map((row) => [Object.keys(row).sort().join(), new TextDecoder('latin1').decode(row.ct)]))"""
    )
    assert {names for names, _ in raw} == {"ct,id,iv"}
    assert not any("Hemmelig" in text for _, text in raw)
    # Swap two rows and flip a bit of the third: all three are damaged, and nothing else is.
    page.evaluate(APPLY, [[[14, '{"d":4}']], [], []])
    page.evaluate(
        """() => lab.write('vault', 'rows', async (tx) => {
          const store = tx.objectStore('rows');
          const [a, b, c] = [await lab.result(store.get(11)), await lab.result(store.get(12)), await lab.result(store.get(13))];
          store.put({...a, id: 12});
          store.put({...b, id: 11});
          new Uint8Array(c.ct)[3] ^= 1;
          store.put(c);
        })"""
    )
    assert rows_of(page) == {14: '{"d":4}'}
    assert sorted(json.loads(page.evaluate("() => trygg.vault.damaged()"))) == [11, 12, 13]


def test_wrong_passphrases_make_the_wait_grow_and_never_wipe(device: LabDevice) -> None:
    device.join(PASSPHRASE)
    page = device.page
    page.evaluate(APPLY, [[[1, '{"a":1}']], [], []])
    waits = page.evaluate("() => [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 50].map(lab.secondsToWait)")
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    page.evaluate("() => trygg.vault.lock()")
    assert code_of(page, UNLOCK, "feil") == "wrong_passphrase: 0"
    assert code_of(page, UNLOCK, "feil") == "wrong_passphrase: 0"
    assert code_of(page, UNLOCK, "feil") == "wrong_passphrase: 1"
    # The wait outlives the page, and a try made too early is no try: not even the right one.
    page.evaluate(
        """() => lab.write('vault', 'meta', (tx) => void tx.objectStore('meta').put({failed: 8, at: Date.now()}, 'tries'))"""
    )
    page.reload()
    refused = code_of(page, UNLOCK, PASSPHRASE)
    assert refused.startswith("wrong_passphrase: ")
    assert 30 <= int(refused.rpartition(" ")[2]) <= 32
    assert tries_of(page)["failed"] == 8
    # A clock put back makes it no longer.
    page.evaluate(
        "() => lab.write('vault', 'meta', (tx) => void tx.objectStore('meta').put({failed: 8, at: Date.now() + 1e9}, 'tries'))"
    )
    assert code_of(page, UNLOCK, PASSPHRASE) == "wrong_passphrase: 32"
    page.evaluate(
        "() => lab.write('vault', 'meta', (tx) => void tx.objectStore('meta').put({failed: 8, at: Date.now() - 33e3}, 'tries'))"
    )
    page.evaluate(UNLOCK, PASSPHRASE)
    assert tries_of(page)["failed"] == 0
    assert rows_of(page) == {1: '{"a":1}'}


def test_a_passphrase_is_the_same_however_its_letters_were_typed(device: LabDevice) -> None:
    device.join("så blå sjø")
    device.page.evaluate("() => trygg.vault.lock()")
    device.page.evaluate(UNLOCK, "sa\u030a bla\u030a sjø")
    assert device.page.evaluate("() => trygg.vault.state()") == "open"


def test_one_transaction_holds_rows_and_outbox(device: LabDevice, server: ScriptedServer) -> None:
    device.join()
    page = device.page
    row = {
        "id": new_id(),
        "unit": server.unit,
        "type": "event",
        "coarse": "other",
        "created": 1,
        "content": "x",
    }
    # A row that can't be stored takes everything with it.
    bad = {**row, "id": None}
    assert code_of(page, APPLY, [[[1, "{}"]], [bad], []]).startswith("storage_failed")
    assert rows_of(page) == {}
    assert json.loads(page.evaluate("() => trygg.outbox.rows()")) == []
    page.evaluate(APPLY, [[[1, "{}"], [2, "{}"]], [row], []])
    # What is not sent yet is not dropped, whatever Python believes.
    page.evaluate(APPLY, [[[2, None]], [], [row["id"]]])
    assert rows_of(page) == {1: "{}"}
    kept = json.loads(page.evaluate("() => trygg.outbox.rows()"))
    assert [(entry["id"], entry["state"], entry["content"]) for entry in kept] == [(row["id"], "queued", "")]


def test_many_random_changes_end_as_their_model(
    device: LabDevice, rng: random.Random, count: Callable[[int, int], int]
) -> None:
    device.join()
    model: dict[int, str] = {}
    for _ in range(count(15, 200)):
        changes: list[tuple[int, str | None]] = []
        for _ in range(rng.randrange(1, 6)):
            row = rng.choice([*model, rng.getrandbits(52)])
            text = (
                None if rng.random() < 0.3 else json.dumps({"n": rng.random(), "t": "å" * rng.randrange(40)})
            )
            changes.append((row, text))
        device.page.evaluate(APPLY, [changes, [], []])
        for row, text in changes:
            if text is None:
                model.pop(row, None)
            else:
                model[row] = text
    device.page.reload()
    device.page.evaluate(UNLOCK, PASSPHRASE)
    assert rows_of(device.page) == model


def test_the_second_tab_is_told_and_gets_the_app_when_the_first_is_gone(device: LabDevice) -> None:
    device.join(PASSPHRASE)
    second = device.open()
    assert second.evaluate("() => trygg.vault.state()") == "elsewhere"
    assert code_of(second, UNLOCK, PASSPHRASE) == "other_tab"
    assert code_of(second, APPLY, [[[1, "{}"]], [], []]) == "other_tab"
    second.evaluate(
        "() => { self.told = new Promise((resolve) => { self.onHostEvent = (name) => name === 'free' && resolve(name); }) ; }"
    )
    device.page.close()
    assert second.evaluate("() => self.told") == "free"
    assert second.evaluate("() => trygg.vault.state()") == "locked"


def test_a_full_disk_is_said_and_changes_nothing(device: LabDevice, server: ScriptedServer) -> None:
    page = device.page
    cdp = device.context.new_cdp_session(page)
    # Before the first write: the browser remembers for a while how much room there was.
    cdp.send("Storage.overrideQuotaForOrigin", {"origin": server.url, "quotaSize": 1_000_000})
    device.join()
    page.evaluate(APPLY, [[[1, '{"a":1}']], [], []])
    big = json.dumps({"x": "y" * 3_000_000})
    row = {
        "id": new_id(),
        "unit": server.unit,
        "type": "event",
        "coarse": "other",
        "created": 1,
        "content": "x",
    }
    assert code_of(page, APPLY, [[[1, '{"a":2}'], [2, big]], [row], []]) == "quota_full"
    assert rows_of(page) == {1: '{"a":1}'}
    assert json.loads(page.evaluate("() => trygg.outbox.rows()")) == []
    cdp.send("Storage.overrideQuotaForOrigin", {"origin": server.url})
    page.evaluate(APPLY, [[[2, big]], [], []])
    assert rows_of(page)[2] == big
