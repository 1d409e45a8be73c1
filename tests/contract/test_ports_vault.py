"""Port `Vault`: one suite for both platforms."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from mobile_app.ports import OutboxState, PortError, VaultState
from protocol.ids import new_id
from tests.support.port_rigs import PASSPHRASE, Rig, rows_text

pytestmark = pytest.mark.contract


def failure(rig: Rig, coroutine: Coroutine[Any, Any, Any]) -> PortError:
    """The PortError the coroutine ends in."""
    with pytest.raises(PortError) as caught:
        rig.run(coroutine)
    return caught.value


def test_life_of_a_vault(rig: Rig) -> None:
    assert rig.run(rig.vault.state()) is VaultState.NONE
    assert failure(rig, rig.vault.unlock(PASSPHRASE)).code == "no_vault"
    rig.run(rig.join())
    assert rig.run(rig.vault.state()) is VaultState.OPEN
    rig.run(rig.vault.lock())
    assert rig.run(rig.vault.state()) is VaultState.LOCKED
    rig.run(rig.vault.unlock(PASSPHRASE))
    assert rig.run(rig.vault.state()) is VaultState.OPEN
    rig.run(rig.reopen())
    assert rig.run(rig.vault.state()) is VaultState.LOCKED


def test_a_vault_is_made_once_and_only_around_keys(rig: Rig) -> None:
    assert failure(rig, rig.vault.create(PASSPHRASE)).code == "not_provisioned"
    assert rig.run(rig.vault.state()) is VaultState.NONE
    rig.run(rig.join())
    assert failure(rig, rig.vault.create("another one")).code == "vault_exists"


def test_rows_come_back_as_they_were_put(rig: Rig) -> None:
    texts = {
        1: rows_text(navn="Åse Ødegård"),
        2**40 + 7: rows_text(liste=[1, None, "x" * 5000]),
        3: rows_text(),
    }
    rig.run(rig.join())
    rig.run(rig.vault.apply(list(texts.items()), [], []))
    assert dict(rig.run(rig.vault.load())) == texts
    rig.run(rig.vault.apply([(1, rows_text(navn="ny")), (3, None), (99, None)], [], []))
    rig.run(rig.reopen())
    rig.run(rig.vault.unlock(PASSPHRASE))
    assert dict(rig.run(rig.vault.load())) == {1: rows_text(navn="ny"), 2**40 + 7: texts[2**40 + 7]}
    assert rig.run(rig.vault.damaged()) == []


def test_nothing_is_read_or_written_while_locked(rig: Rig) -> None:
    rig.run(rig.join())
    rig.run(rig.vault.lock())
    assert failure(rig, rig.vault.load()).code == "vault_locked"
    assert failure(rig, rig.vault.apply([(1, "{}")], [rig.event()], [])).code == "vault_locked"
    assert rig.run(rig.outbox.rows()) == []


def test_a_damaged_row_is_left_out_and_said(rig: Rig) -> None:
    rig.run(rig.join())
    rig.run(rig.vault.apply([(1, rows_text(a=1)), (2, rows_text(b=2))], [], []))
    rig.run(rig.damage(1))
    assert rig.run(rig.vault.load()) == [(2, rows_text(b=2))]
    assert rig.run(rig.vault.damaged()) == [1]
    rig.run(rig.vault.apply([(1, rows_text(a=3))], [], []))
    assert dict(rig.run(rig.vault.load()))[1] == rows_text(a=3)
    assert rig.run(rig.vault.damaged()) == []


def test_rows_and_outbox_are_one_transaction(rig: Rig) -> None:
    rig.run(rig.join())
    first = rig.event()
    rig.run(rig.vault.apply([(1, rows_text(state="sent"))], [first], []))
    rig.run(rig.fill_disk())
    big = rig.event(size=65_000)
    assert (
        failure(rig, rig.vault.apply([(1, rows_text(state="lost")), (2, "{}")], [big], [])).code
        == "quota_full"
    )
    assert rig.run(rig.vault.load()) == [(1, rows_text(state="sent"))]
    rig.run(rig.reopen())
    rig.run(rig.vault.unlock(PASSPHRASE))
    assert rig.run(rig.vault.load()) == [(1, rows_text(state="sent"))]
    assert [row.id for row in rig.run(rig.outbox.rows())] == [first.id]


def test_only_what_the_server_has_is_settled(rig: Rig) -> None:
    rig.run(rig.join())
    sent = rig.event()
    rig.run(rig.vault.apply([], [sent], []))
    assert rig.run(rig.outbox.flush()) == 0
    left = rig.event()
    rig.run(rig.vault.apply([], [left], []))
    rig.run(rig.vault.apply([(1, "{}")], [], [sent.id, left.id, new_id()]))
    rows = rig.run(rig.outbox.rows())
    assert [(row.id, row.state) for row in rows] == [(left.id, OutboxState.QUEUED)]


def test_wrong_passphrases_cost_time_also_after_a_restart(rig: Rig) -> None:
    rig.run(rig.join())
    rig.run(rig.vault.lock())
    waits = []
    for number in range(5):
        error = failure(rig, rig.vault.unlock(f"feil {number}"))
        assert error.code == "wrong_passphrase"
        waits.append(error.wait)
        rig.run(rig.advance(error.wait))
    assert waits[0] == 0
    assert waits == sorted(waits)
    assert waits[-1] > waits[-2] > 0

    error = failure(rig, rig.vault.unlock("feil igjen"))
    # Too early a try counts as no try, even with the right words, and a restart does not help.
    for _ in range(3):
        assert 0 < failure(rig, rig.vault.unlock(PASSPHRASE)).wait <= error.wait
    rig.run(rig.reopen())
    assert 0 < failure(rig, rig.vault.unlock(PASSPHRASE)).wait <= error.wait
    rig.run(rig.advance(error.wait))
    rig.run(rig.vault.unlock(PASSPHRASE))
    rig.run(rig.vault.lock())
    assert failure(rig, rig.vault.unlock("feil")).wait == 0


def test_the_same_words_from_another_keyboard_open_it(rig: Rig) -> None:
    rig.run(rig.keys.generate())
    rig.run(rig.vault.create("bl\u00e5b\u00e6r p\u00e5 \u00c5s"))
    rig.run(rig.vault.lock())
    rig.run(rig.vault.unlock("bla\u030ab\u00e6r pa\u030a A\u030as"))
    assert rig.run(rig.vault.state()) is VaultState.OPEN


def test_the_app_is_open_in_one_place_only(rig: Rig) -> None:
    rig.run(rig.join())
    assert rig.run(rig.vault.state()) is VaultState.OPEN
    other = rig.run(rig.second())
    assert rig.run(other.state()) is VaultState.ELSEWHERE
    assert failure(rig, other.unlock(PASSPHRASE)).code == "other_tab"
    assert rig.run(rig.vault.state()) is VaultState.OPEN
