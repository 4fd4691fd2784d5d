"""Coroutines that wait for something to change about one upload."""

from __future__ import annotations

import asyncio

from app.core.uploads import UploadId


class Waiters:
    """Wakes only those whose upload has changed: a thousand may wait at once."""

    def __init__(self) -> None:
        self._futures: dict[UploadId, set[asyncio.Future[None]]] = {}

    async def changed(self, upload_id: UploadId) -> None:
        """Wait for the next `wake` of this upload, or `wake_all`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        futures = self._futures.setdefault(upload_id, set())
        futures.add(future)
        try:
            await future
        finally:
            futures.discard(future)
            if not futures and self._futures.get(upload_id) is futures:
                del self._futures[upload_id]

    def wake(self, upload_id: UploadId) -> None:
        """Something has changed about this upload."""
        for future in self._futures.get(upload_id, ()):
            if not future.done():
                future.set_result(None)

    def wake_all(self) -> None:
        """Something has changed that concerns every upload."""
        for upload_id in self._futures:
            self.wake(upload_id)
