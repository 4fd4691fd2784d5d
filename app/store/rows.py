"""Rows of the table `uploads`, as UploadItem and back. Blocking functions over an open connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import ErrorKind
from app.core.imglink import AlbumId, EmbedId, Image, ImageId, UploadOptions, Visibility
from app.core.uploads import AfterUpload, RemoteState, UploadId, UploadItem, UploadState, with_network_tasks
from app.core.workflow import SourceKind
from app.store.codec import Sidecar, dump_after, dump_image, from_micros, load_after, load_image, to_micros

if TYPE_CHECKING:
    import sqlite3

_COLUMNS = (
    "id, file, file_name, upload_name, kind, mime, size, visibility, nsfw, anonymous, album, embed, state, created_at, "
    "width, height, reason, error_kind, image, remote_state, updated_at, attempts, sha256, has_file, follow_up"
)
_ADD = """
    INSERT INTO uploads (id, position, state, reason, error_kind, created_at, updated_at, finished_at, file, file_name,
        upload_name, kind, mime, size, sha256, width, height, visibility, nsfw, anonymous, album, embed, image_id,
        image, remote_state, follow_up)
    VALUES (:id, (SELECT coalesce(max(seq), 0) + 1 FROM uploads), :state, :reason, :error_kind, :created_at,
        :updated_at, :finished_at, :file, :file_name, :upload_name, :kind, :mime, :size, :sha256, :width, :height,
        :visibility, :nsfw, :anonymous, :album, :embed, :image_id, :image, :remote_state,
        :follow_up)
