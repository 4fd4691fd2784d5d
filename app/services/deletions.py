"""Deleting images from the service: there is time to change one's mind, and every image has an outcome of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from app.core.errors import UserFacingError
from app.core.imglink import ImageId
from app.core.ports import Timer
from app.services.observers import Observers

UNDO_S = 5.0
"""How long a deletion can be undone, in seconds."""
STOP_DEADLINE_S = 3.0

Progress = Callable[[int, int], None]
"""Called with how many images are dealt with, and of how many."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What became of one image."""

    image_id: ImageId
    error: UserFacingError | None = None
    """None when it is gone from the service."""


@dataclass(frozen=True, slots=True)
class DeletionScheduled:
    """These are deleted in `UNDO_S`, unless that is undone."""

    image_ids: tuple[ImageId, ...]


@dataclass(frozen=True, slots=True)
class DeletionUndone:
    """These stay: the person thought better of it, or the program ends."""

    image_ids: tuple[ImageId, ...]


@dataclass(frozen=True, slots=True)
class DeletionProgress:
    """Images of a batch are being deleted."""

    done: int
    total: int
    image_ids: tuple[ImageId, ...]
    """All of the batch."""


@dataclass(frozen=True, slots=True)
class DeletionFinished:
    """A batch is through, and how each fared."""

    results: tuple[Deletion, ...]


DeletionEvent = DeletionScheduled | DeletionUndone | DeletionProgress | DeletionFinished


class Deleter(Protocol):
    """The part of the history that is needed here."""

    def refuse(self, image_ids: Sequence[ImageId]) -> Awaitable[tuple[Deletion, ...]]:
        """Those that cannot be deleted, and why: nothing is sent for them."""

    def delete(
        self, image_ids: Sequence[ImageId], *, on_progress: Progress | None = None
    ) -> Awaitable[tuple[Deletion, ...]]:
        """Delete now."""


class Deletions:
    """Deletes what was scheduled when the time to undo it is over. Runs on the asyncio thread.

    What still waits when the program ends is not deleted.
    """

    def __init__(self, deleter: Deleter, clock: Timer, *, undo_s: float = UNDO_S) -> None:
        self._deleter = deleter
        self._clock = clock
        self._undo_s = undo_s
        self._waiting: dict[ImageId, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._observers: Observers[DeletionEvent] = Observers()

    def subscribe(self, callback: Callable[[DeletionEvent], None]) -> Callable[[], None]:
        """Call `callback` with every event, on the asyncio thread."""
        return self._observers.subscribe(callback)

    @property
    def waiting(self) -> tuple[ImageId, ...]:
        """Those whose deletion can still be undone."""
        return tuple(self._waiting)

    async def refuse(self, image_ids: Sequence[ImageId]) -> tuple[Deletion, ...]:
        """Those that cannot be deleted, and why; nothing is scheduled. Raises UserFacingError."""
        return await self._deleter.refuse(image_ids)

    async def schedule(self, image_ids: Iterable[ImageId]) -> tuple[Deletion, ...]:
        """Delete these in `UNDO_S`, together; returns those that cannot be deleted, and why."""
        wanted = [image_id for image_id in dict.fromkeys(image_ids) if image_id not in self._waiting]
        refused = await self._deleter.refuse(wanted)
        left_out = {refusal.image_id for refusal in refused}
        batch = tuple(each for each in wanted if each not in left_out and each not in self._waiting)
        if batch:
            task = asyncio.create_task(self._delete_later(batch), name="deletion")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(_report_bug)
            self._waiting.update(dict.fromkeys(batch, task))
            self._observers.notify(DeletionScheduled(batch))
        return refused

    def undo(self, image_ids: Iterable[ImageId]) -> tuple[ImageId, ...]:
        """Let images stay; returns those for which it was not too late."""
        found = {each: task for each in image_ids if (task := self._waiting.pop(each, None)) is not None}
        kept = tuple(found)
        # A batch of which nothing is left need not be waited for, at the program's end above all.
        for task in set(found.values()) - set(self._waiting.values()):
            task.cancel()
        if kept:
            self._observers.notify(DeletionUndone(kept))
        return kept

    async def stop(self) -> None:
        """Delete nothing that still waits; what is being sent has a moment to end."""
        waiting = set(self._waiting.values())
        self.undo(self.waiting)
        for task in waiting:
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_DEADLINE_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def _delete_later(self, batch: tuple[ImageId, ...]) -> None:
        with suppress(asyncio.CancelledError):
            await self._clock.sleep(self._undo_s)
        # One that was undone and asked for again is another task's.
        task = asyncio.current_task()
        chosen = tuple(each for each in batch if self._waiting.get(each) is task)
        for each in chosen:
            del self._waiting[each]
        if not chosen:
            return
        try:
            results = await self._deleter.delete(
                chosen, on_progress=lambda done, total: self._observers.notify(DeletionProgress(done, total, chosen))
            )
        except UserFacingError as error:
            results = tuple(Deletion(each, error) for each in chosen)
        self._observers.notify(DeletionFinished(results))


def _report_bug(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        context = {"message": "a deletion failed", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)
