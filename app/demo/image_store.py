"""Uploaded images: a row in the database and a file in a folder for each."""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.images import ImageFormat
from app.demo.replies import ApiError

if TYPE_CHECKING:
    import sqlite3

    from app.demo.accounts import DemoUser
    from app.demo.database import Database

_ALPHABET = string.ascii_letters + string.digits + "_-"
_ID_LENGTH = 10


def new_id(number: int) -> str:
    """A random id. Every fourth starts with `-` and another with `_`, as ids of the service may."""
    first = {2: "_", 3: "-"}.get(number % 4) or secrets.choice(string.ascii_letters + string.digits)
    return first + "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH - 1))


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """An uploaded file that is checked but not yet an image of the service."""

    path: Path
    file_name: str
    format: ImageFormat
    size: int
    sha256: str
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class UploadChoices:
    """The form fields of an upload."""

    is_private: bool = False
    is_nsfw: bool = False
    album_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image as the database has it. Sizes in bytes and pixels; `uploaded_at` is aware, UTC."""

    id: str
    user_id: int | None
    file_name: str
    format: ImageFormat
    size: int
    sha256: str
    width: int | None
    height: int | None
    is_private: bool
    is_nsfw: bool
    views: int
    uploaded_at: datetime
    embed_id: int | None

    @property
    def has_thumbnail(self) -> bool:
        """SVG is never decoded, and what Pillow could not read has no size."""
        return self.width is not None and self.format is not ImageFormat.SVG


def image_of(row: sqlite3.Row) -> StoredImage:
    """Make the record of a row of `images`."""
    return StoredImage(
        id=row["id"],
        user_id=row["user_id"],
        file_name=row["file_name"],
        format=ImageFormat(row["format"]),
        size=row["size"],
        sha256=row["sha256"],
        width=row["width"],
        height=row["height"],
        is_private=bool(row["is_private"]),
        is_nsfw=bool(row["is_nsfw"]),
        views=row["views"],
        uploaded_at=datetime.fromisoformat(row["uploaded_at"]),
        embed_id=row["embed_id"],
    )


class ImageStore:
    """All methods block; call them off the event loop."""

    def __init__(self, database: Database, directory: Path) -> None:
        self._database = database
        self._files = directory / "files"
        self._thumbnails = directory / "thumbnails"
        self.incoming = directory / "incoming"
        """Where uploads are written while they arrive; on the same file system as the files."""
        for folder in (self._files, self._thumbnails, self.incoming):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in self.incoming.iterdir():
            leftover.unlink()
        self.commits = 0
        """How many images were committed since the start."""

    def file_path(self, image: StoredImage) -> Path:
        """The uploaded bytes, unchanged."""
        return self._files / (image.id + image.format.extension)

    def thumbnail_path(self, image: StoredImage) -> Path:
        """Where the thumbnail is or will be."""
        return self._thumbnails / f"{image.id}.webp"

    def add(
        self,
        files: Sequence[IncomingFile],
        owner: DemoUser | None,
        choices: UploadChoices,
        now: datetime,
        storage_bytes: int,
    ) -> list[StoredImage]:
        """Commit uploaded files, all or none. Raises ApiError 413 over the owner's storage, 400 for a strange album."""
        moved: list[Path] = []
        try:
            with self._database.transaction() as db:
                if owner is not None:
                    _check_room(db, owner, sum(file.size for file in files), storage_bytes)
                images = [self._add_row(db, file, owner, choices, now) for file in files]
                if choices.album_id is not None:
                    _add_to_album(db, choices.album_id, owner, images)
                for file, image in zip(files, images, strict=True):
                    target = self.file_path(image)
                    file.path.rename(target)
                    moved.append(target)
                self.commits += len(images)
        except BaseException:
            for path in moved:
                path.unlink(missing_ok=True)
            raise
        return images

    def _add_row(
        self, db: sqlite3.Connection, file: IncomingFile, owner: DemoUser | None, choices: UploadChoices, now: datetime
    ) -> StoredImage:
        last = db.execute("SELECT COALESCE(MAX(seq), 0) FROM images").fetchone()[0]
        row = db.execute(
            "INSERT INTO images (id, user_id, file_name, format, size, sha256, width, height, is_private, is_nsfw,"
            " uploaded_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
            (
                new_id(last + 1),
                owner.id if owner else None,
                file.file_name,
                file.format.value,
                file.size,
                file.sha256,
                file.width,
                file.height,
                choices.is_private,
                choices.is_nsfw,
                now.isoformat(),
            ),
        ).fetchone()
        return image_of(row)

    def get(self, image_id: str) -> StoredImage | None:
        """One image."""
        with self._database.transaction() as db:
            row = db.execute("SELECT * FROM images WHERE id = ?", (image_id,)).fetchone()
        return image_of(row) if row else None

    def view(self, image_id: str) -> StoredImage | None:
        """One image, counted as seen."""
        with self._database.transaction() as db:
            row = db.execute("UPDATE images SET views = views + 1 WHERE id = ? RETURNING *", (image_id,)).fetchone()
        return image_of(row) if row else None

    def all(self) -> list[StoredImage]:
        """Every image, oldest first."""
        with self._database.transaction() as db:
            return [image_of(row) for row in db.execute("SELECT * FROM images ORDER BY seq")]

    def gallery(self, page: int, limit: int) -> tuple[list[StoredImage], int]:
        """A page of the public images, newest first, and how many there are."""
        with self._database.transaction() as db:
            total = db.execute("SELECT COUNT(*) FROM images WHERE NOT is_private").fetchone()[0]
            rows = db.execute(
                "SELECT * FROM images WHERE NOT is_private ORDER BY seq DESC LIMIT ? OFFSET ?",
                (limit, (page - 1) * limit),
            ).fetchall()
        return [image_of(row) for row in rows], total

    def delete(self, image_id: str, owner: DemoUser) -> bool:
        """Delete one of the owner's images and its files; False when it is not theirs or not there."""
        with self._database.transaction() as db:
            row = db.execute(
                "DELETE FROM images WHERE id = ? AND user_id = ? RETURNING *", (image_id, owner.id)
            ).fetchone()
        if row is None:
            return False
        image = image_of(row)
        self.file_path(image).unlink(missing_ok=True)
        self.thumbnail_path(image).unlink(missing_ok=True)
        return True


def _check_room(db: sqlite3.Connection, owner: DemoUser, size: int, storage_bytes: int) -> None:
    used = db.execute("SELECT COALESCE(SUM(size), 0) FROM images WHERE user_id = ?", (owner.id,)).fetchone()[0]
    if used + size > storage_bytes:
        raise ApiError(413, f"Storage limit reached: {used} of {storage_bytes} bytes are used")


def _add_to_album(db: sqlite3.Connection, album_id: str, owner: DemoUser | None, images: Sequence[StoredImage]) -> None:
    album = db.execute(
        "SELECT id FROM albums WHERE id = ? AND user_id = ? AND deleted_at IS NULL",
        (album_id, owner.id if owner else None),
    ).fetchone()
    if album is None:
        raise ApiError(400, "Album not found")
    db.executemany(
        "INSERT INTO album_images (album_id, image_id) VALUES (?, ?)", [(album_id, image.id) for image in images]
    )
