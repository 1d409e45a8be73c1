"""Every route of the server stands in docs/protocol.md or in the generated API description, docs/api.*."""

from __future__ import annotations

import re
from pathlib import Path

from tests.check.source import at, calls, python_trees, text_of

ROOM = "sync_server"
DOCUMENTS = ("docs/protocol.md", "docs/api.md", "docs/api.json", "docs/openapi.json")


def problems(root: Path) -> list[str]:
    """Routes that no document names. A parameter's name does not matter, its place does."""
    table = routes(root)
    if not table:
        return [f"{ROOM}: no Route(…) was found: is this check looking in the right place?"]
    texts = [(root / name).read_text(encoding="utf-8") for name in DOCUMENTS if (root / name).is_file()]
    named = {path for text in texts for path in paths(text)}
    where = " or ".join(DOCUMENTS)
    return [
        f"{place}: the route {path} is in neither {where}"
        for path, place in table.items()
        if shape(path) not in named
    ]


def routes(root: Path) -> dict[str, str]:
    """Path → where it is defined."""
    return {
        path: at(root, module, call.lineno)
        for module, tree in python_trees(root, ROOM)
        for call in calls(tree, "Route", "WebSocketRoute", "Mount")
        if call.args and (path := text_of(call.args[0]))
    }


def paths(text: str) -> set[str]:
    """Everything in a document that looks like a path, without its query."""
    return {shape(path) for path in re.findall(r"(?<![\w/])/(?:[\w.~{}:*-]+/?)*", text)}


def shape(path: str) -> str:
    """A path with its parameters unnamed and no slash at the end."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/") or "/"
