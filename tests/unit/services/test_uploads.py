"""The queue: durable first, in order, truthful about every end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import ErrorKind, InputError, NotSaved, UserFacingError
from app.core.imglink import UploadOptions
from app.core.ports import NewUpload
from app.core.service_errors import ConnectionLost, Rejected, ServerFailure, Unreachable
from app.core.uploads import QueueMode, QueueReordered, UploadChanged, UploadId, UploadItem, UploadRemoved, UploadState
from app.core.workflow import SourceKind
from app.services.intake import check_file
from app.services.sending import CANCELLED_LATE
from tests.unit.services.queue_harness import NEW, PNG, Act, bench, in_loop

S = UploadState


@in_loop
async def test_an_upload_goes_through_its_states_to_its_link(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        item = await b.add()
        done = await b.queue.wait(item.id)
        assert done.image is not None
        assert (done.state, done.image.id) == (S.DONE, "image-00001")
        assert b.states(item.id) == [S.QUEUED, S.SENDING, S.COMMITTING, S.DONE]
        assert b.queue.items() == ()
        assert await b.store.recent(5) == (done,)
        assert b.queue.state.mode is QueueMode.RUNNING


@in_loop
async def test_it_is_durable_before_it_is_said(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as b:
        item = await b.add()
        assert await b.store.pending() == (item,)
        assert item.path.read_bytes() == PNG


@in_loop
async def test_the_marker_is_on_disk_before_the_boundary_leaves(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with bench(tmp_path, Act(gate_after_marker=gate)) as b:
        item = await b.add()
        await b.until(lambda: b.api.committed == 1)
        (row,) = await b.store.pending()
        assert row.state is S.COMMITTING
        gate.set()
        await b.queue.wait(item.id)


@in_loop
async def test_a_marker_that_cannot_be_written_sends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(tmp_path, start=False) as b:
        real = b.store.set_state

        async def refuse(upload_id: object, state: UploadState, **rest: object) -> UploadItem:
            if state is S.COMMITTING:
                raise UserFacingError("The disk is full.")
            return await real(upload_id, state, **rest)  # type: ignore[arg-type]

        monkeypatch.setattr(b.store, "set_state", refuse)
        item = await b.add()
        await b.queue.start()
        await b.queue.wait(item.id)
        assert b.api.committed == 0


@in_loop
async def test_uploads_go_in_order_as_many_at_once_as_allowed(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with bench(tmp_path, *(Act(gate=gate) for _ in range(8)), concurrency=lambda: 3, start=False) as b:
        items = [await b.add() for _ in range(8)]
        await b.queue.start()
        await b.until(lambda: b.api.running == 3)
        gate.set()
        for item in items:
            assert (await b.queue.wait(item.id)).state is S.DONE
        assert b.api.most_running == 3
        assert b.api.sent == [item.id for item in items]


@pytest.mark.parametrize(("setting", "most"), [(0, 1), (99, 4)])
@in_loop
async def test_a_senseless_concurrency_is_kept_within_bounds(tmp_path: Path, setting: int, most: int) -> None:
    gate = asyncio.Event()
    async with bench(tmp_path, *(Act(gate=gate) for _ in range(9)), concurrency=lambda: setting) as b:
        items = [await b.add() for _ in range(9)]
        await b.until(lambda: b.api.running == most)
        gate.set()
        for item in items:
            await b.queue.wait(item.id)
        assert b.api.most_running == most


@in_loop
async def test_what_earlier_runs_left_goes_first(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as b:
        old = [await b.add() for _ in range(3)]
    async with bench(tmp_path, concurrency=lambda: 1) as b:
        new = await b.add()
        await b.queue.wait(new.id)
        assert b.api.sent == [item.id for item in (*old, new)]


@in_loop
async def test_a_command_can_leave_what_earlier_runs_left(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as b:
        old = await b.add()
    async with bench(tmp_path, start=False) as b:
        await b.queue.start(resume_pending=False)
        new = await b.add()
        await b.queue.wait(new.id)
        assert b.api.sent == [new.id]
        assert (await b.queue.get(old.id)).state is S.QUEUED


@in_loop
async def test_progress_comes_at_most_twenty_times_a_second(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with bench(tmp_path, Act(progress=tuple(range(0, 600, 2)), gate=gate)) as b:
        item = await b.add()
        await b.until(lambda: b.api.running == 1)
        told = [e.item.sent_bytes for e in b.events if isinstance(e, UploadChanged) and e.item.state is S.SENDING]
        # The claim, and the first report: no time has passed since.
        assert told == [0, 0]
        gate.set()
        done = await b.queue.wait(item.id)
        assert done.progress == 1.0


# --- failures ---------------------------------------------------------------------------------------------------------


@in_loop
async def test_a_broken_connection_before_the_marker_is_tried_again(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(ConnectionLost("It broke.")), Act(Unreachable("Offline."))) as b:
        item = await b.add()
        for _attempt in range(2):
            await b.until(lambda: b.queue.state.mode is QueueMode.WAITING and b.clock.sleeping_until_s != [])
            waiting = await b.queue.wait(item.id, patience_s=0)
            assert (waiting.state, waiting.error_kind) == (S.QUEUED, ErrorKind.OFFLINE)
            b.clock.advance(b.clock.sleeping_until_s[0])
        assert (await b.queue.wait(item.id)).state is S.DONE
        assert b.api.sent == [item.id] * 3


@in_loop
async def test_a_lost_answer_after_the_marker_is_uncertain_and_never_sent_again(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(ConnectionLost("It broke."), at_marker=True)) as b:
        item = await b.add()
        uncertain = await b.queue.wait(item.id)
        assert uncertain.state is S.UNCERTAIN
        assert "may already be uploaded" in uncertain.reason
        assert "It broke." in uncertain.reason
        await b.until(lambda: b.clock.sleeping_until_s != [])
        b.clock.advance(3600)
        other = await b.add()
        await b.queue.wait(other.id)
        assert b.api.sent == [item.id, other.id]


@in_loop
async def test_a_server_that_fails_is_given_time_before_the_next_file(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(ServerFailure("502"), at_marker=True), concurrency=lambda: 1, start=False) as b:
        first, second = await b.add(), await b.add()
        await b.queue.start()
        await b.queue.wait(first.id)
        held = await b.queue.wait(second.id, patience_s=0)
        assert (held.state, held.reason) == (S.QUEUED, "502")
        b.clock.advance(3600)
        assert (await b.queue.wait(second.id)).state is S.DONE


@in_loop
async def test_a_refused_file_fails_with_the_servers_words_and_the_others_go(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(Rejected("Not an image, says ImgLink."), at_marker=True)) as b:
        first, second = await b.add(), await b.add()
        failed = await b.queue.wait(first.id)
        assert (failed.state, failed.error_kind) == (S.FAILED, ErrorKind.INPUT)
        assert "Not an image, says ImgLink." in failed.reason
        assert failed.path.exists()
        assert (await b.queue.wait(second.id)).state is S.DONE


@in_loop
async def test_a_bug_in_the_client_does_not_stop_the_queue(tmp_path: Path) -> None:
    crashes: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: crashes.append(context["exception"]))
    bug = ZeroDivisionError()
    async with bench(tmp_path, Act(bug), Act(bug, at_marker=True)) as b:
        first, second, third = [await b.add() for _ in range(3)]
        assert (await b.queue.wait(first.id)).state is S.FAILED
        assert (await b.queue.wait(second.id)).state is S.UNCERTAIN
        assert (await b.queue.wait(third.id)).state is S.DONE
    assert crashes == [bug, bug]


@in_loop
async def test_an_observer_that_fails_does_not_stop_the_queue(tmp_path: Path) -> None:
    crashes: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: crashes.append(context["exception"]))
    async with bench(tmp_path) as b:

        def fail(_event: object) -> None:
            raise ZeroDivisionError

        unsubscribe = b.queue.subscribe(fail)
        item = await b.add()
        assert (await b.queue.wait(item.id)).state is S.DONE
        unsubscribe()
        count = len(crashes)
        assert count >= 4
        await b.queue.wait((await b.add()).id)
        assert len(crashes) == count


@in_loop
async def test_a_disk_that_is_full_at_the_end_still_gives_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, start=False) as b:
        real = b.store.set_state

        async def refuse(upload_id: object, state: UploadState, **rest: object) -> UploadItem:
            if state is S.DONE:
                raise UserFacingError("The disk is full.")
            return await real(upload_id, state, **rest)  # type: ignore[arg-type]

        monkeypatch.setattr(b.store, "set_state", refuse)
        item = await b.add()
        await b.queue.start()
        await b.until(lambda: S.DONE in b.states(item.id))
        (done,) = [e.item for e in b.events if isinstance(e, UploadChanged) and e.item.state is S.DONE]
        assert done.image is not None
        assert "The disk is full." in done.reason
    async with bench(tmp_path, start=False) as b:
        # Truth after a restart: it may be there.
        assert (await b.queue.get(item.id)).state is S.UNCERTAIN


@in_loop
async def test_a_capture_that_cannot_be_saved_is_not_queued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(tmp_path) as b:

        async def refuse(_data: bytes, _new: NewUpload) -> UploadItem:
            raise NotSaved("No space.")

        monkeypatch.setattr(b.store, "add_bytes", refuse)
        with pytest.raises(NotSaved) as caught:
            await b.queue.enqueue_bytes(PNG, NEW)
        assert caught.value.data == PNG
        assert b.queue.items() == ()


# --- the person -------------------------------------------------------------------------------------------------------


@in_loop
async def test_cancelling_before_the_marker_cancels(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(gate=asyncio.Event())) as b:
        item = await b.add()
        await b.until(lambda: b.api.running == 1)
        assert (await b.queue.cancel(item.id)).state is S.CANCELLED
        assert b.api.running == 0
        assert await b.store.pending() == ()


@in_loop
async def test_cancelling_after_the_marker_is_uncertain(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(gate_after_marker=asyncio.Event())) as b:
        item = await b.add()
        await b.until(lambda: b.api.committed == 1)
        cancelled = await b.queue.cancel(item.id)
        assert (cancelled.state, cancelled.reason) == (S.UNCERTAIN, CANCELLED_LATE)


@in_loop
async def test_an_answer_that_is_being_written_down_is_not_disturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, start=False) as b:
        writing, go_on = asyncio.Event(), asyncio.Event()
        real = b.store.set_state

        async def slow(upload_id: UploadId, state: UploadState, **rest: Any) -> UploadItem:
            if state is S.DONE:
                writing.set()
                await go_on.wait()
            return await real(upload_id, state, **rest)

        monkeypatch.setattr(b.store, "set_state", slow)
        item = await b.add()
        await b.queue.start()
        await writing.wait()
        cancelling = asyncio.create_task(b.queue.cancel(item.id))
        stopping = asyncio.create_task(b.queue.stop())
        await asyncio.sleep(0.01)
        go_on.set()
        await stopping
        assert (await cancelling).state is S.DONE


@in_loop
async def test_what_waits_or_has_failed_can_be_cancelled_and_what_is_done_stays_done(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(Rejected("No."))) as b:
        failed = await b.queue.wait((await b.add()).id)
        assert (await b.queue.cancel(failed.id)).state is S.CANCELLED
        done = await b.queue.wait((await b.add()).id)
        assert (await b.queue.cancel(done.id)).state is S.DONE
        await b.queue.pause()
        waiting = await b.add()
        assert (await b.queue.cancel(waiting.id)).state is S.CANCELLED


@in_loop
async def test_cancelling_one_that_is_just_being_started_leaves_nothing_behind(tmp_path: Path) -> None:
    async with bench(tmp_path, *(Act(gate=asyncio.Event()) for _ in range(40))) as b:
        for steps in range(40):
            item = await b.add()
            for _ in range(steps):
                await asyncio.sleep(0)
            assert (await b.queue.cancel(item.id)).state is S.CANCELLED
        assert b.queue.items() == ()
        assert b.api.committed == 0


@in_loop
async def test_giving_up_on_saving_takes_the_upload_back(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        adding = asyncio.create_task(b.add())
        await asyncio.sleep(0)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        await b.until(lambda: any(isinstance(e, UploadChanged) and e.item.state is S.CANCELLED for e in b.events))
        assert b.api.sent == []
        assert await b.store.pending() == ()


@in_loop
async def test_retrying_sends_again_in_its_old_place(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(Rejected("No.")), concurrency=lambda: 1, start=False) as b:
        first = await b.add()
        await b.queue.start()
        await b.queue.wait(first.id)
        await b.queue.pause()
        second = await b.add()
        await b.queue.retry(first.id)
        await b.queue.resume()
        await b.queue.wait(second.id)
        assert b.api.sent == [first.id, first.id, second.id]
        again = await b.queue.get(first.id)
        assert (again.state, again.attempts) == (S.DONE, 2)
        assert (await b.queue.retry(first.id)).state is S.DONE


@in_loop
async def test_an_uncertain_one_is_the_persons_to_decide(tmp_path: Path) -> None:
    lost = ConnectionLost("It broke.")
    async with bench(tmp_path, *(Act(lost, at_marker=True) for _ in range(3)), random=lambda: 0.0) as b:
        again, seen, dropped = [await b.queue.wait((await b.add()).id) for _ in range(3)]
        assert {again.state, seen.state, dropped.state} == {S.UNCERTAIN}
        assert (await b.queue.cancel(seen.id)).state is S.UNCERTAIN
        assert (await b.queue.mark_done(seen.id)).state is S.DONE
        await b.queue.discard(dropped.id)
        assert UploadRemoved(dropped.id) in b.events
        assert not dropped.path.exists()
        with pytest.raises(InputError):
            await b.queue.get(dropped.id)
        await b.queue.retry(again.id)
        assert (await b.queue.wait(again.id)).state is S.DONE


@in_loop
async def test_what_is_on_its_way_cannot_be_discarded(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(gate=asyncio.Event())) as b:
        item = await b.add()
        await b.until(lambda: b.api.running == 1)
        with pytest.raises(InputError, match="on its way"):
            await b.queue.discard(item.id)


@in_loop
async def test_a_dropped_file_is_sent_as_it_was_under_a_neutral_name(tmp_path: Path) -> None:
    source = tmp_path / "my secret holiday.png"
    source.write_bytes(PNG)
    async with bench(tmp_path / "s", start=False) as b:
        checked = check_file(source, anonymous=False)
        item = await b.queue.enqueue_file(checked, UploadOptions(), SourceKind.DROP)
        source.write_bytes(b"changed")
        assert item.path.read_bytes() == PNG
        assert item.file_name == "my secret holiday.png"
        assert "holiday" not in item.upload_name
        assert item.upload_name.endswith(".png")
        named = await b.queue.enqueue_file(
            checked.__class__(7, checked.format, source), UploadOptions(), SourceKind.CLI, upload_name="b.png"
        )
        assert named.upload_name == "b.png"


@in_loop
async def test_the_person_can_change_the_order_for_good(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as b:
        one, two, three, four = [(await b.add()).id for _ in range(4)]
        await b.queue.move(three, before=one)
        await b.queue.move(one)
        assert [item.id for item in b.queue.items()] == [three, two, four, one]
        assert b.events[-1] == QueueReordered((three, two, four, one))
        five = (await b.add()).id
        await b.queue.move(two, before=UploadId("done by now"))
        await b.queue.move(UploadId("done by now"))
    async with bench(tmp_path, concurrency=lambda: 1) as b:
        await b.queue.wait(five)
        assert b.api.sent == [three, two, four, one, five]


# --- stopping ---------------------------------------------------------------------------------------------------------


@in_loop
async def test_stopping_tells_the_truth_about_what_was_on_its_way(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with bench(tmp_path, Act(gate=gate), Act(gate_after_marker=gate)) as b:
        before, after = await b.add(), await b.add()
        await b.until(lambda: b.api.committed == 1 and b.api.running == 2)
        waiting = asyncio.create_task(b.queue.wait(before.id))
        await b.queue.stop()
        assert (await waiting).state is S.QUEUED
        assert [item.state for item in await b.store.pending()] == [S.QUEUED, S.UNCERTAIN]
        assert b.queue.state.mode is QueueMode.STOPPED
        assert (await b.queue.get(after.id)).state is S.UNCERTAIN


@in_loop
async def test_stopping_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path, *(Act(gate=asyncio.Event()) for _ in range(60)), start=False) as b:
        item = await b.add()
        for steps in range(60):
            await b.queue.start()
            for _ in range(steps):
                await asyncio.sleep(0)
            await b.queue.stop()
            assert [(each.id, each.state) for each in await b.store.pending()] == [(item.id, S.QUEUED)]
            assert [each.state for each in b.queue.items()] == [S.QUEUED]


@in_loop
async def test_a_stop_waits_three_seconds_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.uploads.STOP_DEADLINE_S", 0.05)
    stuck = asyncio.Event()
    async with bench(tmp_path, Act(gate=asyncio.Event())) as b:
        real = b.store.set_state

        async def hang(*arguments: Any, **keywords: Any) -> UploadItem:
            await stuck.wait()
            return await real(*arguments, **keywords)

        await b.add()
        await b.until(lambda: b.api.running == 1)
        monkeypatch.setattr(b.store, "set_state", hang)
        await b.queue.stop()
        stuck.set()
        await b.until(lambda: b.queue.items()[0].state is S.QUEUED)


@in_loop
async def test_it_can_be_started_again(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(gate=asyncio.Event())) as b:
        item = await b.add()
        await b.until(lambda: b.api.running == 1)
        await b.queue.stop()
        await b.queue.start()
        assert (await b.queue.wait(item.id)).state is S.DONE


@in_loop
async def test_an_unknown_upload_is_said(tmp_path: Path) -> None:
    async with bench(tmp_path) as b:
        item = await b.add()
        await b.queue.wait(item.id)
        await b.store.remove(item.id)
        for call in (b.queue.wait, b.queue.cancel, b.queue.retry, b.queue.discard):
            with pytest.raises(InputError, match="no such upload"):
                await call(item.id)


@in_loop
async def test_two_queues_over_one_outbox_send_each_upload_once(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as a:
        ids = [(await a.add()).id for _ in range(30)]
        async with bench(tmp_path, start=False) as b:
            await asyncio.gather(a.queue.start(), b.queue.start())
            for upload_id in ids:
                for each in (a, b):
                    await each.until(lambda: not each.queue.items())  # noqa: B023
                assert (await a.queue.get(upload_id)).state is S.DONE
            assert sorted(a.api.sent + b.api.sent) == sorted(ids)
