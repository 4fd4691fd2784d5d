"""A sender without a window, built from the real parts, that is there to be killed.

What it has promised it writes to a log, one line each, only after the promise was made:
`saved ID SHA256` when `enqueue` has returned, `uncertain ID ATTEMPT` when one is shown as that, `settled` at the end.
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from app.api import Client
from app.api.transport import Timeouts
from app.core.base_url import parse_base_url
from app.core.clock import SystemClock
from app.core.imglink import CredentialKind, UploadOptions
from app.core.ports import NewUpload
from app.core.uploads import UploadChanged, UploadEvent, UploadItem, UploadState
from app.core.workflow import SourceKind
from app.demo import DEMO_API_KEY
from app.services.intake import check_file
from app.services.pacing import Limit, Pace
from app.services.uploads import UploadQueue
from app.store import open_store

UNHURRIED = Pace(Limit(10**9, timedelta(hours=1)), Limit(10**9, timedelta(hours=1)))
"""No pace: here it would only cost time; other tests prove it."""
SIZES = (2_000, 150_000, 20_000)
"""Of the captures of one session in bytes; the second is a dropped file of several blocks."""
PATIENCE_S = 10.0
PATIENT = Timeouts(connect_s=600, write_s=600, read_s=600, call_s=600, upload_s=600)
"""On a machine that has no time for the server, nothing may look as if it had been lost."""
_MAGIC = b"\x89PNG\r\n\x1a\n"
_NEW = NewUpload("capture.png", "k3v9q0xw.png", SourceKind.REGION, "image/png", UploadOptions())


@dataclass(frozen=True, slots=True)
class Job:
    """What one run of the sender is to do."""

    folder: str
    """Holds the store in `store`, and dropped files."""
    log: str
    base_url: str
    seed: int = 0
    captures: int = 0
    """How many to enqueue; 0 only goes on with what is there."""
    resolves: bool = False
    """Whether the person sends again what is uncertain or was found."""


def capture_bytes(seed: int, number: int) -> bytes:
    """The bytes of a session's capture: no two are alike."""
    return _MAGIC + random.Random(seed * 1000 + number).randbytes(SIZES[number % len(SIZES)])


def dropped_file(folder: str, number: int) -> Path:
    """Where the file that becomes this capture lies; whoever starts the sender puts it there."""
    return Path(folder) / f"dropped-{number}.png"


def is_dropped(number: int) -> bool:
    """True for captures that are files of the person's; the others are bytes in memory."""
    return number % len(SIZES) == 1


class Log:
    """Lines that are written at once."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def say(self, *words: object) -> None:
        """Write a line."""
        os.write(self._fd, (" ".join(map(str, words)) + "\n").encode())

    def heed(self, event: UploadEvent) -> None:
        """Note what is shown as uncertain."""
        if isinstance(event, UploadChanged):
            self.show(event.item)

    def show(self, item: UploadItem) -> None:
        """The same for an item that was there from the start."""
        if item.state is UploadState.UNCERTAIN:
            self.say("uncertain", item.id, item.attempts)


async def run(job: Job, hold: Callable[[], None]) -> None:
    """Open what is there, enqueue the captures while sending, and end when nothing more happens by itself."""
    hold()
    log = Log(job.log)
    async with sending(job, log) as queue:
        for number in range(job.captures):
            item = await enqueue(queue, job, number)
            log.say("saved", item.id, item.sha256)
        await settle(queue)
        if job.resolves:
            for item in queue.items():
                if item.has_file:
                    await queue.retry(item.id)
            await settle(queue)
    log.say("settled")


@asynccontextmanager
async def sending(job: Job, log: Log) -> AsyncIterator[UploadQueue]:
    """A running queue over the store of the job; what it shows as uncertain is logged."""

    async def credentials(kind: CredentialKind) -> str | None:
        return DEMO_API_KEY if kind is CredentialKind.API_KEY else None

    clock = SystemClock()
    store = await open_store(Path(job.folder) / "store", clock)
    client = Client(parse_base_url(job.base_url), credentials, timeouts=PATIENT)
    queue = UploadQueue(client, store, clock, pace=UNHURRIED, random=lambda: 0.0)
    queue.subscribe(log.heed)
    await queue.start()
    for item in queue.items():
        log.show(item)
    yield queue
    await queue.stop()
    await client.close()
    await store.close()


async def enqueue(queue: UploadQueue, job: Job, number: int) -> UploadItem:
    """One of the captures, as bytes or as a dropped file."""
    if not is_dropped(number):
        return await queue.enqueue_bytes(capture_bytes(job.seed, number), _NEW)
    checked = check_file(dropped_file(job.folder, number), anonymous=False)
    return await queue.enqueue_file(checked, UploadOptions(), SourceKind.DROP)


async def settle(queue: UploadQueue) -> None:
    """Until nothing more happens by itself; a queue that is paused is not waited for."""
    for item in queue.items():
        await queue.wait(item.id, patience_s=PATIENCE_S)
