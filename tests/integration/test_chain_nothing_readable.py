"""What people type never reaches the server in a form it can read: every stored value is held against what is allowed there,
and everything stored and printed is searched, also inside base64, hex and compressed."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.invites import Role
from tests.conftest import ServerFactory
from tests.support.loop_thread import LoopThread
from tests.support.server_process import ServerProcess
from tests.support.simulated import Fleet, go_on_visit, is_sent, report
from tests.support.stored import all_kept, betrayals, check_sealed, columns, layers, strange_words

pytestmark = pytest.mark.integration


async def a_busy_day(fleet: Fleet, server: ServerProcess, words: list[str], rng: random.Random) -> None:
    """Everything that takes text from a person, with one of the words in each."""
    unit, leader, employee, place, purpose, line, draft_line, phone = words
    kari = await fleet.founder(f"{leader} Nordmo", server.url, server.setup_link, f"{unit} kommune")
    amina = await fleet.person(f"{employee} Yusuf", server.url)
    invite = await kari.client.inviting.invite(Role.EMPLOYEE)
    await amina.client.joining.preview(invite.link)
    await amina.client.joining.join(amina.name, f"+47 {phone}", amina.passphrase)
    visit = (await go_on_visit(amina, f"{place} 7", f"{purpose} av seng", rng)).case
    alarm = await amina.device.raise_alarm()
    incident = await report(amina, f"Sa {line} til meg", place=place)
    await amina.client.incidents.save(replace(await amina.client.incidents.begin(), line=draft_line))
    await amina.until(lambda c: is_sent(c, visit, incident), "all to be sent")
    await kari.until(lambda c: c.alarms.active() and c.incidents.received(), "all to arrive")
    await kari.client.alarms.opened(alarm)
    await kari.client.alarms.take(alarm)
    await kari.client.incidents.opened(incident)
    await amina.client.visits.check_out(visit)
    await kari.until(lambda c: not c.visits.out_now(), "the check-out")
    await asyncio.gather(kari.client.sync.now(), amina.client.sync.now())


def test_nothing_typed_is_found_in_anything_the_server_keeps_or_prints(
    server_factory: ServerFactory, loop_thread: LoopThread, tmp_path: Path, rng: random.Random
) -> None:
    server = server_factory()
    words = strange_words(rng, 8)
    fleet = Fleet(tmp_path)

    async def day() -> None:
        try:
            await a_busy_day(fleet, server, words, rng)
        finally:
            await fleet.close()

    loop_thread.run(day(), seconds=120)
    server.stop()

    kept = columns(server.data_dir / "trygg.db")
    assert len(kept["entry.content"]) >= 8
    check_sealed(kept)

    everything = all_kept(kept, server.data_dir, server.log)
    found = {word for data in everything for word in betrayals(data, words)}
    assert found == set()
    secrets = [person.passphrase for person in fleet.people]
    assert not any(secret.encode() in data for data in everything for secret in secrets)


def test_the_search_would_find_it() -> None:
    word = "Blåsebelg"
    coats = [
        word.encode(),
        b"x" + word.encode().hex().encode(),
        json.dumps({"a": word}).encode(),
        word.encode("utf-16-le"),
    ]
    text = f"her står {word} og mer tekst".encode()
    coats += [
        base64.b64encode(text),
        b"abc" + base64.urlsafe_b64encode(base64.b64encode(text)),
        zlib.compress(text),
    ]
    coats.append(base64.b64encode(zlib.compress(text)))
    for coat in coats:
        assert betrayals(coat, [word, "Finnes ikke her"]) == {word}, coat
    assert list(layers(b"kort")) == [b"kort"]
