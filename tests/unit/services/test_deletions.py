"""Deleting with time to change one's mind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.core.errors import InputError, UserFacingError
from app.core.imglink import ImageId
from app.services.deletions import (
    Deletion,
    DeletionEvent,
    DeletionFinished,
    DeletionProgress,
    Deletions,
    DeletionScheduled,
    DeletionUndone,
    Progress,
)
from tests.unit.services.clocks import ManualTimer
from tests.unit.services.queue_harness import in_loop

A, B, C, ANONYMOUS = (ImageId(name) for name in ("a", "b", "c", "anonymous"))
REFUSAL = Deletion(ANONYMOUS, InputError("It was uploaded without an account."))


@dataclass
class FakeDeleter:
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[ImageId] = field(default_factory=list)
    deleted: list[ImageId] = field(default_factory=list)
    failing: dict[ImageId, UserFacingError] = field(default_factory=dict)

    async def refuse(self, image_ids: Sequence[ImageId]) -> tuple[Deletion, ...]:
        return tuple(REFUSAL for each in image_ids if each == ANONYMOUS)

    async def delete(
        self, image_ids: Sequence[ImageId], *, on_progress: Progress | None = None
    ) -> tuple[Deletion, ...]:
        self.asked += image_ids
        await self.gate.wait()
        for number, each in enumerate(image_ids, 1):
            self.deleted.append(each)
            assert on_progress is not None
            on_progress(number, len(image_ids))
        return tuple(Deletion(each, self.failing.get(each)) for each in image_ids)


@dataclass
class Desk:
    deletions: Deletions
    deleter: FakeDeleter
    clock: ManualTimer
    events: list[DeletionEvent] = field(default_factory=list)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - a test polls
                await asyncio.sleep(0.001)

    async def schedule(self, *image_ids: ImageId) -> tuple[Deletion, ...]:
        before = len(self.clock.sleeping_until_s)
        refused = await self.deletions.schedule(image_ids)
        await self.until(lambda: len(self.clock.sleeping_until_s) > before)
        return refused


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    deleter, clock = FakeDeleter(), ManualTimer()
    deleter.gate.set()
    d = Desk(Deletions(deleter, clock), deleter, clock)
    d.deletions.subscribe(d.events.append)
    yield d
    await d.deletions.stop()


@in_loop
async def test_what_is_not_undone_is_deleted_after_five_seconds() -> None:
    async with desk() as d:
        assert await d.schedule(A, B, A, ANONYMOUS) == (REFUSAL,)
        assert d.deletions.waiting == (A, B)
        assert d.clock.sleeping_until_s == [5.0]
        d.clock.advance(4.9)
        assert d.deletions.undo([B, C]) == (B,)
        assert d.deleter.asked == []
        d.clock.advance(0.2)
        await d.until(lambda: len(d.events) == 4)
        assert d.deleter.deleted == [A]
        finished = DeletionFinished((Deletion(A),))
        assert d.events == [DeletionScheduled((A, B)), DeletionUndone((B,)), DeletionProgress(1, 1, (A,)), finished]
        assert d.deletions.undo([A]) == ()


@in_loop
async def test_a_batch_that_is_undone_as_a_whole_deletes_nothing() -> None:
    async with desk() as d:
        await d.schedule(A)
        d.deletions.undo([A])
        await d.schedule(A)
        d.clock.advance(1)
        # The first batch's time is over before the second's: it must not take what it no longer holds.
        assert d.deletions.undo([A]) == (A,)
        d.clock.advance(10)
        await d.until(lambda: not d.clock.sleeping_until_s)
        assert d.deleter.asked == []


@in_loop
async def test_one_that_was_undone_and_asked_for_again_has_its_whole_time() -> None:
    async with desk() as d:
        await d.schedule(A)
        d.clock.advance(3)
        d.deletions.undo([A])
        await d.schedule(A)
        d.clock.advance(3)
        await d.until(lambda: len(d.clock.sleeping_until_s) == 1)
        assert d.deletions.waiting == (A,)
        assert d.deleter.asked == []
        d.clock.advance(3)
        await d.until(lambda: d.deleter.deleted == [A])


@in_loop
async def test_nothing_to_delete_is_no_batch() -> None:
    async with desk() as d:
        assert await d.deletions.schedule([ANONYMOUS]) == (REFUSAL,)
        assert await d.deletions.schedule([]) == ()
        assert (d.events, d.clock.sleeping_until_s) == ([], [])


@in_loop
async def test_what_still_waits_at_the_end_stays_and_what_is_sent_has_a_moment() -> None:
    async with desk() as d:
        d.deleter.gate.clear()
        await d.schedule(A)
        d.clock.advance(5)
        await d.until(lambda: d.deleter.asked == [A])
        await d.schedule(B)
        stopping = asyncio.create_task(d.deletions.stop())
        await d.until(lambda: DeletionUndone((B,)) in d.events)
        d.deleter.gate.set()
        await stopping
        assert d.deleter.deleted == [A]
        assert d.deletions.waiting == ()
