"""The domain and the protocol import the standard library and themselves, nothing else; protocol/jose.py may use joserfc."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from tests.check.source import at, python_trees

ROOMS = ("mobile_app/domain", "protocol")
EXCEPTIONS = {"protocol/jose.py": {"joserfc", "cryptography"}}


def problems(root: Path) -> list[str]:
    """Imports that would make these rooms need something installed."""
    found: list[str] = []
    for room in ROOMS:
        own = room.replace("/", ".")
        if not (root / room).is_dir():
            found.append(f"{room}: is missing")
        for path, tree in python_trees(root, room):
            allowed = EXCEPTIONS.get(path.relative_to(root).as_posix(), set())
            for line, module in imports(tree):
                if module == own or module.startswith(f"{own}."):
                    continue
                if (top := module.partition(".")[0]) not in sys.stdlib_module_names | allowed:
                    found.append(
                        f"{at(root, path, line)}: imports {module}; {room} may use the standard library alone ({top} is not)"
                    )
    return found


def imports(tree: ast.AST) -> list[tuple[int, str]]:
    """Line and absolute module of every import, also of those inside functions."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, "." * node.level + (node.module or "")))
    return found
