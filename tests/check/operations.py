"""Every setting, environment variable, command and option of the server stands in docs/operations.md, in backticks or code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.check.source import at, calls, python_trees, text_of

ROOM = "sync_server"
DOCUMENT = "docs/operations.md"
SETTINGS_CLASS = "Settings"
VARIABLE = re.compile(r"TRYGG_[A-Z0-9_]+")


def problems(root: Path) -> list[str]:
    """What an operator can set and the document does not name."""
    things = settings(root)
    if not things:
        return [
            f"{ROOM}: no option, setting or variable was found: is this check looking in the right place?"
        ]
    document = root / DOCUMENT
    if not document.is_file():
        return [f"{DOCUMENT}: is missing"]
    named = words(document.read_text(encoding="utf-8"))
    return [
        f"{place}: {thing} is not in {DOCUMENT}"
        for thing, place in things.items()
        if not {thing, option(thing)} & named
    ]


def option(field: str) -> str:
    """The option that sets a field of the settings; who describes that has described the field."""
    return f"--{field.replace('_', '-')}"


def words(text: str) -> set[str]:
    """The words inside `code` and code blocks: options, names, variables."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
    return {word for part in code for word in re.findall(r"--[a-z0-9-]+|[A-Za-z_][A-Za-z0-9_-]*", part)}


def settings(root: Path) -> dict[str, str]:
    """Commands, long options, environment variables and fields of a Settings class → where they are."""
    found: dict[str, str] = {}
    for path, tree in python_trees(root, ROOM):
        for call in calls(tree, "add_argument", "add_parser"):
            for argument in call.args:
                name = text_of(argument)
                if name and (
                    name.startswith("--") or (call.args[0] is argument and not name.startswith("-"))
                ):
                    found.setdefault(name, at(root, path, call.lineno))
        for node in ast.walk(tree):
            name = text_of(node) if isinstance(node, ast.Constant) else None
            if name and VARIABLE.fullmatch(name):
                found.setdefault(name, at(root, path, getattr(node, "lineno", 0)))
            if isinstance(node, ast.ClassDef) and node.name == SETTINGS_CLASS:
                for line in node.body:
                    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                        found.setdefault(line.target.id, at(root, path, line.lineno))
    return found
