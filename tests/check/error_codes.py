"""Every code in protocol/errors.py stands in docs/protocol.md, in backticks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.check.source import at, python_trees, text_of

ERRORS = "protocol/errors.py"
DOCUMENT = "docs/protocol.md"
CLASS = "ErrorCode"


def problems(root: Path) -> list[str]:
    """Codes that the document does not name."""
    table = codes(root)
    if not table:
        return [f"{ERRORS}: no class {CLASS} with codes was found"]
    document = root / DOCUMENT
    if not document.is_file():
        return [f"{DOCUMENT}: is missing"]
    named = set(re.findall(r"`([a-z0-9_]+)`", document.read_text(encoding="utf-8")))
    return [
        f"{place}: the code {code!r} is not in {DOCUMENT}"
        for code, place in table.items()
        if code not in named
    ]


def codes(root: Path) -> dict[str, str]:
    """Code → where it is defined."""
    if not (root / ERRORS).is_file():
        return {}
    return {
        code: at(root, path, line.lineno)
        for path, tree in python_trees(root, ERRORS)
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == CLASS
        for line in node.body
        if isinstance(line, ast.Assign) and (code := text_of(line.value)) is not None
    }
