"""Every link from one document to another resolves, heading included."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote

from tests.check.source import at, project_files

LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)")
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def problems(root: Path) -> list[str]:
    """Links to files or headings that are not there."""
    found: list[str] = []
    for path in project_files(root):
        if path.suffix != ".md":
            continue
        for line, target in links(path.read_text(encoding="utf-8")):
            if not OUTSIDE.match(target) and (wrong := _wrong(root, path, target)):
                found.append(f"{at(root, path, line)}: {target} {wrong}")
    return found


def links(text: str) -> list[tuple[int, str]]:
    """Line and target of each link outside code."""
    found: list[tuple[int, str]] = []
    for number, line in _prose(text):
        plain = re.sub(r"`[^`]*`", "", line)
        found += [(number, target) for target in LINK.findall(plain) + REFERENCE.findall(plain)]
    return found


def headings(text: str) -> set[str]:
    """Anchors of a document's headings, made as the usual viewers make them."""
    anchors: set[str] = set()
    for _, line in _prose(text):
        match = re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        if not match:
            continue
        title = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).lower()
        kept = (c if c in " -_" or unicodedata.category(c)[0] in "LN" else "" for c in title)
        anchor = base = "".join(kept).replace(" ", "-")
        again = 0
        while anchor in anchors:
            again += 1
            anchor = f"{base}-{again}"
        anchors.add(anchor)
    return anchors


def _prose(text: str) -> list[tuple[int, str]]:
    lines: list[tuple[int, str]] = []
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced:
            lines.append((number, line))
    return lines


def _wrong(root: Path, path: Path, target: str) -> str | None:
    name, _, anchor = unquote(target).partition("#")
    start = root if name.startswith("/") else path.parent
    place = (start / name.lstrip("/")).resolve() if name else path
    if not place.is_relative_to(root.resolve()):
        return "leads out of the project"
    if not place.exists():
        return "is not there"
    if anchor and place.suffix == ".md" and anchor.lower() not in headings(place.read_text(encoding="utf-8")):
        return "has no such heading"
    return None
