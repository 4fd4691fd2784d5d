"""The SQLite file: opened, migrated, backed up before that, and set aside when it is broken. Everything here blocks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import UserFacingError
from app.store import durable
from app.store.errors import is_corruption
from app.store.migrations import MIGRATIONS

if TYPE_CHECKING:
    import sqlite3

_BUSY_TIMEOUT_S = 5.0
_COMPANIONS = ("", "-wal", "-shm")


class NewerDatabase(UserFacingError):
    """The database was written by a newer version of this program."""


class DamagedDatabase(Exception):
    """The file is not a database any more. Not shown: `open_database`'s caller sets it aside."""


def open_database(
    path: Path,
    now: datetime,
    *,
    look_closely: bool,
    may_migrate: bool,
    migrations: Sequence[Sequence[str]] = MIGRATIONS,
) -> sqlite3.Connection:
    """Open `path`, created and migrated where needed, in autocommit mode.

    `look_closely` reads all of it for damage: worth its time after a crash. `may_migrate` is False while another
    process uses the database. Raises DamagedDatabase, NewerDatabase, UserFacingError, OSError or sqlite3.Error.
    """
    import sqlite3

    _create_private(path)
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
    try:
        try:
            _configure(connection)
            if look_closely:
                _check(connection)
            _migrate(connection, path, now, migrations, may_migrate=may_migrate)
        except sqlite3.DatabaseError as error:
            if is_corruption(error):
                raise DamagedDatabase(str(error)) from error
            raise
    except BaseException:
        connection.close()
        raise
    return connection


def set_aside(path: Path, now: datetime) -> Path:
    """Rename a damaged database and what belongs to it, to make way for a new one. Returns its new name."""
    stamp = now.strftime("%Y%m%dT%H%M%S.%fZ")
    target = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in _COMPANIONS:
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.rename(target.with_name(target.name + suffix))
    return target


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One writing transaction: all of it, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some failures, such as a full disk.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def relaxed(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit without waiting for the disk: survives the death of the process, not a power cut."""
    connection.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        connection.execute("PRAGMA synchronous = FULL")


def _create_private(path: Path) -> None:
    """SQLite gives its other files the mode of the database, so that is made first, for nobody else to read."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.close(fd)


def _configure(connection: sqlite3.Connection) -> None:
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "fullfsync = ON",
        "checkpoint_fullfsync = ON",
        "trusted_schema = OFF",
        "journal_size_limit = 4194304",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _check(connection: sqlite3.Connection) -> None:
    findings = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    if findings != ["ok"]:
        raise DamagedDatabase("; ".join(findings))


def _migrate(
    connection: sqlite3.Connection,
    path: Path,
    now: datetime,
    migrations: Sequence[Sequence[str]],
    *,
    may_migrate: bool,
) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version == len(migrations):
        return
    if version > len(migrations):
        raise NewerDatabase(
            f"The list of uploads was written by a newer ImgLink Desktop (format {version}, this one knows "
            f"{len(migrations)}).",
            safe="Nothing was changed.",
            remedy="Use the newer version.",
        )
    if version and not may_migrate:
        raise UserFacingError(
            "An older ImgLink Desktop is still using the list of uploads.", remedy="Quit it, then start this one."
        )
    if version:
        _back_up(connection, path.with_name(f"{path.name}.v{version}-{now.strftime('%Y%m%dT%H%M%S.%fZ')}.bak"))
    with transaction(connection):
        for statements in migrations[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _back_up(connection: sqlite3.Connection, target: Path) -> None:
    import sqlite3

    _create_private(target)
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    fd = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
    try:
        durable.sync(fd)
    finally:
        os.close(fd)
