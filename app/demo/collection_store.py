"""Albums and embed profiles in the database."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.demo.accounts import DemoUser, hash_password, password_matches
from app.demo.image_store import StoredImage, image_of, new_id
from app.demo.replies import ApiError

if TYPE_CHECKING:
    from app.demo.database import Database

EMBED_FIELDS = ("name", "title", "description", "color", "author_name", "author_url", "site_name")


@dataclass(frozen=True, slots=True)
class StoredAlbum:
    """An album that is not deleted."""

    id: str
    user_id: int
    title: str
    description: str
    is_public: bool
    password: tuple[bytes, bytes] | None
    """Salt and hash."""
    created_at: datetime
    image_count: int
    cover: StoredImage | None
    """The latest image."""

    def opens_with(self, password: str) -> bool:
        """Whether it is the album's password."""
        return self.password is not None and password_matches(password, *self.password)


@dataclass(frozen=True, slots=True)
class StoredEmbed:
    """An embed profile; `fields` has every name of `EMBED_FIELDS`."""

    id: int
    fields: Mapping[str, str]


_ALBUM = """
SELECT albums.*,
    (SELECT COUNT(*) FROM album_images WHERE album_id = albums.id) AS image_count
FROM albums WHERE deleted_at IS NULL AND
"""


def _album(db: sqlite3.Connection, row: sqlite3.Row) -> StoredAlbum:
    cover = db.execute(
        "SELECT images.* FROM album_images JOIN images ON images.id = image_id WHERE album_id = ?"
        " ORDER BY album_images.seq DESC LIMIT 1",
        (row["id"],),
    ).fetchone()
    password = (row["password_salt"], row["password_hash"]) if row["password_hash"] is not None else None
    return StoredAlbum(
        id=row["id"],
        user_id=row["user_id"],
        title=row["title"],
        description=row["description"],
        is_public=bool(row["is_public"]),
        password=password,
        created_at=datetime.fromisoformat(row["created_at"]),
        image_count=row["image_count"],
        cover=image_of(cover) if cover else None,
    )


def _embed(row: sqlite3.Row) -> StoredEmbed:
    return StoredEmbed(row["id"], {name: row[name] for name in EMBED_FIELDS})


