"""Migrations: numbered, frozen, backed up before."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.errors import UserFacingError
from app.store.database import open_database, transaction
from app.store.migrations import MIGRATIONS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FROZEN = (
    "115f33860ac88d0b05bbc70e24efc2459d0ca5da300c98b5d40597e78594fc1a",
    "f1df0fcbb1712fe4b64c7e4d5caaee81acbb94b21f015889eaa62239bd2429c2",
    "fb7964f339571e0bd6c812928b53d48857862f6a3fd24d043a6b74938d261dfe",
    "2721222ff3091b4988825d8f308f34ef252d38df93975dda1205548fdddaffec",
)
"""SHA-256 of each migration that has been written: a change belongs into a new one."""


def digest(statements: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(" ".join(each.split()) for each in statements).encode()).hexdigest()


def opened(path: Path, *, may_migrate: bool = True, extra: tuple[str, ...] = ()) -> sqlite3.Connection:
    migrations = MIGRATIONS + ((extra,) if extra else ())
    return open_database(path, NOW, look_closely=False, may_migrate=may_migrate, migrations=migrations)


def test_released_migrations_are_frozen() -> None:
    assert tuple(digest(statements) for statements in MIGRATIONS) == FROZEN


def test_a_database_is_backed_up_before_it_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    connection = opened(path)
    connection.execute("INSERT INTO meta VALUES ('a', 'b')")
    connection.close()
    assert [each.name for each in tmp_path.iterdir()] == ["a.db"]

    connection = opened(path, extra=("CREATE TABLE more (x)",))
    assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS) + 1
    connection.close()
    (backup,) = tmp_path.glob(f"a.db.v{len(MIGRATIONS)}-*.bak")
    assert backup.stat().st_mode & 0o777 == 0o600
    old = sqlite3.connect(backup)
    assert old.execute("SELECT value FROM meta").fetchone() == ("b",)
    assert old.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    old.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    opened(path).close()
    with pytest.raises(sqlite3.OperationalError):
        opened(path, extra=("CREATE TABLE more (x)", "CREATE TABLE more (x)"))
    connection = opened(path)
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'more'").fetchone()[0] == 0
    connection.close()


def test_nothing_is_migrated_while_an_older_version_runs(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    opened(path).close()
    with pytest.raises(UserFacingError, match="older ImgLink Desktop"):
        opened(path, may_migrate=False, extra=("CREATE TABLE more (x)",))
    assert list(tmp_path.glob("*.bak")) == []


def test_commits_wait_for_the_disk(tmp_path: Path) -> None:
    connection = opened(tmp_path / "a.db")
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    connection.close()


def test_a_transaction_that_fails_is_rolled_back(tmp_path: Path) -> None:
    connection = opened(tmp_path / "a.db")

    def insert_twice() -> None:
        with transaction(connection):
            connection.execute("INSERT INTO meta VALUES ('a', 'b')")
            connection.execute("INSERT INTO meta VALUES ('a', 'b')")

    with pytest.raises(sqlite3.IntegrityError):
        insert_twice()
    assert connection.execute("SELECT count(*) FROM meta").fetchone()[0] == 0
    connection.close()