"""
_FINISHED = (UploadState.DONE, UploadState.CANCELLED)
_ALL_SENT = (UploadState.DONE, UploadState.COMMITTING, UploadState.UNCERTAIN)


def add(
    connection: sqlite3.Connection,
    sidecar: Sidecar,
    state: UploadState,
    now: datetime,
    *,
    reason: str = "",
    error_kind: ErrorKind | None = None,
) -> None:
    """Insert a row, last in the order of sending."""
    new, options, image = sidecar.new, sidecar.new.options, sidecar.image
    # One that is done already comes back after a disaster: what followed it then must not be done once more.
    follow_up = None if state is UploadState.DONE else dump_after(with_network_tasks(new.after, options))
    values = {
        "id": sidecar.id,
        "state": state.value,
        "reason": reason,
        "error_kind": None if error_kind is None else error_kind.value,
        "created_at": to_micros(sidecar.created_at),
        "updated_at": to_micros(now),
        "finished_at": to_micros(now) if state in _FINISHED else None,
        "file": sidecar.file,
        "file_name": new.file_name,
        "upload_name": new.upload_name,
        "kind": new.kind.value,
        "mime": new.mime,
        "size": sidecar.size,
        "sha256": sidecar.sha256,
        "width": new.width,
        "height": new.height,
        "visibility": options.visibility.value,
        "nsfw": options.nsfw,
        "anonymous": options.anonymous,
        "album": options.album,
        "embed": options.embed,
        "image_id": None if image is None else image.id,
        "image": None if image is None else dump_image(image),
        "remote_state": (RemoteState.UNKNOWN if image is None else RemoteState.THERE).value,
        "follow_up": follow_up,
    }
    connection.execute(_ADD, values)


def set_state(
    connection: sqlite3.Connection,
    upload_id: UploadId,
    state: UploadState,
    now: datetime,
    *,
    reason: str,
    error_kind: ErrorKind | None,
    image: Image | None,
    owner: str | None,
) -> None:
    """Update where an upload stands. Raises KeyError when there is no such row."""
    cursor = connection.execute(
        """
        UPDATE uploads SET state = ?, reason = ?, error_kind = ?, owner = ?, updated_at = ?, finished_at = ?,
            image_id = coalesce(?, image_id), image = coalesce(?, image), remote_state = coalesce(?, remote_state)
        WHERE id = ?
        """,
        (
            state.value,
            reason,
            None if error_kind is None else error_kind.value,
            owner,
            to_micros(now),
            to_micros(now) if state in _FINISHED else None,
            None if image is None else image.id,
            None if image is None else dump_image(image),
            None if image is None else RemoteState.THERE.value,
            upload_id,
        ),
    )
    if cursor.rowcount != 1:
        raise KeyError(upload_id)


def claim(connection: sqlite3.Connection, upload_id: UploadId, now: datetime, owner: str) -> bool:
    """Move a queued row to `sending`; False when it is not queued (any more)."""
    cursor = connection.execute(
        """
        UPDATE uploads SET state = 'sending', reason = '', error_kind = NULL, owner = ?, updated_at = ?,
            attempts = attempts + 1
        WHERE id = ? AND state = 'queued'
        """,
        (owner, to_micros(now), upload_id),
    )
    return cursor.rowcount == 1


def set_image(connection: sqlite3.Connection, image: Image) -> None:
    """Replace what is known of an image that is there."""
    connection.execute(
        "UPDATE uploads SET image = ?, remote_state = ? WHERE image_id = ?",
        (dump_image(image), RemoteState.THERE.value, image.id),
    )


def refresh_image(connection: sqlite3.Connection, image: Image) -> None:
    """The same; what it leaves out stays as it was known."""
    query = "SELECT image FROM uploads WHERE image_id = ? AND image IS NOT NULL LIMIT 1"
    row = connection.execute(query, (image.id,)).fetchone()
    set_image(connection, merged(None if row is None else load_image(row[0]), image))


def merged(known: Image | None, fresh: Image) -> Image:
    """`fresh`, with what it leaves out (the delete link, for one) taken from what was known."""
    missing = {} if known is None else {name: getattr(known, name) for name in _unset(fresh)}
    return replace(fresh, **missing)


def set_after(connection: sqlite3.Connection, upload_id: UploadId, after: AfterUpload) -> None:
    """Record what is left to do."""
    connection.execute("UPDATE uploads SET follow_up = ? WHERE id = ?", (dump_after(after), upload_id))


def set_gone(connection: sqlite3.Connection, image_id: ImageId) -> None:
    """Record that an image is not on the service any more."""
    connection.execute("UPDATE uploads SET remote_state = ? WHERE image_id = ?", (RemoteState.GONE.value, image_id))


def set_order(connection: sqlite3.Connection, upload_ids: Sequence[UploadId]) -> None:
    """Deal the places that these rows have among them anew, so that uploads added meanwhile keep theirs."""
    marks = ", ".join("?" * len(upload_ids))
    query = f"SELECT position FROM uploads WHERE id IN ({marks}) ORDER BY position"  # noqa: S608 - only marks
    places = [row[0] for row in connection.execute(query, tuple(upload_ids))]
    connection.executemany("UPDATE uploads SET position = ? WHERE id = ?", zip(places, upload_ids, strict=False))


def give_up(connection: sqlite3.Connection, upload_id: UploadId) -> None:
    """Put a row in a state from which nothing is sent and its file is not missed."""
    connection.execute("UPDATE uploads SET state = 'cancelled', owner = NULL, has_file = 0 WHERE id = ?", (upload_id,))


def delete(connection: sqlite3.Connection, upload_id: UploadId) -> None:
    """Remove a row. Its attempts stay in the ledger."""
    connection.execute("DELETE FROM uploads WHERE id = ?", (upload_id,))


def get(connection: sqlite3.Connection, folder: Path, upload_id: UploadId) -> UploadItem | None:
    """One item."""
    return _one(_select(connection, folder, "WHERE id = ?", (upload_id,)))


def find(connection: sqlite3.Connection, folder: Path, image_id: ImageId) -> UploadItem | None:
    """The latest upload that became this image."""
    return _one(_select(connection, folder, "WHERE image_id = ? ORDER BY seq DESC LIMIT 1", (image_id,)))


def pending(connection: sqlite3.Connection, folder: Path) -> tuple[UploadItem, ...]:
    """Everything but the done and the cancelled, in the order of sending."""
    return _select(connection, folder, "WHERE state NOT IN ('done', 'cancelled') ORDER BY position, seq")


def unfinished(connection: sqlite3.Connection, folder: Path) -> tuple[UploadItem, ...]:
    """Everything but the cancelled after which something is to be done, oldest first."""
    return _select(connection, folder, "WHERE follow_up IS NOT NULL AND state != 'cancelled' ORDER BY seq")


def recent(connection: sqlite3.Connection, folder: Path, limit: int) -> tuple[UploadItem, ...]:
    """The latest that are done, newest first."""
    return _select(
        connection,
        folder,
        "WHERE state = 'done' AND id NOT IN (SELECT upload_id FROM forgotten WHERE upload_id IS NOT NULL) "
        "ORDER BY finished_at DESC, seq DESC LIMIT ?",
        (limit,),
    )


def take_stale_files(connection: sqlite3.Connection, keep_bytes: int) -> list[str]:
    """Give up the oldest files of finished uploads beyond `keep_bytes`; returns the names of the files to remove."""
    total, stale = 0, []
    query = (
        "SELECT id, file, size FROM uploads WHERE has_file AND state IN ('done', 'cancelled') "
        "ORDER BY finished_at DESC, seq DESC"
    )
    for upload_id, file, size in connection.execute(query).fetchall():
        total += size
        if total > keep_bytes:
            connection.execute("UPDATE uploads SET has_file = 0 WHERE id = ?", (upload_id,))
            stale.append(str(file))
    return stale


def _unset(image: Image) -> list[str]:
    return [field.name for field in fields(image) if getattr(image, field.name) is None]


def _one(items: tuple[UploadItem, ...]) -> UploadItem | None:
    return items[0] if items else None


def _select(
    connection: sqlite3.Connection, folder: Path, condition: str, values: Iterable[object] = ()
) -> tuple[UploadItem, ...]:
    # `condition` is one of the constants of this module: nothing from outside becomes SQL.
    cursor = connection.execute(f"SELECT {_COLUMNS} FROM uploads {condition}", tuple(values))  # noqa: S608
    return tuple(_item(row, folder) for row in cursor)


def _item(row: sqlite3.Row, folder: Path) -> UploadItem:
    album, embed, error_kind, image = row["album"], row["embed"], row["error_kind"], row["image"]
    state, size = UploadState(row["state"]), int(row["size"])
    return UploadItem(
        id=UploadId(row["id"]),
        path=folder / row["file"],
        file_name=row["file_name"],
        upload_name=row["upload_name"],
        kind=SourceKind(row["kind"]),
        mime=row["mime"],
        size=size,
        options=UploadOptions(
            visibility=Visibility(row["visibility"]),
            nsfw=bool(row["nsfw"]),
            anonymous=bool(row["anonymous"]),
            album=None if album is None else AlbumId(album),
            embed=None if embed is None else EmbedId(embed),
        ),
        state=state,
        created_at=from_micros(row["created_at"]),
        width=row["width"],
        height=row["height"],
        sent_bytes=size if state in _ALL_SENT else 0,
        reason=row["reason"],
        error_kind=None if error_kind is None else ErrorKind(error_kind),
        image=None if image is None else load_image(image),
        remote_state=RemoteState(row["remote_state"]),
        updated_at=from_micros(row["updated_at"]),
        attempts=row["attempts"],
        sha256=row["sha256"],
        has_file=bool(row["has_file"]),
        after=load_after(row["follow_up"]),
    )
