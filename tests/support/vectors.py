"""The known answers in protocol/vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import protocol

VECTORS = Path(protocol.__file__).resolve().parent / "vectors"


def load(name: str) -> Any:
    """A file of known answers."""
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
