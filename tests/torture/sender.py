"""A sender without a window, built from the real parts, that is there to be killed.

What it has promised it writes to a log, one line each, only after the promise was made:
`saved ID SHA256` when `enqueue` has returned, `uncertain ID ATTEMPT` when one is shown to be so, and `settled` at the end.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from app.api import Client
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


class _Log:
    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def say(self, *words: object) -> None:
        os.write(self._fd, (" ".join(map(str, words)) + "\n").encode())

    def heed(self, event: UploadEvent) -> None:
        if isinstance(event, UploadChanged):
            self.show(event.item)

    def show(self, item: UploadItem) -> None:
        if item.state is UploadState.UNCERTAIN:
            self.say("uncertain", item.id, item.attempts)


async def run(job: Job) -> None:
    """Open what is there, enqueue the captures while sending, and end when nothing more happens by itself."""

    async def credentials(kind: CredentialKind) -> str | None:
        return DEMO_API_KEY if kind is CredentialKind.API_KEY else None

    log, clock = _Log(job.log), SystemClock()
    store = await open_store(Path(job.folder) / "store", clock)
    client = Client(parse_base_url(job.base_url), credentials)
    queue = UploadQueue(client, store, clock, pace=UNHURRIED, random=lambda: 0.0)
    queue.subscribe(log.heed)
    await queue.start()
    for item in queue.items():
        log.show(item)
    for number in range(job.captures):
        if is_dropped(number):
            checked = check_file(dropped_file(job.folder, number), anonymous=False)
            item = await queue.enqueue_file(checked, UploadOptions(), SourceKind.DROP)
        else:
            item = await queue.enqueue_bytes(capture_bytes(job.seed, number), _NEW)
        log.say("saved", item.id, item.sha256)
    await _settle(queue)
    if job.resolves:
        for item in queue.items():
            await queue.retry(item.id)
        await _settle(queue)
    await queue.stop()
    await client.close()
    await store.close()
    log.say("settled")


async def _settle(queue: UploadQueue) -> None:
    for item in queue.items():
        await queue.wait(item.id)
