"""Entries for the tests of the history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.history import EVERYTHING, EntryId, HistoryEntry, HistoryQuery
from app.core.imglink import Image, ImageId
from app.core.workflow import SourceKind
from app.store.history import SqliteHistoryStore

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_START_US = 1_772_366_400_000_000


def entry(number: int, **fields: Any) -> HistoryEntry:
    """The entry of an image that was uploaded `number` seconds after `START`."""
    image_id = ImageId(fields.pop("image_id", f"image-{number:04}"))
    image = Image(image_id, f"https://i.imglink.cc/{image_id}.png", viewer=f"https://imglink.cc/i/{image_id}")
    given = {"image": image, "file_name": f"file {number}.png", "kind": SourceKind.FILE, **fields}
    return HistoryEntry(id=EntryId(_START_US + number * 1_000_000), **given)


def at(number: int) -> datetime:
    """When that entry was uploaded."""
    return START + timedelta(seconds=number)


async def found(store: SqliteHistoryStore, text: str = "", **filters: Any) -> list[str]:
    """The ids of the images that a query finds, in order, read page by page."""
    query = HistoryQuery(text, **filters) if text or filters else EVERYTHING
    ids: list[EntryId] = []
    while page := await store.outline(query, after=ids[-1] if ids else None, limit=3):
        ids += page
    entries = await store.entries(ids)
    assert [each.id for each in entries] == ids
    assert await store.count(query) == len(ids)
    return [each.image_id for each in entries]
