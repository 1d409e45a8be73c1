"""Looks through everything a server keeps and prints, for words that must not be there in any coat."""

from __future__ import annotations

import base64
import binascii
import json
import random
import re
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

from protocol import limits
from protocol.encoding import unb64url
from protocol.envelope import parse_envelope
from protocol.invites import read_grant
from protocol.roster import Roster, step
from protocol.statements import read_statement

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){8,}")
DEPTH = 4


def layers(data: bytes, depth: int = DEPTH) -> Iterator[bytes]:
    """`data`, and what comes out of every stretch of base64, base64url or hex in it, and of what comes out of those."""
    yield data
    if depth == 0:
        return
    for found in _BASE64.findall(data):
        plain = found.replace(b"-", b"+").replace(b"_", b"/")
        # A stretch may begin in the middle of something longer, so every alignment is tried.
        for shift in range(4):
            part = plain[shift:]
            yield from layers(base64.b64decode(part + b"A" * (-len(part) % 4)), depth - 1)
    for found in _HEX.findall(data):
        yield from layers(binascii.unhexlify(found), depth - 1)


def spellings(word: str) -> list[bytes]:
    """The bytes a word would leave behind in the usual encodings, also inside JSON."""
    escaped = word.encode("ascii", "backslashreplace")
    json_escaped = "".join(char if char.isascii() else f"\\u{ord(char):04x}" for char in word).encode()
    return [
        word.encode(),
        word.encode("latin-1", "ignore"),
        word.encode("utf-16-le"),
        word.encode("utf-16-be"),
        escaped,
        json_escaped,
    ]


def columns(database: Path) -> dict[str, list[bytes]]:
    """Every value of every column of a SQLite file, by "table.column"."""
    found: dict[str, list[bytes]] = {}
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            cursor = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names out of the schema itself
            names = [column[0] for column in cursor.description]
            for row in cursor:
                for name, value in zip(names, row, strict=True):
                    data = value if isinstance(value, bytes) else str(value).encode()
                    found.setdefault(f"{table}.{name}", []).append(data)
    finally:
        connection.close()
    return found


def all_kept(kept: dict[str, list[bytes]], folder: Path, log: str) -> list[bytes]:
    """Everything a server has of people: the columns of its database, the files of its folder as they lie there, its log."""
    values = [value for column in kept.values() for value in column]
    return [*values, *(path.read_bytes() for path in folder.rglob("*") if path.is_file()), log.encode()]


def betrayals(data: bytes, words: list[str]) -> set[str]:
    """Which of the words stand in `data`, in any layer and spelling, also compressed whole."""
    wanted = {word: spellings(word) for word in words}
    found: set[str] = set()
    for layer in layers(data):
        for text in (layer, _inflated(layer)):
            lower = text.lower()
            found |= {
                word for word, forms in wanted.items() if any(form.lower() in lower for form in forms if form)
            }
    return found


def _inflated(data: bytes) -> bytes:
    for bits in (zlib.MAX_WBITS, zlib.MAX_WBITS | 16, -zlib.MAX_WBITS):
        try:
            return zlib.decompress(data, bits)
        except zlib.error:
            continue
    return b""


def strange_words(rng: random.Random, count: int) -> list[str]:
    """Words that stand nowhere else, with Norwegian letters, long enough not to come up by chance."""
    letters = "abcdefghijklmnopqrstuvwxyzæøå"
    return ["".join(rng.choices(letters, k=10)).capitalize() for _ in range(count)]


def check_sealed(kept: dict[str, list[bytes]]) -> None:
    """Every stored blob has the one shape that is allowed in its place: a sealed envelope, or a signed text without content.

    `kept`: the columns of the server's database. Raises ProtocolError or AssertionError.
    """
    roster: Roster | None = None
    for value in kept["roster_version.jws"]:
        roster = step(roster, value.decode()).roster
    for value in kept["invite.grant_jws"]:
        read_grant(value.decode())
    for value in kept["invite.package"]:
        head, key, _, _, _ = value.decode().split(".")
        assert (json.loads(unb64url(head)), key) == ({"alg": "dir", "enc": "A256GCM"}, "")
    for kind, value in zip(kept["entry.type"], kept["entry.content"], strict=True):
        if kind == b"0":
            envelope = parse_envelope(value.decode())
            assert len(unb64url(json.loads(value)["ciphertext"])) in limits.PADDING_STEPS
            assert envelope.readers
        else:
            read_statement(value.decode())
