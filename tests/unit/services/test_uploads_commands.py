"""What commands need of the queue: to see and take up what others left, and to end without beginning anything."""

from __future__ import annotations

import asyncio
from pathlib import Path

from app.core.uploads import UploadState as S
from tests.unit.services.queue_harness import Act, bench, in_loop


@in_loop
async def test_a_command_sees_what_it_has_left_alone_and_can_take_it_up(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as b:
        first, second = await b.add(), await b.add()
    async with bench(tmp_path, start=False) as b:
        await b.queue.start(resume_pending=False)
        assert b.queue.items() == ()
        assert [item.id for item in await b.queue.pending()] == [first.id, second.id]
        await b.queue.retry(second.id)
        assert (await b.queue.wait(second.id)).state is S.DONE
        assert b.api.sent == [second.id]


@in_loop
async def test_what_is_on_its_way_is_listed_with_how_far_it_is(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with bench(tmp_path, Act(progress=(100,), gate=gate), concurrency=lambda: 1) as b:
        first, second = await b.add(), await b.add()
        await b.until(lambda: any(item.sent_bytes == 100 for item in b.queue.items()))
        listed = await b.queue.pending()
        assert [(item.id, item.sent_bytes) for item in listed] == [(first.id, 100), (second.id, 0)]
        gate.set()


@in_loop
async def test_held_it_ends_what_it_sends_and_begins_nothing(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with bench(tmp_path, Act(gate=gate), concurrency=lambda: 1) as b:
        first, second = await b.add(), await b.add()
        await b.until(lambda: b.api.running == 1)
        await b.queue.hold()
        gate.set()
        assert (await b.queue.wait(first.id)).state is S.DONE
        await b.queue.cancel(first.id)
        assert (await b.queue.get(second.id)).state is S.QUEUED
        assert b.api.sent == [first.id]
