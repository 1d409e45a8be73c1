"""Run every check over the project and print what is wrong. Exit code 1 if anything is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.check import error_codes, links, messages, operations, routes, standard_library, words

CHECKS: dict[str, Callable[[Path], list[str]]] = {
    "message keys": messages.problems,
    "error codes are documented": error_codes.problems,
    "server settings and options are documented": operations.problems,
    "API routes are documented": routes.problems,
    "links in the docs": links.problems,
    "rooms held to the standard library": standard_library.problems,
    "words that don't belong": words.problems,
}


def main(root: Path) -> int:
    """Run all checks; return the exit code."""
    failed = 0
    for name, check in CHECKS.items():
        found = check(root)
        print(f"{'FAILED' if found else 'ok':7}{name}")
        for line in found:
            print(f"       {line}")
        failed += bool(found)
    print(f"{len(CHECKS) - failed} checks ok, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[2]))
