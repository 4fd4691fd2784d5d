"""The history's coroutines, over the database that all stores share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.core.history import EntryId, HistoryEntry, HistoryQuery, HistoryStatistics
from app.core.imglink import AlbumId, EmbedId, Image, ImageId
from app.store import rows
from app.store.database import transaction
from app.store.shared import SharedDatabase


class SqliteHistoryStore:
    """`HistoryStore` over SQLite. The upload store makes it."""

    def __init__(self, database: SharedDatabase) -> None:
        self._database = database

    async def outline(
        self, query: HistoryQuery, *, after: EntryId | None = None, limit: int = 1000
    ) -> Sequence[EntryId]:
        """See `HistoryStore`."""
        return ()

    async def entries(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""
        return ()

    async def count(self, query: HistoryQuery) -> int:
        """See `HistoryStore`."""
        return 0

    async def find_entries(self, image_ids: Sequence[ImageId]) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""
        return ()

    async def find_by_hash(self, sha256: str) -> HistoryEntry | None:
        """See `HistoryStore`."""
        return None

    async def annotate(
        self,
        ids: Sequence[EntryId],
        *,
        title: str | None = None,
        note: str | None = None,
        favourite: bool | None = None,
    ) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""
        return ()

    async def refresh(self, image: Image) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""

        def work() -> tuple[HistoryEntry, ...]:
            connection = self._database.connection
            row = connection.execute("SELECT image FROM uploads WHERE image_id = ?", (image.id,)).fetchone()
            known = None if row is None else rows.load_image(row["image"])
            with transaction(connection):
                rows.set_image(connection, rows.merged(known, image))
            return ()

        return await self._database.run(work)

    async def mark_gone(self, image_ids: Sequence[ImageId]) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""

        def work() -> tuple[HistoryEntry, ...]:
            with transaction(self._database.connection):
                for image_id in image_ids:
                    rows.set_gone(self._database.connection, image_id)
            return ()

        return await self._database.run(work)

    async def set_album(self, image_ids: Sequence[ImageId], album: AlbumId, *, is_in: bool) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""
        return ()

    async def set_embed(self, image_ids: Sequence[ImageId], embed: EmbedId | None) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""
        return ()

    async def name_albums(self, titles: Mapping[AlbumId, str]) -> None:
        """See `HistoryStore`."""

    async def forget(self, ids: Sequence[EntryId]) -> None:
        """See `HistoryStore`."""

    async def unforget(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        """See `HistoryStore`."""
        return ()

    async def merge(self, entries: Sequence[HistoryEntry]) -> tuple[int, int]:
        """See `HistoryStore`."""
        return 0, 0

    async def statistics(self) -> HistoryStatistics:
        """See `HistoryStore`."""
        return HistoryStatistics(0, 0, 0)
