"""Every code is known to all, documented, and raised by something."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import protocol
from protocol.errors import RULES, ErrorCode, ProtocolError

pytestmark = pytest.mark.unit

ROOT = Path(protocol.__file__).resolve().parent.parent


def used(folder: str) -> set[str]:
    """Names of codes that stand in the Python of `folder`, beside the table that defines them."""
    names = set()
    for path in (ROOT / folder).rglob("*.py"):
        if path.name != "errors.py" or folder != "protocol":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.value, ast.Name)
                    and node.value.id == "ErrorCode"
                ):
                    names.add(node.attr)
    return names


def test_every_code_has_a_rule_and_a_status_of_an_error() -> None:
    assert set(RULES) == set(ErrorCode)
    assert all(400 <= rule.status < 600 for rule in RULES.values())
    # What may succeed later must not be parked for good, and the other way round.
    assert {code for code, rule in RULES.items() if rule.status >= 500} <= {
        code for code, rule in RULES.items() if not rule.permanent
    }


def test_every_code_is_raised_by_something() -> None:
    assert used("protocol") | used("sync_server") == set(ErrorCode.__members__)


def test_every_code_is_explained() -> None:
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \|", text, flags=re.MULTILINE)
    assert {code: int(status) for code, status in rows} == {
        str(code): rule.status for code, rule in RULES.items()
    }
    assert len(rows) == len(RULES)


def test_an_error_says_its_code_and_a_detail_for_developers() -> None:
    error = ProtocolError(ErrorCode.ID_REUSED, "event")
    assert (error.code, error.detail, str(error)) == (ErrorCode.ID_REUSED, "event", "id_reused: event")
    assert str(ProtocolError(ErrorCode.ID_REUSED)) == "id_reused"
