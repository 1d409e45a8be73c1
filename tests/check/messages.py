"""Every message key in code has words, every word is used, and every error code has words for the person.

A key stands in code as `t("key")` or `M("key")`. `t(f"visit.kind.{kind}")` uses every key that begins so. What the words
leave open, `{name}`, is given where they are used: `t("greeting", name=…)`.
"""

from __future__ import annotations

import ast
import json
import string
from dataclasses import dataclass, field
from pathlib import Path

from tests.check.error_codes import codes
from tests.check.source import at, called_name, calls, python_trees, text_of

MESSAGES = "mobile_app/content/messages/nb.json"
ROOM = "mobile_app"


@dataclass
class Uses:
    """Where keys are used, in the order found."""

    keys: dict[str, str] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    opaque: list[str] = field(default_factory=list)
    filled: list[tuple[str, str, set[str]]] = field(default_factory=list)
    """Key, place and the values given, for calls of `t` that say both in plain words."""


def problems(root: Path) -> list[str]:
    """Keys without words, words without a key, errors without words, keys that can't be checked."""
    path = root / MESSAGES
    if not path.is_file():
        return [f"{MESSAGES}: is missing"]
    texts = flatten(json.loads(path.read_text(encoding="utf-8")))
    uses = used(root)
    found = [
        f'{place}: t(f"…") must begin with a constant part, or no check can find its keys'
        for place in uses.opaque
    ]
    found += [
        f"{place}: {key!r} has no words in {MESSAGES}" for key, place in uses.keys.items() if key not in texts
    ]
    for prefix, place in uses.prefixes.items():
        if not any(key.startswith(prefix) for key in texts):
            found.append(f"{place}: no key in {MESSAGES} begins with {prefix!r}")
    found += [
        f"{MESSAGES}: {key!r} is used nowhere"
        for key in texts
        if key not in uses.keys and not any(key.startswith(prefix) for prefix in uses.prefixes)
    ]
    for key, place, given in uses.filled:
        if key in texts and (needed := placeholders(texts[key])) != given:
            found.append(f"{place}: {key!r} needs {sorted(needed)} and is given {sorted(given)}")
    for code, place in error_codes(root).items():
        if f"error.{code}" not in texts:
            found.append(f"{place}: the error {code!r} has no words, 'error.{code}' in {MESSAGES}")
    return found + [f"{MESSAGES}: {key!r} is empty" for key, text in texts.items() if not text.strip()]


def flatten(tree: object, prefix: str = "") -> dict[str, str]:
    """Nested or flat, a message file is a table of dotted keys."""
    if isinstance(tree, dict):
        table: dict[str, str] = {}
        for key, value in tree.items():
            table |= flatten(value, f"{prefix}.{key}" if prefix else str(key))
        return table
    return {prefix: tree if isinstance(tree, str) else json.dumps(tree)}


def used(root: Path) -> Uses:
    """All keys and prefixes that the client's code names."""
    uses = Uses()
    for path, tree in python_trees(root, ROOM):
        for call in calls(tree, "t", "M"):
            if call.args:
                place = at(root, path, call.lineno)
                _note(uses, call.args[0], place)
                key, names = text_of(call.args[0]), [word.arg for word in call.keywords]
                if key is not None and called_name(call) == "t" and None not in names and len(call.args) == 1:
                    uses.filled.append((key, place, {name for name in names if name}))
    return uses


def placeholders(text: str) -> set[str]:
    """The names in braces that a text leaves open."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def error_codes(root: Path) -> dict[str, str]:
    """The wire's codes and those that the client's ports raise, with where they stand."""
    table = dict(codes(root))
    for path, tree in python_trees(root, ROOM):
        for call in calls(tree, "PortError"):
            code = text_of(call.args[0]) if call.args else None
            if code is not None:
                table.setdefault(code, at(root, path, call.lineno))
    return table


def _note(uses: Uses, key: ast.expr, place: str) -> None:
    match key:
        case ast.Constant(value=str(text)):
            uses.keys.setdefault(text, place)
        case ast.IfExp(body=one, orelse=other):
            _note(uses, one, place)
            _note(uses, other, place)
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            uses.prefixes.setdefault(text, place)
        case ast.JoinedStr():
            uses.opaque.append(place)
