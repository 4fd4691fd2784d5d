"""Small pictures for windows: from our own copy, the cache, or fetched; each is made once, and the latest first."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from app.core.history import HistoryEntry
from app.core.ports import Clock
from app.core.thumbnails import (
    NoThumbnail,
    PictureShrinker,
    ThumbnailCache,
    ThumbnailFetcher,
    ThumbnailMissing,
    ThumbnailRefused,
)
from app.core.uploads import RemoteState
from app.services.newest_first import NewestFirst

T = TypeVar("T")

FETCHES = 3
"""Pictures that are fetched at a time."""
WORKERS = 2
"""Pictures that are read, decoded and written at a time."""
MAX_WHOLE_BYTES = 1024 * 1024
"""Where the server gives no thumbnail, an image of at most this size is fetched in its place."""
_MOST_PROBLEMS = 4096


@dataclass(slots=True)
class _Job:
    task: asyncio.Task[bytes]
    waiting: int = 0


class ThumbnailService:
    """See `app.core.thumbnails.ThumbnailSource`. Runs on the asyncio thread."""

    def __init__(
        self, *, cache: ThumbnailCache, fetcher: ThumbnailFetcher, shrinker: PictureShrinker, clock: Clock
    ) -> None:
        self._cache = cache
        self._fetcher = fetcher
        self._shrinker = shrinker
        self._clock = clock
        self._workers = ThreadPoolExecutor(WORKERS, "thumbnails")
        self._work = NewestFirst(WORKERS)
        self._fetching = NewestFirst(FETCHES)
        self._jobs: dict[str, _Job] = {}
        self._problems: OrderedDict[str, tuple[float, NoThumbnail]] = OrderedDict()
        """Why there was no picture, and until when that is believed."""

    async def of_entry(self, entry: HistoryEntry) -> bytes:
        """The picture of an image of the history. Raises NoThumbnail."""
        # The direct link is the image's name in the whole world; what it shows never changes.
        return await self._get(f"image {entry.image.url}", partial(self._make_for_entry, entry))

    async def of_url(self, url: str) -> bytes:
        """The picture at an address that the service gave for display. Raises NoThumbnail."""
        return await self._get(f"url {url}", partial(self._fetch, url))

    async def clear(self) -> None:
        """Empty the cache, and try again what did not work. Raises UserFacingError."""
        self._problems.clear()
        await self._in_worker(self._cache.clear)

    def network_changed(self) -> None:
        """Try again what could not be reached."""
        for key, (_, problem) in list(self._problems.items()):
            if not isinstance(problem, ThumbnailMissing | ThumbnailRefused):
                del self._problems[key]

    async def stop(self) -> None:
        """Give up everything, and wait for the workers."""
        tasks = [job.task for job in self._jobs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self._workers.shutdown, cancel_futures=True)
        await self._fetcher.close()

    # --- once for all who ask

    async def _get(self, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        self._raise_known(key)
        job = self._jobs.get(key)
        if job is None:
            job = self._jobs[key] = _Job(asyncio.get_running_loop().create_task(self._run(key, make)))
        job.waiting += 1
        try:
            return await asyncio.shield(job.task)
        finally:
            job.waiting -= 1
            if not job.waiting:
                # Nobody else may join one that is being given up.
                if self._jobs.get(key) is job:
                    del self._jobs[key]
                job.task.cancel()
            # An error goes through here, and would hold on to itself through the task.
            del job

    async def _run(self, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        found = await self._in_worker(self._cache.get, key)
        if found is not None:
            return found
        try:
            made = await make()
        except NoThumbnail as problem:
            self._remember(key, problem)
            raise
        await self._in_worker(self._cache.put, key, made)
        return made

    async def _in_worker(self, function: Callable[..., T], *args: object) -> T:
        async with self._work:
            return await asyncio.get_running_loop().run_in_executor(self._workers, function, *args)

    # --- problems -----------------------------------------------------------------------------------------------------

    def _raise_known(self, key: str) -> None:
        known = self._problems.get(key)
        if known is None:
            return
        until, problem = known
        if self._clock.monotonic() < until:
            again = _like(problem)
            again.retry_s = until - self._clock.monotonic()
            raise again
        del self._problems[key]

    def _remember(self, key: str, problem: NoThumbnail) -> None:
        self._problems[key] = (self._clock.monotonic() + problem.retry_s, _like(problem))
        while len(self._problems) > _MOST_PROBLEMS:
            self._problems.popitem(last=False)

    # --- making -------------------------------------------------------------------------------------------------------

    async def _make_for_entry(self, entry: HistoryEntry) -> bytes:
        if entry.path is not None:
            # Where our own copy cannot be decoded, the server may have managed.
            with contextlib.suppress(ThumbnailRefused):
                made = await self._in_worker(self._shrinker.shrink_file, entry.path)
                if made is not None:
                    return made
        if entry.remote_state is RemoteState.GONE:
            raise ThumbnailMissing("There is no preview: the image is no longer on the server.")
        url = entry.image.thumbnail
        if not url and entry.size is not None and entry.size <= MAX_WHOLE_BYTES:
            url = entry.image.url
        if not url:
            raise ThumbnailMissing("The server has no preview of this picture.")
        return await self._fetch(url)

    async def _fetch(self, url: str) -> bytes:
        # The place is kept while it is made small, so that no more than these few wait in memory.
        async with self._fetching:
            return await self._in_worker(self._shrinker.shrink, await self._fetcher.fetch(url))


def _like(problem: NoThumbnail) -> NoThumbnail:
    """The same without the frames that it went through, which hold on to whole pictures."""
    return type(problem)(problem.message, details=problem.details)
