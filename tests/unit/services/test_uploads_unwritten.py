"""A disk that fails just when an outcome is to be written down: what is known is not forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from app.core.errors import UserFacingError
from app.core.service_errors import ConnectionLost, RateLimited
from app.core.uploads import QueueMode, UploadItem, UploadState
from tests.unit.services.queue_harness import Act, Bench, bench, in_loop

S = UploadState
MANY = 10**6


def refuse(
    b: Bench, monkeypatch: pytest.MonkeyPatch, states: Collection[UploadState], times: int
) -> Callable[[], None]:
    """Let the disk refuse these states so many times; returns what makes it good again."""
    real, left = b.store.set_state, times

    async def set_state(upload_id: object, state: UploadState, **rest: object) -> UploadItem:
        nonlocal left
        if state in states and left:
            left -= 1
            raise UserFacingError("The disk is full.")
        return await real(upload_id, state, **rest)  # type: ignore[arg-type] # passes on what it gets

    def mend() -> None:
        nonlocal left
        left = 0

    monkeypatch.setattr(b.store, "set_state", set_state)
    return mend


@in_loop
async def test_who_asks_late_still_gets_the_link_that_could_not_be_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path) as b:
        refuse(b, monkeypatch, {S.DONE}, MANY)
        item = await b.add()
        await b.until(lambda: S.DONE in b.states(item.id))
        async with asyncio.timeout(10):
            done = await b.queue.wait(item.id)
        assert done.state is S.DONE
        assert done.image is not None
        assert (await b.queue.get(item.id)).state is S.DONE


@in_loop
async def test_what_could_not_be_written_down_is_tried_again_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path) as b:
        refuse(b, monkeypatch, {S.DONE}, 1)
        item = await b.add()
        await b.until(lambda: S.DONE in b.states(item.id))
    async with bench(tmp_path, start=False) as b:
        kept = await b.queue.get(item.id)
        assert (kept.state, kept.reason) == (S.DONE, "")
        assert kept.image is not None


@pytest.mark.parametrize(
    "act", [Act(ConnectionLost("Lost.")), Act(RateLimited("Wait."), at_marker=True)], ids=["before", "after the marker"]
)
@in_loop
async def test_an_upload_whose_new_turn_could_not_be_written_down_still_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    async with bench(tmp_path, act) as b:
        mend = refuse(b, monkeypatch, {S.QUEUED}, MANY)
        item = await b.add()
        await b.until(lambda: b.queue.state.mode is QueueMode.WAITING)
        b.clock.advance(3600)
        await b.until(lambda: b.queue.state.mode is QueueMode.PAUSED)
        assert "The disk is full." in b.queue.state.reason
        assert [each.id for each in b.queue.items()] == [item.id]
        mend()
        await b.queue.resume()
        assert (await b.queue.wait(item.id)).state is S.DONE
        assert len(b.api.sent) == 2
