"""Small pictures for previews: what stands between the services and the world, and why there may be none."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from app.core.errors import ErrorKind, UserFacingError
from app.core.history import HistoryEntry

THUMBNAIL_PX = 512
"""The longer side of a stored thumbnail: 256 logical pixels on a screen of twice the density."""


class NoThumbnail(UserFacingError):
    """There is no small picture. `retry_s` is after how many seconds asking again may help."""

    kind = ErrorKind.SERVICE
    retry_s: float = 3600.0


class ThumbnailMissing(NoThumbnail):
    """The server has none, or nothing says where it would be."""

    retry_s = 600.0


class ThumbnailRefused(NoThumbnail):
    """An address, an answer or a file that is not taken: it is not safe, too large, or no picture that is decoded."""

    kind = ErrorKind.INPUT


class ThumbnailUnreachable(NoThumbnail):
    """The network, the server or the disk had trouble."""

    kind = ErrorKind.OFFLINE
    retry_s = 30.0


class ThumbnailSource(Protocol):
    """Where windows get small pictures from: files of at most `THUMBNAIL_PX` a side, in formats that Qt reads.

    Coroutines of the asyncio thread. A picture that nobody awaits any more is given up. They raise NoThumbnail.
    """

    async def of_entry(self, entry: HistoryEntry) -> bytes:
        """The picture of an image of the history."""

    async def of_url(self, url: str) -> bytes:
        """The picture at an address that the service gave for display: an album's cover, a picture of the gallery."""


class ThumbnailFetcher(Protocol):
    """Fetches pictures that anyone may see, without any credential."""

    async def fetch(self, url: str) -> bytes:
        """The bytes of a PNG, JPEG, WebP or GIF, of which only the first ones were looked at. Raises NoThumbnail."""

    async def close(self) -> None:
        """Close every connection."""


class ThumbnailCache(Protocol):
    """Small pictures on the disk. It may lose any of them at any time. Methods block and may be called together."""

    def get(self, key: str) -> bytes | None:
        """What was put there, whole and unchanged; None when it is not there or cannot be read."""

    def put(self, key: str, data: bytes) -> None:
        """Keep it; nothing happens when it cannot be kept."""

    def clear(self) -> None:
        """Remove everything. Raises UserFacingError when the disk refuses."""


class PictureShrinker(Protocol):
    """Turns any picture into a thumbnail. Methods block and may be called together."""

    def shrink(self, data: bytes) -> bytes:
        """Decode a picture from outside and encode it small. Raises ThumbnailRefused."""

    def shrink_file(self, path: Path) -> bytes | None:
        """The same with our own copy of an image; None when there is no such file. Raises ThumbnailRefused."""
