"""No committed file names a machine it was written on, a host that packages or scripts come from, or unfinished work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.check.source import at, project_files


@dataclass(frozen=True)
class Rule:
    """What may not be written, why, and where it may all the same (beginnings of paths)."""

    pattern: re.Pattern[str]
    why: str
    but_in: tuple[str, ...] = ()


# Each pattern is spelt so that it does not match itself.
RULES = (
    Rule(
        re.compile(r"(?<![\w.~-])/(?:wor[k]|roo[t]|tm[p]|hom[e](?!/pyodide))/[\w.-]"), "a path of one machine"
    ),
    Rule(
        re.compile(
            r"\b(?:pypi\.or[g]|pythonhosted\.or[g]|npmj[s]\.(?:org|com)|crates\.i[o]|deb\.debian\.or[g])\b"
        ),
        "a package registry's host",
    ),
    Rule(
        re.compile(
            r"\b(?:gstati[c]|googleapi[s]|jsdeliv[r]|unpk[g]|cdnj[s]|cloudflar[e])\.(?:com|net|org)\b"
        ),
        "a content network's host: the app fetches nothing from others",
        # The builder names what it takes out, and a test what must not be asked for.
        ("assets/build/", "tests/"),
    ),
    Rule(re.compile(r"\bsub-?agen[t]s?\b", re.IGNORECASE), "how the work was done, not what it is"),
    Rule(re.compile(r"\bsession \d+ o[f]\b", re.IGNORECASE), "how the work was done, not what it is"),
    Rule(re.compile(r"\b(?:TOD[O]|FIXM[E])\b"), "unfinished work"),
)


def problems(root: Path) -> list[str]:
    """Lines with words that don't belong. Files that are not text are passed over."""
    found: list[str] = []
    for path in project_files(root):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        name = path.relative_to(root).as_posix()
        rules = [rule for rule in RULES if not name.startswith(rule.but_in)]
        for number, line in enumerate(lines, 1):
            found += [
                f"{at(root, path, number)}: {match[0]!r} is {rule.why}"
                for rule in rules
                if (match := rule.pattern.search(line))
            ]
    return found
