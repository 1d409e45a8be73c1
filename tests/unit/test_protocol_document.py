"""docs/protocol.md says what the code does: kinds, types of signed texts, limits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import protocol
from protocol import limits
from protocol.jws import Typ
from protocol.kinds import KINDS, KeyUse
from protocol.times import LONGEST_SECONDS

pytestmark = pytest.mark.unit

TEXT = (Path(protocol.__file__).resolve().parent.parent / "docs" / "protocol.md").read_text(encoding="utf-8")


def test_every_kind_stands_there_with_its_header_and_keys() -> None:
    rows = re.findall(
        r"^\| `([a-z]+\.[a-z_]+)` \| ([a-z]+)(?: · ([a-z_]+))? \| (F?) ?\|", TEXT, flags=re.MULTILINE
    )
    said = {kind: (coarse, act or None, bool(field)) for kind, coarse, act, field in rows}
    assert len(said) == len(rows)
    assert said == {
        kind: (str(rule.coarse), str(rule.act) if rule.act else None, KeyUse.FIELD in rule.signers)
        for kind, rule in KINDS.items()
    }


def test_every_type_of_signed_text_stands_there() -> None:
    said = re.findall(r"^\| `(tu-[a-z]+\+jws)` \|", TEXT, flags=re.MULTILINE)
    assert sorted(said) == sorted(value for name, value in vars(Typ).items() if name.isupper())


@pytest.mark.parametrize(
    "value",
    [value for name, value in vars(limits).items() if name.isupper() and isinstance(value, int)]
    + [*limits.PADDING_STEPS, LONGEST_SECONDS],
)
def test_every_limit_stands_there(value: int) -> None:
    grouped = f"{value:,}".replace(",", " ")
    assert re.search(rf"(?<!\d)(?:{value}|{grouped})(?!\d)", TEXT)
