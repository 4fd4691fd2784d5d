"""A history in memory, as the embed profiles and the bulk jobs know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.core.errors import UserFacingError
from app.core.history import EntryId, HistoryEntry, HistoryQuery
from app.core.imglink import AlbumId, EmbedId, Image, ImageId
from app.core.workflow import SourceKind


class KnownImages:
    """Entries by image id, the first one the oldest."""

    def __init__(self, **embeds: str | None) -> None:
        """Image ids and their profiles."""
        self.known: dict[ImageId, HistoryEntry] = {}
        self.is_full = False
        """True when nothing can be written."""
        for image_id, embed in embeds.items():
            self.add(ImageId(image_id), None if embed is None else EmbedId(embed))

    def add(self, image_id: ImageId, embed: EmbedId | None = None) -> None:
        image = Image(image_id, f"https://i.e/{image_id}.png")
        entry_id = EntryId(len(self.known) + 1)
        self.known[image_id] = HistoryEntry(entry_id, image, f"{image_id}.png", SourceKind.FILE, embed=embed)

    @property
    def embeds(self) -> dict[str, str | None]:
        return {entry.image_id: entry.embed for entry in self.known.values()}

    def _matching(self, query: HistoryQuery) -> list[HistoryEntry]:
        return [entry for entry in self.known.values() if query.embed is None or entry.embed == query.embed]

    async def outline(
        self, query: HistoryQuery, *, after: EntryId | None = None, limit: int = 1000
    ) -> Sequence[EntryId]:
        newest_first = [entry.id for entry in reversed(self._matching(query))]
        return [each for each in newest_first if after is None or each < after][:limit]

    async def entries(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        return tuple(entry for each in ids for entry in self.known.values() if entry.id == each)

    async def count(self, query: HistoryQuery) -> int:
        return len(self._matching(query))

    async def find_entries(self, image_ids: Sequence[ImageId]) -> tuple[HistoryEntry, ...]:
        return tuple(self.known[each] for each in image_ids if each in self.known)

    async def set_embed(self, image_ids: Sequence[ImageId], embed: EmbedId | None) -> None:
        if self.is_full:
            raise UserFacingError("The disk is full.")
        for entry in await self.find_entries(image_ids):
            self.known[entry.image_id] = replace(entry, embed=embed)

    async def set_album(self, image_ids: Sequence[ImageId], album: AlbumId, *, is_in: bool) -> None:
        raise AssertionError("nothing here is about albums")
