"""Rows of the table `history`, as HistoryEntry and back. Blocking functions over an open connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.history import EntryId, HistoryEntry
from app.core.imglink import AlbumId, EmbedId, ImageId, Visibility
from app.core.uploads import RemoteState, UploadId, UploadItem
from app.core.workflow import SourceKind
from app.store.codec import dump_image, from_micros, load_image, to_micros
from app.store.history_text import fold, grams
from app.store.rows import merged

if TYPE_CHECKING:
    import sqlite3

_BATCH = 500
_TIDY_PAGES = 500
_FIELDS = (
    "id, image_id, image, upload_id, file_name, kind, width, height, size, mime, sha256, visibility, nsfw, anonymous, "
    "embed, title, note, favourite, remote_state, checked_at, views"
)
_SELECT = (
    f"SELECT {', '.join('h.' + name for name in _FIELDS.split(', '))}, u.file, u.has_file "  # noqa: S608 - constants
    "FROM history h LEFT JOIN uploads u ON u.id = h.upload_id"
)
_WRITTEN = f"{_FIELDS}, sort_name, words"
_WRITE = (
    # Only our own column names become SQL.
    f"INSERT INTO history ({_WRITTEN}) VALUES ({', '.join(':' + name for name in _WRITTEN.split(', '))}) "  # noqa: S608
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = :{name}' for name in _WRITTEN.split(', ')[1:])}"
)


def select(connection: sqlite3.Connection, folder: Path, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
    """The entries of these ids that are there, in their order. `folder` is the outbox."""
    found = {entry.id: entry for entry in _selected(connection, folder, "h.id", "entry", ids)}
    return tuple(found[entry_id] for entry_id in ids if entry_id in found)


def select_images(
    connection: sqlite3.Connection, folder: Path, image_ids: Sequence[ImageId]
) -> tuple[HistoryEntry, ...]:
    """Those of these images that are there, in their order."""
    found = {entry.image_id: entry for entry in _selected(connection, folder, "h.image_id", "image_id", image_ids)}
    return tuple(found[image_id] for image_id in dict.fromkeys(image_ids) if image_id in found)


def by_hash(connection: sqlite3.Connection, sha256: str) -> EntryId | None:
    """The latest that is not known to be gone with these bytes."""
    row = connection.execute(
        "SELECT id FROM history WHERE sha256 = ? AND sha256 != '' AND remote_state != 'gone' ORDER BY id DESC LIMIT 1",
        (sha256,),
    ).fetchone()
    return None if row is None else EntryId(row[0])


def ids_of(connection: sqlite3.Connection, image_ids: Iterable[ImageId]) -> list[EntryId]:
    """The entries of these images."""
    query = "SELECT id FROM history WHERE image_id = ?"
    return [EntryId(row[0]) for image_id in image_ids for row in connection.execute(query, (image_id,))]


def add(connection: sqlite3.Connection, entry: HistoryEntry) -> EntryId:
    """Insert an entry of an image that is not there, under the next id that is free, and make the search find it."""
    entry_id = _free_id(connection, entry.id)
    put(connection, replace(entry, id=entry_id))
    return entry_id


def put(connection: sqlite3.Connection, entry: HistoryEntry) -> None:
    """Write a new or changed entry with its albums, and what the search knows of it."""
    before = connection.execute("SELECT words FROM history WHERE id = ?", (entry.id,)).fetchone()
    former = None if before is None else before["words"]
    words = _words(connection, entry)
    connection.execute(_WRITE, {**_values(entry), "words": words})
    if before is not None:
        connection.execute("DELETE FROM history_albums WHERE entry = ?", (entry.id,))
    connection.executemany(
        "INSERT INTO history_albums (album, entry) VALUES (?, ?)", [(album, entry.id) for album in set(entry.albums)]
    )
    if words != former:
        if former is not None:
            drop_from_search(connection, entry.id, former)
        add_to_search(connection, entry.id, words)


def record_done(
    connection: sqlite3.Connection, item: UploadItem, at: datetime, folder: Path, *, is_news: bool = True
) -> None:
    """Enter an upload that became an image at this time. The same image once more is the same entry.

    `is_news` is False for one that became it long ago: it may be gone since.
    """
    if item.image is None:
        return
    known = next(iter(select_images(connection, folder, [item.image.id])), None)
    anonymous = connection.execute(
        "SELECT anonymous FROM attempts WHERE upload_id = ? ORDER BY seq DESC LIMIT 1", (item.id,)
    ).fetchone()
    entry = HistoryEntry(
        id=EntryId(to_micros(at)),
        image=item.image,
        file_name=item.file_name,
        kind=item.kind,
        upload_id=item.id,
        width=item.width or item.image.width,
        height=item.height or item.image.height,
        size=item.size,
        mime=item.mime,
        sha256=item.sha256,
        visibility=item.options.visibility,
        nsfw=item.options.nsfw,
        anonymous=item.options.anonymous if anonymous is None else bool(anonymous[0]),
    )
    if known is None:
        add(connection, entry)
    else:
        fuller = replace(completed(known, entry), upload_id=item.id)
        if is_news:
            image = merged(known.image, item.image)
            fuller = replace(fuller, image=image, size=item.size, mime=item.mime, sha256=item.sha256)
            fuller = replace(fuller, remote_state=RemoteState.THERE)
        put(connection, fuller)


def merge(connection: sqlite3.Connection, folder: Path, entries: Iterable[HistoryEntry]) -> tuple[int, int]:
    """Add entries, or complete those that are known; returns how many of both. One that was uploaded from here finds
    its upload again."""
    new = done = 0
    for entry in entries:
        known = next(iter(select_images(connection, folder, [entry.image_id])), None)
        if known is None:
            upload = connection.execute(
                "SELECT id FROM uploads WHERE image_id = ? ORDER BY seq DESC LIMIT 1", (entry.image_id,)
            ).fetchone()
            add(connection, replace(entry, upload_id=None if upload is None else UploadId(upload[0])))
            new += 1
        elif (fuller := completed(known, entry)) != known:
            put(connection, fuller)
            done += 1
    return new, done


def completed(known: HistoryEntry, other: HistoryEntry) -> HistoryEntry:
    """`known`, with what it lacks from `other`, which is of the same image."""
    return replace(
        known,
        image=merged(other.image, known.image),
        file_name=known.file_name or other.file_name,
        width=known.width or other.width,
        height=known.height or other.height,
        size=other.size if known.size is None else known.size,
        mime=known.mime or other.mime,
        sha256=known.sha256 or other.sha256,
        albums=tuple(sorted({*known.albums, *other.albums})),
        embed=known.embed or other.embed,
        title=known.title or other.title,
        note=known.note or other.note,
        favourite=known.favourite or other.favourite,
        checked_at=known.checked_at or other.checked_at,
        remote_state=other.remote_state if known.remote_state is RemoteState.UNKNOWN else known.remote_state,
    )


def entry_of(row: sqlite3.Row, albums: tuple[AlbumId, ...]) -> HistoryEntry:
    """A row of `history` as an entry without its path. Raises ValueError, TypeError or KeyError for a broken one."""
    upload_id, embed, checked_at = row["upload_id"], row["embed"], row["checked_at"]
    return HistoryEntry(
        id=EntryId(row["id"]),
        image=load_image(row["image"]),
        file_name=row["file_name"],
        kind=SourceKind(row["kind"]),
        upload_id=None if upload_id is None else UploadId(upload_id),
        width=row["width"],
        height=row["height"],
        size=row["size"],
        mime=row["mime"],
        sha256=row["sha256"],
        visibility=Visibility(row["visibility"]),
        nsfw=bool(row["nsfw"]),
        anonymous=bool(row["anonymous"]),
        albums=albums,
        embed=None if embed is None else EmbedId(embed),
        title=row["title"],
        note=row["note"],
        favourite=bool(row["favourite"]),
        remote_state=RemoteState(row["remote_state"]),
        checked_at=None if checked_at is None else from_micros(checked_at),
    )


def entry_of_upload(row: sqlite3.Row) -> HistoryEntry:
    """A row of `uploads` that became an image, with `at`, as an entry. Raises like `entry_of`."""
    image = load_image(row["image"])
    return HistoryEntry(
        id=EntryId(row["at"]),
        image=image,
        file_name=row["file_name"],
        kind=SourceKind(row["kind"]),
        width=row["width"] or image.width,
        height=row["height"] or image.height,
        size=row["size"],
        mime=row["mime"],
        sha256=row["sha256"],
        visibility=Visibility(row["visibility"]),
        nsfw=bool(row["nsfw"]),
        anonymous=bool(row["anonymous"]),
        remote_state=RemoteState(row["remote_state"]),
    )


# --- the search -------------------------------------------------------------------------------------------------------


def add_to_search(connection: sqlite3.Connection, entry_id: EntryId, words: str) -> None:
    """Let the search find an entry by these words."""
    connection.execute("INSERT INTO history_grams (rowid, grams) VALUES (?, ?)", (entry_id, grams(words)))


def drop_from_search(connection: sqlite3.Connection, entry_id: EntryId, words: str) -> None:
    """Let the search find an entry no more; `words` are those that it was given."""
    connection.execute(
        "INSERT INTO history_grams (history_grams, rowid, grams) VALUES ('delete', ?, ?)", (entry_id, grams(words))
    )


def tidy_search(connection: sqlite3.Connection, *, is_start: bool) -> bool:
    """Join some of the pieces that many new entries have left, so that a search looks into fewer; False at the end.

    `is_start` begins a round. A round of a few calls is worth its time after thousands of entries.
    """
    before = connection.total_changes
    pages = -_TIDY_PAGES if is_start else _TIDY_PAGES
    connection.execute("INSERT INTO history_grams (history_grams, rank) VALUES ('merge', ?)", (pages,))
    # The command itself counts as one change.
    return connection.total_changes - before >= 2


def read_migrated(connection: sqlite3.Connection, limit: int) -> bool:
    """Let the search find what a migration brought, `limit` entries at most; False when none was left."""
    ids = [
        EntryId(row[0]) for row in connection.execute("SELECT id FROM history WHERE words IS NULL LIMIT ?", (limit,))
    ]
    for entry in select(connection, Path(), ids):
        size = (entry.width or entry.image.width, entry.height or entry.image.height)
        put(connection, replace(entry, width=size[0], height=size[1]))
    return bool(ids)


# --- the inside -------------------------------------------------------------------------------------------------------


def _selected(
    connection: sqlite3.Connection, folder: Path, column: str, album_column: str, values: Sequence[object]
) -> Iterator[HistoryEntry]:
    for start in range(0, len(values), _BATCH):
        batch = tuple(values[start : start + _BATCH])
        marks = ", ".join("?" * len(batch))
        rows = connection.execute(f"{_SELECT} WHERE {column} IN ({marks})", batch).fetchall()
        ids = tuple(row["id"] for row in rows)
        albums: dict[int, list[AlbumId]] = {}
        marks = ", ".join("?" * len(ids))
        query = f"SELECT entry, album FROM history_albums WHERE entry IN ({marks}) ORDER BY album"  # noqa: S608 - marks
        for entry, album in connection.execute(query, ids):
            albums.setdefault(entry, []).append(AlbumId(album))
        for row in rows:
            entry = entry_of(row, tuple(albums.get(row["id"], ())))
            yield replace(entry, path=folder / row["file"]) if row["has_file"] else entry


def _values(entry: HistoryEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "image_id": entry.image.id,
        "image": dump_image(entry.image),
        "upload_id": entry.upload_id,
        "file_name": entry.file_name,
        "kind": entry.kind.value,
        "width": entry.width,
        "height": entry.height,
        "size": entry.size,
        "mime": entry.mime,
        "sha256": entry.sha256,
        "visibility": entry.visibility.value,
        "nsfw": entry.nsfw,
        "anonymous": entry.anonymous,
        "embed": entry.embed,
        "title": entry.title,
        "note": entry.note,
        "favourite": entry.favourite,
        "remote_state": entry.remote_state.value,
        "checked_at": None if entry.checked_at is None else to_micros(entry.checked_at),
        "views": entry.image.views or 0,
        "sort_name": fold(entry.shown_name),
    }


def _words(connection: sqlite3.Connection, entry: HistoryEntry) -> str:
    """What the search compares with: lines, as no word goes over the end of one."""
    query = "SELECT title FROM album_titles WHERE album = ?"
    albums = [row[0] for album in entry.albums for row in connection.execute(query, (album,))]
    return fold("\n".join((entry.file_name, entry.image.id, entry.title, entry.note, *albums)))


def _free_id(connection: sqlite3.Connection, wanted: EntryId) -> EntryId:
    """`wanted`, or the next one that neither an entry has nor a forgotten one."""
    query = "SELECT 1 FROM history WHERE id = ?1 UNION ALL SELECT 1 FROM forgotten WHERE id = ?1"
    while connection.execute(query, (wanted,)).fetchone() is not None:
        wanted = EntryId(wanted + 1)
    return wanted
