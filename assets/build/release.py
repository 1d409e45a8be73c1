"""What makes a folder of files one release: its version, and the list the service worker checks files against."""

import json
from dataclasses import asdict
from typing import Any

from assets.build.client import RENDERERS
from assets.build.digest import sha256
from assets.build.headers import class_of, classes, content_type
from assets.build.precompress import Size

COMMON = "common"
# Served, but fetched at run time only when asked for, or never.
NOT_PRECACHED = ("sw.js", "assets/NOTICES", "assets/AssetManifest.bin", "assets/fonts/OFL.txt")
_RENDERER_FILES = {name for names in RENDERERS.values() for name in names}


def version_of(hashes: dict[str, str]) -> str:
    """Return the version of a build: 12 digits over every file and every header."""
    return sha256(json.dumps([sorted(hashes.items()), classes()], sort_keys=True).encode())[:12]


def set_of(name: str) -> list[str]:
    """Return which sets a file is precached with: ``common``, or the renderers that need it, or none."""
    if name in NOT_PRECACHED:
        return []
    if name in _RENDERER_FILES:
        return [renderer for renderer, names in RENDERERS.items() if name in names]
    return [COMMON]


def precache_list(hashes: dict[str, str], sizes: dict[str, int]) -> dict[str, Any]:
    """Return what the service worker is built with.

    Args:
        hashes: path → SHA-256 of each file.
        sizes: path → bytes of each file.

    Returns:
        ``classes`` (headers by class) and ``files``: [path, sha256, bytes, class, type, sets] each.
    """
    files = [
        [name, hashes[name], sizes[name], class_of(name), content_type(name), set_of(name)]
        for name in sorted(hashes)
        if set_of(name)
    ]
    used = {row[3] for row in files}
    return {"classes": {name: value for name, value in classes().items() if name in used}, "files": files}


def build_json(version: str, hashes: dict[str, str], sizes: dict[str, Size], brotli: int) -> dict[str, Any]:
    """Return the content of build.json: what was built, and how large it is on the way to a phone."""
    totals = {}
    for renderer in RENDERERS:
        held = [sizes[name] for name in hashes if COMMON in set_of(name) or renderer in set_of(name)]
        totals[renderer] = asdict(
            Size(sum(s.raw for s in held), sum(s.gz for s in held), sum(s.br for s in held))
        )
    return {
        "version": version,
        "brotli_quality": brotli,
        "precache": totals,
        "files": {name: {"sha256": hashes[name], **asdict(sizes[name])} for name in sorted(hashes)},
    }
