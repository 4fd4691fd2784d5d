"""A sender whose disk fails: it saves one capture in peace, is held, and then says of each further one how it went.

Its log: `saved ID SHA256`, or `refused KIND HAS_DATA TEXT`; `failed TEXT` when the store could not be opened or closed.
Without an address to send to it only saves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from app.core.clock import SystemClock
from app.core.errors import NotSaved, UserFacingError
from app.services.uploads import UploadQueue
from app.store import SqliteUploadStore
from tests.torture.sender import Job, Log, enqueue, sending, settle


async def run(job: Job, hold: Callable[[], None]) -> None:
    """See above. With no captures at all, it is opening and closing that are looked at."""
    log = Log(job.log)
    try:
        async with sending(job, log) if job.base_url else _only_saving(job, hold) as queue:
            for number in range(job.captures):
                await _save(queue, job, number, log)
                if number == 0:
                    await _settle(queue, job)
                    hold()
            await _settle(queue, job)
    except UserFacingError as error:
        log.say("failed", error)


async def _save(queue: UploadQueue, job: Job, number: int, log: Log) -> None:
    try:
        item = await enqueue(queue, job, number)
    except NotSaved as error:
        log.say("refused", error.kind.value, error.data is not None, error)
    else:
        log.say("saved", item.id, item.sha256)


async def _settle(queue: UploadQueue, job: Job) -> None:
    if job.base_url:
        await settle(queue)


class _NoApi:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the queue must not call {name}")


@asynccontextmanager
async def _only_saving(job: Job, hold: Callable[[], None]) -> AsyncIterator[UploadQueue]:
    clock = SystemClock()
    store = SqliteUploadStore(Path(job.folder) / "store", clock, keep_bytes=2**30)
    if not job.captures:
        # Now the thread that opens the store is there to be looked at.
        await store.database.run(hold)
    await store.open()
    yield UploadQueue(_NoApi(), store, clock)
    await store.close()
