"""Checklists and words as data, a folder per language. They are read as package data, so that a zip will do."""

import json
import pkgutil
from typing import Any

LANGUAGE = "nb"


def load(name: str, language: str = LANGUAGE) -> Any:
    """The JSON file `name` of a language, e.g. "checklists/home_visit.json". Raises FileNotFoundError."""
    data = pkgutil.get_data(__name__, f"{language}/{name}")
    if data is None:
        raise FileNotFoundError(name)
    return json.loads(data)
