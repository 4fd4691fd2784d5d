"""The server's SQLite database: one connection behind a lock, used from worker threads."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.errors import UserFacingError

_VERSION = 1

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_salt BLOB NOT NULL,
    password_hash BLOB NOT NULL,
    is_verified INTEGER NOT NULL,
    is_banned INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE keys (
    hash BLOB PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id),
    scopes TEXT NOT NULL
);
CREATE TABLE embeds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    color TEXT NOT NULL,
    author_name TEXT NOT NULL,
    author_url TEXT NOT NULL,
    site_name TEXT NOT NULL
);
CREATE TABLE images (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    user_id INTEGER REFERENCES users (id),
    file_name TEXT NOT NULL,
    format TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    is_private INTEGER NOT NULL,
    is_nsfw INTEGER NOT NULL,
    views INTEGER NOT NULL DEFAULT 0,
    uploaded_at TEXT NOT NULL,
    embed_id INTEGER REFERENCES embeds (id) ON DELETE SET NULL
);
CREATE INDEX images_of_user ON images (user_id);
CREATE TABLE albums (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    is_public INTEGER NOT NULL,
    password_salt BLOB,
    password_hash BLOB,
    created_at TEXT NOT NULL,
    deleted_at TEXT
);
CREATE TABLE album_images (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    album_id TEXT NOT NULL REFERENCES albums (id),
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    UNIQUE (album_id, image_id)
);
"""


class Database:
    """Opens or creates the file. Raises UserFacingError when it is not this program's or from another version."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        try:
            self._prepare(path)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, path: Path) -> None:
        try:
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._connection.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={_VERSION};COMMIT;")
            elif version != _VERSION:
                raise UserFacingError(
                    f"{path} was written by another version of the demo server.",
                    remedy="Choose another folder.",
                )
            self._connection.execute("PRAGMA foreign_keys=ON")
            # Demo data: a power cut may cost the last uploads, never the file's integrity.
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
        except sqlite3.DatabaseError as error:
            raise UserFacingError(f"{path} cannot be opened: {error}.", remedy="Choose another folder.") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection, alone; what is done is kept as a whole or not at all."""
        with self._lock, self._connection:
            yield self._connection

    def secret(self, name: str, fresh: bytes) -> bytes:
        """The bytes stored under a name; `fresh` is stored first when there are none."""
        with self.transaction() as db:
            db.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, fresh))
            return bytes(db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
