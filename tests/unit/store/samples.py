"""Uploads for the tests of the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from app.core.imglink import AlbumId, EmbedId, Image, ImageId, UploadOptions, Visibility
from app.core.ports import NewUpload
from app.core.workflow import SourceKind
from app.store import SqliteUploadStore, open_store

T = TypeVar("T")

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
OPTIONS = UploadOptions(
    visibility=Visibility.PRIVATE, nsfw=True, anonymous=True, album=AlbumId("al-1"), embed=EmbedId("5")
)
NEW = NewUpload("Grüße 😀.png", "k3v9q0xw.png", SourceKind.REGION, "image/png", OPTIONS, width=40, height=30)
PLAIN = NewUpload("a.png", "a.png", SourceKind.FILE, "image/png", UploadOptions())
IMAGE = Image(
    ImageId("_RxgFRvwh9"),
    "https://i.imglink.cc/_RxgFRvwh9.png",
    viewer="https://imglink.cc/i/_RxgFRvwh9",
    delete="https://imglink.cc/delete/x",
    width=40,
    height=30,
    uploaded_at=datetime(2026, 3, 1, 12, 0, 1, 123456, tzinfo=UTC),
)


class SteppingClock:
    """A clock that is a second later each time it is asked."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def monotonic(self) -> float:
        return (self.time - datetime(2026, 3, 1, tzinfo=UTC)).total_seconds()


def with_store(folder: Path, work: Callable[[SqliteUploadStore], Awaitable[T]], *, keep_bytes: int = 2**30) -> T:
    """Open the store, do `work`, close it."""

    async def run() -> T:
        store = await open_store(folder, SteppingClock(), keep_bytes=keep_bytes)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())
