"""Content digests and the content-addressed cache that makes builds incremental."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

IGNORED_PARTS = frozenset({"__pycache__", "node_modules", ".mypy_cache", ".ruff_cache"})


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data` as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file at `path`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree(folder: Path) -> list[Path]:
    """Return the files under `folder`, sorted by their path inside it, without caches and installed packages."""
    found: list[Path] = []
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in IGNORED_PARTS)
        found.extend(Path(base, name) for name in names if not name.endswith((".pyc", ".pyo", ".swp", "~")))
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def digest_of(files: Iterable[tuple[str, Path]], *facts: object) -> str:
    """Return one digest over named files and any JSON facts that decide a result.

    Args:
        files: pairs of the name to hash and the file whose content goes with it.
        facts: versions, options, lists: anything else the result depends on.
    """
    state = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name, path in files:
        state.update(name.encode() + b"\0" + file_sha256(path).encode() + b"\n")
    return state.hexdigest()


class Cache:
    """Finished intermediate results, each under the digest of everything it was made from."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, kind: str, digest: str, make: Callable[[Path], None]) -> Path:
        """Return the cached file for `digest`, calling `make` with a scratch path to write it when it is missing."""
        return self._entry(kind, digest, make)

    def folder(self, kind: str, digest: str, make: Callable[[Path], None]) -> Path:
        """Return the cached folder for `digest`, calling `make` with a scratch path to fill it when it is missing."""
        return self._entry(kind, digest, make)

    def _entry(self, kind: str, digest: str, make: Callable[[Path], None]) -> Path:
        place = self._folder / kind / digest[:32]
        if place.exists():
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".making-") as scratch:
            made = Path(scratch, "result")
            make(made)
            try:
                made.rename(place)  # whole or not at all: an interrupted build leaves no half result
            except OSError:
                if not place.exists():  # another build may have finished the same result first
                    raise
        return place
