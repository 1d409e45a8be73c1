"""docs/privacy.md lists every column the server keeps: a new one is a decision, and has to be told."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from tests.conftest import ServerFactory

pytestmark = pytest.mark.integration

PAGE = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"
COLUMN = re.compile(r"`([a-z_]+\.[a-z_]+)`")


def kept(database: Path) -> set[str]:
    """Every "table.column" of a SQLite file but SQLite's own."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            f"{table}.{column[1]}"
            for table in tables
            if not table.startswith("sqlite_")
            for column in connection.execute(f'PRAGMA table_info("{table}")')
        }
    finally:
        connection.close()


def test_every_column_of_the_server_is_told_of(server_factory: ServerFactory) -> None:
    server = server_factory()
    server.stop()
    told = set(COLUMN.findall(PAGE.read_text().split("## Columns", 1)[1]))
    assert told == kept(server.data_dir / "trygg.db")
