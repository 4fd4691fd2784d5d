"""The upload queue: durable before it says so, never losing, never silently sending twice.

It runs on the asyncio thread. One dispatcher starts senders (`app.services.dispatching`); each carries one upload from
`sending` to wherever it ends (`app.services.outcomes` decides), and what the store says is the truth.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from secrets import SystemRandom
from typing import Any

from app.core.errors import ErrorKind, InputError, NotSaved, UserFacingError
from app.core.imglink import UploadOptions
from app.core.naming import neutral_upload_name
from app.core.ports import ImgLink, NewUpload, Timer, UploadStore
from app.core.uploads import (
    NOTHING_AFTER,
    AfterUpload,
    QueueChanged,
    QueueMode,
    QueueReordered,
    QueueState,
    UploadChanged,
    UploadEvent,
    UploadId,
    UploadItem,
    UploadRemoved,
    UploadState,
)
from app.core.workflow import SourceKind
from app.services.brake import Brake
from app.services.dispatching import Dispatcher, report_bug
from app.services.intake import CheckedFile
from app.services.observers import Observers
from app.services.pacing import Pace
from app.services.sending import Sender
from app.services.waiters import Waiters

STOP_DEADLINE_S = 3.0
_FOLLOW_INTERVAL_S = 0.2
_GONE = (UploadState.DONE, UploadState.CANCELLED)
_IN_FLIGHT = (UploadState.SENDING, UploadState.COMMITTING)
_AT_REST = (*_GONE, UploadState.FAILED, UploadState.PAUSED, UploadState.UNCERTAIN)
_RETRYABLE = (UploadState.FAILED, UploadState.PAUSED, UploadState.UNCERTAIN, UploadState.CANCELLED)


async def _signed_in() -> bool:
    return True


class UploadQueue:
    """Takes uploads, sends them in order, and tells what becomes of them."""

    def __init__(
        self,
        api: ImgLink,
        store: UploadStore,
        clock: Timer,
        *,
        concurrency: Callable[[], int] = lambda: 2,
        has_credential: Callable[[], Awaitable[bool]] = _signed_in,
        pace: Pace | None = None,
        random: Callable[[], float] | None = None,
    ) -> None:
        """`concurrency` (1 to 4) and `has_credential` (without one, uploads are anonymous) are asked each time.

        `pace` is the documentation's by default; `random` gives numbers from 0.0 to 1.0 for jitter.
        """
        self._store = store
        self._clock = clock
        self._has_credential = has_credential
        self._brake = Brake(store, clock, pace or Pace(), random or SystemRandom().random, self._brake_changed)
        self._sender = Sender(api, store, clock, self._moved, self._brake.heed)
        self._items: dict[UploadId, UploadItem] = {}
        """All that are not done or cancelled, in the order of sending."""
        # Held while an upload changes hands between the person and a sender.
        self._handover = asyncio.Lock()
        self._dispatcher = Dispatcher(
            self, clock, self._brake, self._handover, concurrency=concurrency, has_credential=has_credential
        )
        self._is_closed = False
        self._observers: Observers[UploadEvent] = Observers()
        self._waiters = Waiters()
        self._background: set[asyncio.Task[Any]] = set()

    # --- running ------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> QueueState:
        """Whether it sends, and why not."""
        return self._brake.state

    async def start(self, *, resume_pending: bool = True) -> None:
        """Begin to send. `resume_pending=False` leaves what earlier runs have queued to another time."""
        self._is_closed = False
        if resume_pending:
            # What another process is sending is its own to tell of.
            pending = [item for item in await self._store.pending() if item.state not in _IN_FLIGHT]
            self._items = {item.id: item for item in pending} | self._items
            # What a refused key has paused gets a new try with each start.
            await self._requeue_paused()
        await self._brake.restore(self._has_credential)
        self._dispatcher.start()

    async def hold(self) -> None:
        """Begin to send nothing more, because the end is near; what is on its way goes on until `stop`."""
        await self._dispatcher.stop()

    async def stop(self) -> None:
        """Stop sending, within 3 s. What was on its way is queued again, or uncertain when it may have arrived."""
        await self.hold()
        sending = self._sender.tasks()
        for upload_id in sending:
            self._sender.cancel(upload_id, by_person=False)
        if running := {*sending.values(), *self._background}:
            await asyncio.wait(running, timeout=STOP_DEADLINE_S)
        for upload_id in tuple(self._sender.unwritten):
            with suppress(UserFacingError):
                await self._sender.write_again(upload_id)
        self._is_closed = True
        self._brake.set(QueueMode.STOPPED)
        self._waiters.wake_all()

    async def pause(self) -> None:
        """Send nothing more until `resume`, across restarts too. What is on its way goes on."""
        await self._brake.pause()

    async def resume(self) -> None:
        """Go on at once, whatever the reason for the pause or the wait was; the hourly limit still holds."""
        await self._brake.release()
        await self._requeue_paused()
        if self._dispatcher.is_running:
            self._brake.set(QueueMode.RUNNING)
        self._dispatcher.wake()

    async def credentials_changed(self) -> None:
        """Go on if it was a missing or refused credential that paused the queue, or what is asked without one."""
        self._sender.credentials_changed()
        # A keyring that cannot be read has no account to offer; the dispatcher says so.
        with suppress(UserFacingError):
            if await self._has_credential():
                await self._brake.account_came()
        if self._brake.is_paused and self.state.error_kind is ErrorKind.CREDENTIAL:
            if self._brake.is_held_by_person:
                self._brake.set(QueueMode.PAUSED)
                await self._requeue_paused()
            else:
                await self.resume()
        # With an account, another of the service's limits holds.
        self._dispatcher.wake()

    async def network_changed(self) -> None:
        """Try again at once if the queue waits because the service could not be reached."""
        if self.state.mode is QueueMode.WAITING and self.state.error_kind is ErrorKind.OFFLINE:
            await self.resume()

    def rest(self) -> None:
        """Begin to send nothing more before the computer sleeps; what is on its way goes on."""
        self._brake.rest()

    async def wake_up(self) -> None:
        """The computer has slept: go on, and wait no longer for what is over by the clock on the wall."""
        self._brake.wake_up()
        await self.network_changed()
        self._dispatcher.wake()

    # --- uploads ------------------------------------------------------------------------------------------------------

    async def enqueue_bytes(self, data: bytes, new: NewUpload) -> UploadItem:
        """Queue bytes; they are durable when it returns. Raises NotSaved, and then nothing was queued."""
        try:
            return await self._take_in(self._store.add_bytes(data, new))
        except NotSaved as error:
            error.data, error.new = data, new
            raise

    async def enqueue_file(
        self,
        file: CheckedFile,
        options: UploadOptions,
        kind: SourceKind,
        *,
        upload_name: str | None = None,
        taken_from: Path | None = None,
        after: AfterUpload = NOTHING_AFTER,
    ) -> UploadItem:
        """Queue a copy of a checked file. The service is told a neutral name unless `upload_name` gives one.

        `taken_from` is another file to copy the bytes from: the same picture without its metadata.
        """
        new = NewUpload(
            file_name=file.shown_name,
            upload_name=upload_name or neutral_upload_name(file.format.extension),
            kind=kind,
            mime=file.mime,
            options=options,
            after=after,
        )
        return await self._take_in(self._store.add_file(taken_from or file.path, new))

    def items(self) -> tuple[UploadItem, ...]:
        """All that are not done or cancelled, in the order of sending."""
        return tuple(self._items.values())

    async def pending(self) -> tuple[UploadItem, ...]:
        """The same, together with what this queue has left to another time or another process."""
        return tuple(self._items.get(item.id, item) for item in await self._store.pending())

    async def get(self, upload_id: UploadId) -> UploadItem:
        """One upload, finished or not. Raises InputError when there is none."""
        known = self._items.get(upload_id) or self._sender.unwritten.get(upload_id)
        item = known or await self._store.get(upload_id)
        if item is None:
            raise InputError("There is no such upload.", remedy="It may have been forgotten in the meantime.")
        return item

    async def wait(self, upload_id: UploadId, *, patience_s: float = math.inf) -> UploadItem:
        """The upload, once nothing more happens to it by itself: final, paused or uncertain.

        With `patience_s` it also returns, still queued and with the reason why, as soon as the queue is paused or holds
        everything back for longer than that. It returns whatever the state when the queue is stopped.
        """
        while True:
            item = await self.get(upload_id)
            if item.state in _AT_REST or self._is_closed:
                return item
            if item.state is UploadState.QUEUED and self._brake.known_wait_s > patience_s:
                return replace(item, reason=self.state.reason, error_kind=self.state.error_kind)
            if upload_id in self._items:
                await self._waiters.changed(upload_id)
            else:
                # Another process has taken it, and tells nobody here how it goes.
                await self._clock.sleep(_FOLLOW_INTERVAL_S)

    def subscribe(self, callback: Callable[[UploadEvent], None]) -> Callable[[], None]:
        """Call `callback` with every event, on the asyncio thread; progress comes at most 20 times a second."""
        return self._observers.subscribe(callback)

    async def cancel(self, upload_id: UploadId) -> UploadItem:
        """Stop an upload. It ends cancelled, or uncertain when the whole request was already out, or done."""
        async with self._handover:
            if task := self._sender.tasks().get(upload_id):
                self._sender.cancel(upload_id, by_person=True)
                await asyncio.wait({task})
            item = await self.get(upload_id)
            if item.state in (UploadState.QUEUED, UploadState.PAUSED, UploadState.FAILED):
                item = await self._put(upload_id, UploadState.CANCELLED)
            return item

    async def retry(self, upload_id: UploadId) -> UploadItem:
        """Queue again what failed, is paused, uncertain or cancelled. An uncertain one may then be there twice.

        One that is queued and was left to another time (see `start`) is taken up now.
        """
        async with self._handover:
            item = await self.get(upload_id)
            if item.state is UploadState.QUEUED and item.id not in self._items:
                self._moved(item)
                self._dispatcher.wake()
            if item.state not in _RETRYABLE:
                return item
            if not item.has_file:
                raise InputError(f"“{item.file_name}” cannot be sent again: its file is no longer kept.")
            return await self._put(upload_id, UploadState.QUEUED)

    async def mark_done(self, upload_id: UploadId) -> UploadItem:
        """Take an uncertain upload for done, because the person has seen it on the service."""
        async with self._handover:
            item = await self.get(upload_id)
            return await self._put(upload_id, UploadState.DONE) if item.state is UploadState.UNCERTAIN else item

    async def move(self, upload_id: UploadId, *, before: UploadId | None = None) -> None:
        """Give an upload that is not done another place: before that one, or last of all."""
        async with self._handover:
            ids = [each for each in self._items if each != upload_id]
            if len(ids) == len(self._items) or (before is not None and before not in ids):
                return  # One of them is done by now: its place means nothing any more.
            ids.insert(len(ids) if before is None else ids.index(before), upload_id)
            await self._store.set_order(ids)
            # Some may have ended, and others come, while that was written.
            known = [each for each in ids if each in self._items]
            self._items = {each: self._items[each] for each in known} | self._items
            self._observers.notify(QueueReordered(tuple(self._items)))

    async def discard(self, upload_id: UploadId) -> None:
        """Forget an upload that is not on its way, and its file."""
        async with self._handover:
            if (await self.get(upload_id)).state in _IN_FLIGHT:
                raise InputError("This upload is on its way.", remedy="Cancel it first.")
            await self._store.remove(upload_id)
            self._items.pop(upload_id, None)
            self._sender.unwritten.pop(upload_id, None)
            self._observers.notify(UploadRemoved(upload_id))
            self._waiters.wake(upload_id)

    # --- keeping track ------------------------------------------------------------------------------------------------

    async def _take_in(self, storing: Coroutine[Any, Any, UploadItem]) -> UploadItem:
        task = asyncio.create_task(storing)
        try:
            item = await asyncio.shield(task)
        except asyncio.CancelledError:
            # The disk has been asked and cannot be told to stop: whoever gave up must not find it uploaded later.
            self._in_background(self._withdraw(task))
            raise
        self._moved(item)
        self._dispatcher.wake()
        return item

    async def _withdraw(self, storing: asyncio.Task[UploadItem]) -> None:
        try:
            item = await storing
        except UserFacingError:
            return
        await self._put(item.id, UploadState.CANCELLED)

    async def _put(self, upload_id: UploadId, state: UploadState) -> UploadItem:
        item = await self._store.set_state(upload_id, state)
        self._sender.unwritten.pop(upload_id, None)
        self._moved(item)
        self._dispatcher.wake()
        return item

    def _moved(self, item: UploadItem) -> None:
        if item.state in _GONE:
            self._items.pop(item.id, None)
        else:
            self._items[item.id] = item
        if item.state is UploadState.DONE:
            self._brake.all_is_well()
        self._observers.notify(UploadChanged(item))
        if item.state not in _IN_FLIGHT:
            self._waiters.wake(item.id)
        if self._is_overtaken(item):
            self._in_background(self._put(item.id, UploadState.QUEUED))

    def _is_overtaken(self, item: UploadItem) -> bool:
        """True for one that was paused by an answer while the queue was already let go on."""
        is_refused = item.state is UploadState.PAUSED and item.error_kind is not None
        return is_refused and self.state.mode in (QueueMode.RUNNING, QueueMode.WAITING)

    def _in_background(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        task.add_done_callback(report_bug)

    def _brake_changed(self, state: QueueState) -> None:
        self._observers.notify(QueueChanged(state))
        self._waiters.wake_all()
        self._dispatcher.wake()

    async def _requeue_paused(self) -> None:
        """Queue again what the service's answer has paused; what the person or a crash has paused stays."""
        for item in tuple(self._items.values()):
            if item.state is UploadState.PAUSED and item.error_kind is not None:
                await self._put(item.id, UploadState.QUEUED)

    # --- sending ------------------------------------------------------------------------------------------------------

    def queued(self) -> list[UploadItem]:
        """See `Roster`."""
        return [item for item in self._items.values() if item.state is UploadState.QUEUED]

    def running_count(self) -> int:
        """See `Roster`."""
        return len(self._sender.tasks())

    async def begin(self, item: UploadItem, *, anonymous: bool, lacks_account: bool) -> None:
        """See `Roster`."""
        await self._sender.write_again(item.id)
        claiming = asyncio.ensure_future(self._store.claim(item.id, anonymous=anonymous))
        try:
            claimed = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            # Stopped between the claim and the sending: give it back.
            if await claiming is not None:
                await self._put(item.id, UploadState.QUEUED)
            raise
        if claimed is None:
            # Another process was quicker, or has removed it: it is theirs to tell of.
            del self._items[item.id]
            self._observers.notify(UploadRemoved(item.id))
            self._waiters.wake(item.id)
            return
        self._moved(claimed)
        task = self._sender.start(claimed, lacks_account=lacks_account)
        task.add_done_callback(report_bug)
        task.add_done_callback(lambda _task: self._dispatcher.wake())
