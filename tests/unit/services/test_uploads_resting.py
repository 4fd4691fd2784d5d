"""The computer sleeps: nothing begins just before, and afterwards the time that went by counts as waited."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from app.core.service_errors import Unreachable
from app.core.uploads import QueueMode, UploadState
from tests.unit.services.queue_harness import Act, bench, in_loop
from tests.unit.services.test_uploads_pausing import rate_limited, until_waiting

S = UploadState


@in_loop
async def test_nothing_begins_before_the_computer_sleeps_and_all_goes_on_afterwards(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        b.queue.rest()
        item = await b.add()
        # Each question goes to the database behind whatever a beginning would have asked of it.
        for _ in range(10):
            assert [each.state for each in await b.store.pending()] == [S.QUEUED]
        assert b.api.sent == []
        # It is nothing that the person would have to know.
        assert b.queue.state.mode is QueueMode.RUNNING
        await b.queue.wake_up()
        assert (await b.queue.wait(item.id)).state is S.DONE


@in_loop
async def test_what_waits_for_the_network_is_tried_at_once_after_a_sleep(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(Unreachable("Offline."))) as b:
        item = await b.add()
        await until_waiting(b)
        b.queue.rest()
        await b.queue.wake_up()
        assert (await b.queue.wait(item.id)).state is S.DONE


@in_loop
async def test_a_wait_that_the_service_asked_for_goes_by_during_a_sleep(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(rate_limited(90.0))) as b:
        item = await b.add()
        await until_waiting(b)
        b.queue.rest()
        # The monotonic clock stands still meanwhile.
        b.clock.skew = timedelta(seconds=60)
        await b.queue.wake_up()
        await b.until(lambda: [round(each) for each in b.clock.sleeping_until_s] == [30])
        assert b.queue.state.mode is QueueMode.WAITING
        b.clock.skew = timedelta(seconds=91)
        await b.queue.wake_up()
        assert (await b.queue.wait(item.id)).state is S.DONE


@in_loop
async def test_a_pause_lasts_over_a_sleep(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        await b.queue.pause()
        item = await b.add()
        b.queue.rest()
        await b.queue.wake_up()
        assert b.queue.state.mode is QueueMode.PAUSED
        assert (await b.queue.get(item.id)).state is S.QUEUED
