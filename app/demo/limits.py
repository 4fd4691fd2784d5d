"""The limits of the service's documentation, and the windows that count requests."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from app.core import imglink
from app.core.ports import Clock
from app.demo.replies import ApiError

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DemoLimits:
    """What the server allows; the defaults are the documentation's. Tests make them smaller or larger."""

    max_files: int = imglink.MAX_FILES_PER_UPLOAD
    max_files_anonymous: int = imglink.MAX_FILES_PER_UPLOAD_ANONYMOUS
    max_file_bytes: int = imglink.MAX_FILE_BYTES
    max_file_bytes_anonymous: int = imglink.MAX_FILE_BYTES_ANONYMOUS
    storage_bytes: int = 500 * MIB
    storage_bytes_verified: int = 10 * 1024 * MIB
    requests_per_minute: int = imglink.REQUESTS_PER_MINUTE
    """For each IP address, on `/api/*`."""
    uploads_per_hour: int = imglink.UPLOADS_PER_HOUR
    """Upload requests that succeed, for each account."""
    anonymous_interval_s: float = imglink.ANONYMOUS_UPLOAD_INTERVAL_S
    """Between two anonymous upload requests of one IP address; 0 lifts the limit."""
    max_embed_profiles: int = imglink.MAX_EMBED_PROFILES
    max_bulk_embed: int = imglink.MAX_BULK_EMBED
    max_gallery_page: int = imglink.MAX_GALLERY_PAGE


class RateLimiter:
    """Sliding windows, one for each name. Used on the event loop's thread only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hits: dict[str, deque[float]] = {}

    def hit(self, name: str, limit: int, window_s: float) -> float:
        """Count one; returns a mark for `undo`. Raises ApiError 429 with Retry-After when the window is full."""
        now = self._clock.monotonic()
        hits = self._hits.setdefault(name, deque())
        while hits and hits[0] <= now - window_s:
            hits.popleft()
        if len(hits) >= limit:
            wait_s = max(1, math.ceil(hits[0] + window_s - now)) if hits else math.ceil(window_s)
            raise ApiError(429, f"Rate limit exceeded. Try again in {wait_s} s.", {"Retry-After": str(wait_s)})
        hits.append(now)
        return now

    def undo(self, name: str, mark: float) -> None:
        """Take one back: what was counted did not happen."""
        hits = self._hits.get(name)
        if hits and mark in hits:
            hits.remove(mark)
