"""What follows an upload on the service: into its album, and its embed profile.

These calls can be made twice without harm, so there is nothing uncertain about them: after trouble with the network
they are simply made again, one at a time, with the waits of the upload queue. What the service refuses waits for the
person, who sees the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from secrets import SystemRandom
from typing import Protocol

from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import AlbumId, EmbedId, ImageId
from app.core.ports import ImgLink, Timer, UploadStore
from app.core.service_errors import NotAuthenticated, RateLimited, ServerFailure, UnreadableAnswer
from app.core.uploads import (
    NETWORK_TASKS,
    AfterUpload,
    UploadChanged,
    UploadEvent,
    UploadId,
    UploadItem,
    UploadRemoved,
    UploadState,
)
from app.core.workflow import UploadTask
from app.services.observers import Observers
from app.services.pacing import asked_wait_s, retry_wait_s

MOST_TRIES = 5
"""How often a call is made to a service that answers, but not sensibly."""
# Under the service's limit of 500 requests a minute, with room for what else is asked.
_SPACING_S = 0.15
_IN_ORDER = (UploadTask.ADD_TO_ALBUM, UploadTask.ASSIGN_EMBED)


class Queue(Protocol):
    """The part of the upload queue that is needed here."""

    def subscribe(self, callback: Callable[[UploadEvent], None]) -> Callable[[], None]:
        """Call `callback` with every event."""


class Record(Protocol):
    """The part of the history that is needed here."""

    def set_album(self, image_ids: Sequence[ImageId], album: AlbumId, *, is_in: bool) -> Awaitable[None]:
        """Record that images were put into an album."""

    def set_embed(self, image_ids: Sequence[ImageId], embed: EmbedId | None) -> Awaitable[None]:
        """Record which embed profile images have."""


class Assignments:
    """Makes the calls, one at a time, on the asyncio thread."""

    def __init__(
        self,
        api: ImgLink,
        store: UploadStore,
        uploads: Queue,
        clock: Timer,
        *,
        record: Record | None = None,
        random: Callable[[], float] | None = None,
    ) -> None:
        """`record` is told what was done; `random` gives numbers from 0.0 to 1.0 for jitter."""
        self._api = api
        self._store = store
        self._uploads = uploads
        self._clock = clock
        self._record = record
        self._random = random or SystemRandom().random
        self._due: dict[UploadId, UploadItem] = {}
        """Uploads that are done, with calls to make."""
        self._tries: dict[UploadId, int] = {}
        self._sessionless: set[UploadId] = set()
        """Those of which something failed in this run because nobody is signed in."""
        self._troubles = 0
        """How many calls in a row failed for a reason that passes."""
        self._is_offline = False
        self._wake = asyncio.Event()
        self._online = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._observers: Observers[UploadEvent] = Observers()

    async def start(self, *, resume_pending: bool = True) -> None:
        """Begin, with what earlier runs have left unless that is left to another time."""
        self._unsubscribe = self._uploads.subscribe(self._on_event)
        for item in await self._store.unfinished() if resume_pending else ():
            self._note(item)
        self._worker = asyncio.create_task(self._work(), name="assignments")
        self._worker.add_done_callback(_report_bug)

    async def stop(self) -> None:
        """Stop. A call that is under way is made again by the next run."""
        self._unsubscribe()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait({self._worker})

    def subscribe(self, callback: Callable[[UploadEvent], None]) -> Callable[[], None]:
        """Call `callback` with uploads after which less is left to do, or something failed, on the asyncio thread."""
        return self._observers.subscribe(callback)

    async def troubled(self) -> tuple[UploadItem, ...]:
        """Those of which something failed, oldest first."""
        return tuple(item for item in await self._store.unfinished() if item.after.problems)

    def wants_session(self, upload_id: UploadId) -> bool:
        """True when a call for this upload failed in this run because nobody is signed in."""
        return upload_id in self._sessionless

    async def retry(self, upload_id: UploadId) -> None:
        """Make the calls that failed once more."""
        self._tries.pop(upload_id, None)
        self._sessionless.discard(upload_id)
        await self._change(upload_id, AfterUpload.hopeful)

    async def give_up(self, upload_id: UploadId) -> None:
        """Forget the calls that failed."""
        await self._change(upload_id, lambda after: after.without(frozenset(task for task, _ in after.problems)))

    async def credentials_changed(self) -> None:
        """Give those that failed another try: most of them wanted an account."""
        for item in await self.troubled():
            await self.retry(item.id)

    def network_changed(self) -> None:
        """Try again at once if a call waits for the network."""
        if self._is_offline:
            self._online.set()

    def _on_event(self, event: UploadEvent) -> None:
        match event:
            case UploadChanged(item):
                self._note(item)
            case UploadRemoved(upload_id):
                self._due.pop(upload_id, None)
                self._sessionless.discard(upload_id)

    def _note(self, item: UploadItem) -> None:
        if item.state is UploadState.DONE and item.image is not None and item.after.due & NETWORK_TASKS:
            self._due[item.id] = item
            self._wake.set()
        else:
            self._due.pop(item.id, None)

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            if not self._due:
                await self._wake.wait()
                continue
            await self._rest(await self._do(next(iter(self._due.values()))))

    async def _do(self, item: UploadItem) -> float:
        """Make one call; returns how long to wait before the next, in seconds."""
        task = next(each for each in _IN_ORDER if each in item.after.due)
        reason = ""
        try:
            await self._call(item, task)
        except UserFacingError as error:
            self._is_offline = error.kind is ErrorKind.OFFLINE
            wait_s = self._wait_s(item, error)
            if wait_s is not None:
                self._troubles += 1
                return wait_s
            reason = str(error)
            if isinstance(error, NotAuthenticated) and not error.is_page:
                self._sessionless.add(item.id)
        self._tries.pop(item.id, None)
        self._troubles, self._is_offline = 0, False
        # A full disk forgets what was done; the next run then does it once more.
        with suppress(UserFacingError):
            await self._change(
                item.id, lambda after: after.failed(task, reason) if reason else after.without(frozenset({task}))
            )
        return _SPACING_S

    async def _call(self, item: UploadItem, task: UploadTask) -> None:
        assert item.image is not None
        image_id, album, embed = item.image.id, item.options.album, item.options.embed
        if task is UploadTask.ADD_TO_ALBUM and album is not None:
            await self._api.add_to_album(album, image_id)
            await self._noted(lambda record: record.set_album([image_id], album, is_in=True))
        elif task is UploadTask.ASSIGN_EMBED and embed is not None:
            await self._api.assign_embed(image_id, embed)
            await self._noted(lambda record: record.set_embed([image_id], embed))

    async def _noted(self, note: Callable[[Record], Awaitable[None]]) -> None:
        # A history that cannot be written does not undo the call.
        if self._record is not None:
            with suppress(UserFacingError):
                await note(self._record)

    def _wait_s(self, item: UploadItem, error: UserFacingError) -> float | None:
        """How long until the call is made again; None when that is the person's decision."""
        if isinstance(error, RateLimited):
            return asked_wait_s(error.retry_after_s, self._troubles, self._random)
        if error.kind is ErrorKind.OFFLINE:
            return retry_wait_s(self._troubles, self._random)
        if not isinstance(error, ServerFailure | UnreadableAnswer):
            return None
        self._tries[item.id] = self._tries.get(item.id, 0) + 1
        return retry_wait_s(self._troubles, self._random) if self._tries[item.id] < MOST_TRIES else None

    async def _change(self, upload_id: UploadId, change: Callable[[AfterUpload], AfterUpload]) -> None:
        # Whatever comes of it, the call is not made in a circle while the disk refuses to remember it.
        self._due.pop(upload_id, None)
        item = await self._store.change_after(upload_id, change)
        if item is not None:
            self._note(item)
            self._observers.notify(UploadChanged(item))

    async def _rest(self, seconds: float) -> None:
        self._online.clear()
        woken = asyncio.ensure_future(self._online.wait())
        waits = {woken, asyncio.ensure_future(self._clock.sleep(seconds))}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


def _report_bug(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        context = {"message": "the assignments failed", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)
