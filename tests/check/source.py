"""Reading the project's own source: files, syntax trees, calls by name."""

from __future__ import annotations

import ast
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

SKIPPED = {".git", ".venv", "build", "data", "node_modules", "__pycache__"}


def project_files(root: Path) -> list[Path]:
    """Every file that is or would be committed; in a folder without git, every file outside the skipped folders."""
    git = shutil.which("git")
    if git and (root / ".git").exists():
        listed = subprocess.run(
            [git, "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True,
            check=True,
        ).stdout.decode()
        paths = [root / name for name in listed.split("\0") if name]
    else:
        paths = list(root.rglob("*"))
    return sorted(
        path for path in set(paths) if path.is_file() and not SKIPPED & set(path.relative_to(root).parts)
    )


def python_trees(root: Path, *rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    """The syntax trees of all modules in some rooms (folders or files, relative to the root)."""
    for room in rooms:
        place = root / room
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def called_name(call: ast.Call) -> str:
    """`name` in both `name(…)` and `anything.name(…)`; empty for other calls."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """All calls of functions or methods with one of these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called_name(node) in names:
            yield node


def text_of(node: ast.expr | None) -> str | None:
    """The value of a string literal, or None."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def at(root: Path, path: Path, line: int) -> str:
    """`path:line` as it is printed."""
    return f"{path.relative_to(root).as_posix()}:{line}"
