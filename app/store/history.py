"""The history's coroutines, over the database that all stores share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.core.history import EntryId, HistoryEntry, HistoryQuery, HistorySort, HistoryStatistics
from app.core.imglink import AlbumId, EmbedId, Image, ImageId
from app.core.ports import Clock
from app.core.uploads import RemoteState
from app.store import history_query, ledger, rows
from app.store import history_rows as entries_of
from app.store.database import transaction
from app.store.shared import SharedDatabase

if TYPE_CHECKING:
    import sqlite3

_HOUR = timedelta(hours=1)
_COUNT_AT_ONCE = 20_000
_MANY = 1000
"""New entries after which the search is worth tidying."""
_BATCH = 500
"""Rows that are changed in one go: others wait for the database's thread meanwhile."""

T = TypeVar("T")
Change = Callable[[HistoryEntry], HistoryEntry]


class SqliteHistoryStore:
    """`HistoryStore` over SQLite. The upload store makes it, and enters what is uploaded."""

    def __init__(self, database: SharedDatabase, outbox: Path, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock

    # --- reading ------------------------------------------------------------------------------------------------------

    async def outline(
        self, query: HistoryQuery, *, after: EntryId | None = None, limit: int = 1000
    ) -> Sequence[EntryId]:
        """See `HistoryStore`."""
        return await self._run(lambda: history_query.outline(self._connection, query, after, limit))

    async def entries(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""
        return await self._run(lambda: entries_of.select(self._connection, self._outbox, ids))

    async def count(self, query: HistoryQuery) -> int:
        """See `HistoryStore`. In slices, so that a search that is typed meanwhile does not wait for it."""
        if history_query.is_everything(query):
            return await self._run(lambda: int(self._connection.execute("SELECT count(*) FROM history").fetchone()[0]))
        query, total, after = replace(query, sort=HistorySort.NEWEST), 0, None
        while True:
            found = await self.outline(query, after=after, limit=_COUNT_AT_ONCE)
            total += len(found)
            if len(found) < _COUNT_AT_ONCE:
                return total
            after = found[-1]

    async def find_entries(self, image_ids: Sequence[ImageId]) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""
        return await self._run(lambda: entries_of.select_images(self._connection, self._outbox, image_ids))

    async def find_by_hash(self, sha256: str) -> HistoryEntry | None:
        """See `HistoryStore`."""

        def find() -> HistoryEntry | None:
            entry_id = entries_of.by_hash(self._connection, sha256)
            found = () if entry_id is None else entries_of.select(self._connection, self._outbox, [entry_id])
            return next(iter(found), None)

        return await self._run(find)

    async def statistics(self) -> HistoryStatistics:
        """See `HistoryStore`."""

        def add_up() -> HistoryStatistics:
            count, total_bytes = self._connection.execute(
                "SELECT count(*), coalesce(sum(CASE WHEN anonymous THEN 0 ELSE size END), 0) "
                "FROM history WHERE remote_state IN ('there', 'unknown')"
            ).fetchone()
            now = self._clock.now()
            attempts = ledger.since(self._connection, now - _HOUR, now, anonymous=False)
            return HistoryStatistics(count, total_bytes, len(attempts))

        return await self._run(add_up)

    # --- changing -----------------------------------------------------------------------------------------------------

    async def annotate(
        self,
        ids: Sequence[EntryId],
        *,
        title: str | None = None,
        note: str | None = None,
        favourite: bool | None = None,
    ) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""

        def change(entry: HistoryEntry) -> HistoryEntry:
            return replace(
                entry,
                title=entry.title if title is None else _storable(title),
                note=entry.note if note is None else _storable(note),
                favourite=entry.favourite if favourite is None else favourite,
            )

        return await self._change(ids, change)

    async def refresh(self, image: Image) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`. The upload of it is told as well."""
        now = self._clock.now()

        def change(entry: HistoryEntry) -> HistoryEntry:
            fresh = rows.merged(entry.image, image)
            return replace(entry, image=fresh, remote_state=RemoteState.THERE, checked_at=now)

        def work() -> tuple[HistoryEntry, ...]:
            with transaction(self._connection):
                rows.refresh_image(self._connection, image)
                return self._put(entries_of.ids_of(self._connection, [image.id]), change)

        return await self._run(work)

    async def mark_gone(self, image_ids: Sequence[ImageId]) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`. The uploads of them are told as well."""
        now = self._clock.now()

        def work() -> tuple[HistoryEntry, ...]:
            with transaction(self._connection):
                for image_id in image_ids:
                    rows.set_gone(self._connection, image_id)
                return self._put(
                    entries_of.ids_of(self._connection, image_ids),
                    lambda entry: replace(entry, remote_state=RemoteState.GONE, checked_at=now),
                )

        return await self._run(work)

    async def set_album(self, image_ids: Sequence[ImageId], album: AlbumId, *, is_in: bool) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""

        def change(entry: HistoryEntry) -> HistoryEntry:
            albums = {*entry.albums, album} if is_in else {*entry.albums} - {album}
            return replace(entry, albums=tuple(sorted(albums)))

        return await self._change_images(image_ids, change)

    async def set_embed(self, image_ids: Sequence[ImageId], embed: EmbedId | None) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""
        return await self._change_images(image_ids, lambda entry: replace(entry, embed=embed))

    async def name_albums(self, titles: Mapping[AlbumId, str]) -> None:
        """See `HistoryStore`."""
        for album, title in titles.items():
            affected = await self._run(partial(self._name_album, album, _storable(title)))
            await self._change(affected, lambda entry: entry)

    async def forget(self, ids: Sequence[EntryId]) -> None:
        """See `HistoryStore`."""
        for batch in _batches(ids):
            await self._run(partial(self._forget, batch))

    async def unforget(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""
        found: list[HistoryEntry] = []
        for batch in _batches(ids):
            found += await self._run(partial(self._unforget, batch))
        return tuple(found)

    async def merge(self, entries: Sequence[HistoryEntry]) -> tuple[int, int]:
        """See `HistoryStore`."""
        new = completed = 0
        for batch in _batches(entries):
            counts = await self._run(partial(self._merge, batch))
            new, completed = new + counts[0], completed + counts[1]
        if new >= _MANY:
            is_more = await self._run(lambda: entries_of.tidy_search(self._connection, is_start=True))
            while is_more:
                is_more = await self._run(lambda: entries_of.tidy_search(self._connection, is_start=False))
        return new, completed

    # --- on the thread ------------------------------------------------------------------------------------------------

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._database.connection

    async def _run(self, work: Callable[[], T]) -> T:
        return await self._database.run(work)

    async def _change(self, ids: Sequence[EntryId], change: Change) -> tuple[HistoryEntry, ...]:
        changed: list[HistoryEntry] = []
        for batch in _batches(ids):
            changed += await self._run(partial(self._put_in_transaction, batch, change))
        return tuple(changed)

    async def _change_images(self, image_ids: Sequence[ImageId], change: Change) -> tuple[HistoryEntry, ...]:
        ids = await self._run(lambda: entries_of.ids_of(self._connection, image_ids))
        return await self._change(ids, change)

    def _put_in_transaction(self, ids: Sequence[EntryId], change: Change) -> tuple[HistoryEntry, ...]:
        with transaction(self._connection):
            return self._put(ids, change)

    def _put(self, ids: Sequence[EntryId], change: Change) -> tuple[HistoryEntry, ...]:
        changed = tuple(change(entry) for entry in entries_of.select(self._connection, self._outbox, ids))
        for entry in changed:
            entries_of.put(self._connection, entry)
        return changed

    def _name_album(self, album: AlbumId, title: str) -> list[EntryId]:
        with transaction(self._connection):
            cursor = self._connection.execute(
                "INSERT INTO album_titles (album, title) VALUES (?1, ?2) "
                "ON CONFLICT (album) DO UPDATE SET title = ?2 WHERE title != ?2",
                (album, title),
            )
            if cursor.rowcount < 1:
                return []
        return [
            EntryId(row[0])
            for row in self._connection.execute("SELECT entry FROM history_albums WHERE album = ?", (album,))
        ]

    def _forget(self, ids: Sequence[EntryId]) -> None:
        with transaction(self._connection):
            for entry_id in ids:
                row = self._connection.execute("SELECT words FROM history WHERE id = ?", (entry_id,)).fetchone()
                if row is not None:
                    if row["words"] is not None:
                        entries_of.drop_from_search(self._connection, entry_id, row["words"])
                    self._connection.execute("INSERT INTO forgotten SELECT * FROM history WHERE id = ?", (entry_id,))
                    self._connection.execute("DELETE FROM history WHERE id = ?", (entry_id,))

    def _unforget(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        with transaction(self._connection):
            for entry_id in ids:
                # One that came back by itself meanwhile, by an import for one, stays as it is.
                cursor = self._connection.execute(
                    "INSERT OR IGNORE INTO history SELECT * FROM forgotten WHERE id = ? RETURNING words", (entry_id,)
                )
                row = cursor.fetchone()
                self._connection.execute("DELETE FROM forgotten WHERE id = ?", (entry_id,))
                if row is not None and row["words"] is not None:
                    entries_of.add_to_search(self._connection, entry_id, row["words"])
        return entries_of.select(self._connection, self._outbox, ids)

    def _merge(self, batch: Sequence[HistoryEntry]) -> tuple[int, int]:
        with transaction(self._connection):
            return entries_of.merge(self._connection, self._outbox, batch)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))


def _storable(text: str) -> str:
    """Without what the database does not take, or would end the text at."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text
    )