class Collections:
    """All methods block; call them off the event loop. What is not there or not the owner's raises ApiError 404."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def albums(self, owner: DemoUser) -> list[StoredAlbum]:
        """The owner's albums, newest first."""
        with self._database.transaction() as db:
            rows = db.execute(f"{_ALBUM} user_id = ? ORDER BY seq DESC", (owner.id,)).fetchall()
            return [_album(db, row) for row in rows]

    def album(self, album_id: str) -> StoredAlbum | None:
        """Anyone's album."""
        with self._database.transaction() as db:
            row = db.execute(f"{_ALBUM} id = ?", (album_id,)).fetchone()
            return _album(db, row) if row else None

    def album_images(self, album_id: str) -> list[StoredImage]:
        """The album's images in the order they were added."""
        with self._database.transaction() as db:
            rows = db.execute(
                "SELECT images.* FROM album_images JOIN images ON images.id = image_id"
                " WHERE album_id = ? ORDER BY album_images.seq",
                (album_id,),
            ).fetchall()
        return [image_of(row) for row in rows]

    def create_album(
        self, owner: DemoUser, title: str, description: str, now: datetime, *, is_public: bool
    ) -> StoredAlbum:
        """Create an album."""
        with self._database.transaction() as db:
            last = db.execute("SELECT COALESCE(MAX(seq), 0) FROM albums").fetchone()[0]
            album_id = new_id(last + 1)
            db.execute(
                "INSERT INTO albums (id, user_id, title, description, is_public, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                (album_id, owner.id, title, description, is_public, now.isoformat()),
            )
            return self._own_album(db, owner, album_id)

    def update_album(
        self,
        owner: DemoUser,
        album_id: str,
        *,
        title: str | None,
        description: str | None,
        is_public: bool | None,
        password: str | None,
    ) -> StoredAlbum:
        """Change what is not None; an empty password removes it."""
        with self._database.transaction() as db:
            self._own_album(db, owner, album_id)
            db.execute(
                "UPDATE albums SET title = COALESCE(?, title), description = COALESCE(?, description),"
                " is_public = COALESCE(?, is_public) WHERE id = ?",
                (title, description, is_public, album_id),
            )
            if password is not None:
                salt = secrets.token_bytes(16) if password else None
                hashed = hash_password(password, salt) if salt else None
                db.execute(
                    "UPDATE albums SET password_salt = ?, password_hash = ? WHERE id = ?", (salt, hashed, album_id)
                )
            return self._own_album(db, owner, album_id)

    def delete_album(self, owner: DemoUser, album_id: str, now: datetime) -> None:
        """Hide an album for good; its row and images stay."""
        with self._database.transaction() as db:
            self._own_album(db, owner, album_id)
            db.execute("UPDATE albums SET deleted_at = ? WHERE id = ?", (now.isoformat(), album_id))

    def add_to_album(self, owner: DemoUser, album_id: str, image_id: str) -> None:
        """Put one of the owner's images in; nothing changes when it is in already."""
        with self._database.transaction() as db:
            self._own_album(db, owner, album_id)
            _check_own_images(db, owner, [image_id])
            db.execute("INSERT OR IGNORE INTO album_images (album_id, image_id) VALUES (?, ?)", (album_id, image_id))

    def remove_from_album(self, owner: DemoUser, album_id: str, image_id: str) -> None:
        """Take an image out."""
        with self._database.transaction() as db:
            self._own_album(db, owner, album_id)
            done = db.execute("DELETE FROM album_images WHERE album_id = ? AND image_id = ?", (album_id, image_id))
            if not done.rowcount:
                raise ApiError(404, "The image is not in this album")

    def _own_album(self, db: sqlite3.Connection, owner: DemoUser, album_id: str) -> StoredAlbum:
        row = db.execute(f"{_ALBUM} id = ? AND user_id = ?", (album_id, owner.id)).fetchone()
        if row is None:
            raise ApiError(404, "Album not found")
        return _album(db, row)

    def embeds(self, owner: DemoUser) -> list[StoredEmbed]:
        """The owner's embed profiles, oldest first."""
        with self._database.transaction() as db:
            rows = db.execute("SELECT * FROM embeds WHERE user_id = ? ORDER BY id", (owner.id,)).fetchall()
        return [_embed(row) for row in rows]

    def embed(self, embed_id: int) -> StoredEmbed | None:
        """Anyone's embed profile."""
        with self._database.transaction() as db:
            row = db.execute("SELECT * FROM embeds WHERE id = ?", (embed_id,)).fetchone()
        return _embed(row) if row else None

    def create_embed(self, owner: DemoUser, fields: Mapping[str, str], limit: int) -> StoredEmbed:
        """Create a profile. Raises ApiError 400 when the owner has `limit` already."""
        with self._database.transaction() as db:
            count = db.execute("SELECT COUNT(*) FROM embeds WHERE user_id = ?", (owner.id,)).fetchone()[0]
            if count >= limit:
                raise ApiError(400, f"You can have at most {limit} embed profiles")
            row = db.execute(
                "INSERT INTO embeds (user_id, name, title, description, color, author_name, author_url, site_name)"
                " VALUES (:user_id, :name, :title, :description, :color, :author_name, :author_url, :site_name)"
                " RETURNING *",
                {**dict.fromkeys(EMBED_FIELDS, ""), **fields, "user_id": owner.id},
            ).fetchone()
        return _embed(row)

    def update_embed(self, owner: DemoUser, embed_id: int, fields: Mapping[str, str]) -> StoredEmbed:
        """Change the given fields."""
        with self._database.transaction() as db:
            old = _own_embed(db, owner, embed_id)
            row = db.execute(
                "UPDATE embeds SET name = :name, title = :title, description = :description, color = :color,"
                " author_name = :author_name, author_url = :author_url, site_name = :site_name"
                " WHERE id = :id RETURNING *",
                {**old.fields, **fields, "id": embed_id},
            ).fetchone()
        return _embed(row)

    def delete_embed(self, owner: DemoUser, embed_id: int) -> None:
        """Delete a profile; its images revert to the defaults."""
        with self._database.transaction() as db:
            _own_embed(db, owner, embed_id)
            db.execute("DELETE FROM embeds WHERE id = ?", (embed_id,))

    def assign_embed(self, owner: DemoUser, image_ids: Sequence[str], embed_id: int | None) -> None:
        """Give the owner's images a profile, or None; all or none of them."""
        with self._database.transaction() as db:
            if embed_id is not None:
                _own_embed(db, owner, embed_id)
            _check_own_images(db, owner, image_ids)
            db.executemany(
                "UPDATE images SET embed_id = ? WHERE id = ?", [(embed_id, image_id) for image_id in image_ids]
            )


def _own_embed(db: sqlite3.Connection, owner: DemoUser, embed_id: int) -> StoredEmbed:
    row = db.execute("SELECT * FROM embeds WHERE id = ? AND user_id = ?", (embed_id, owner.id)).fetchone()
    if row is None:
        raise ApiError(404, "Embed profile not found")
    return _embed(row)


def _check_own_images(db: sqlite3.Connection, owner: DemoUser, image_ids: Sequence[str]) -> None:
    for image_id in image_ids:
        if db.execute("SELECT 1 FROM images WHERE id = ? AND user_id = ?", (image_id, owner.id)).fetchone() is None:
            raise ApiError(404, f"Image not found or not owned by you: {image_id}")
