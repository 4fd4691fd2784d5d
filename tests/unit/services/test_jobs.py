"""Bulk jobs: paced, waiting where that helps, going on where it does not, and nothing lost or done twice."""

from __future__ import annotations

import asyncio

import pytest

from app.core.errors import Cancelled, ErrorKind, InputError, UserFacingError
from app.core.imglink import AlbumId, EmbedId, ImageId
from app.core.jobs import Job, JobChanged, JobItemState, JobKind, JobRemoved, JobsHeld, JobState
from app.core.service_errors import (
    Forbidden,
    NotAuthenticated,
    NotFound,
    RateLimited,
    Rejected,
    ServerFailure,
    ServiceError,
    Unreachable,
)
from app.services.jobs import MOST_TRIES
from tests.unit.services.job_harness import Bench, ScriptedService, bench, ids
from tests.unit.services.queue_harness import in_loop

ALBUM = "al-1"
PAGE = NotFound("A web page came back.")
PAGE.is_page = True


async def start(it: Bench, count: int, kind: JobKind = JobKind.ADD_TO_ALBUM, target: str | None = ALBUM) -> Job:
    return await it.jobs.start(kind, target, ids(count), target_name="Holiday")


def rate_limited(seconds: float) -> RateLimited:
    error = RateLimited("Too many.")
    error.retry_after_s = seconds
    return error


# --- what is done ---------------------------------------------------------------------------------------------------


@in_loop
async def test_each_image_goes_into_the_album_once_and_in_order() -> None:
    async with bench() as it:
        job = await it.jobs.start(JobKind.ADD_TO_ALBUM, ALBUM, [*ids(3), ids(1)[0]], target_name="Holiday")
        done = await it.finished(job)
        assert it.api.calls == [("add", ALBUM, image_id) for image_id in ids(3)]
        assert done.state is JobState.FINISHED
        assert len(done.done) == 3
        assert done.progress == 1.0


@in_loop
async def test_images_are_taken_out_of_an_album() -> None:
    async with bench() as it:
        await it.finished(await start(it, 2, JobKind.REMOVE_FROM_ALBUM))
        assert it.api.calls == [("remove", ALBUM, image_id) for image_id in ids(2)]


@in_loop
async def test_a_profile_goes_to_130_images_in_two_requests() -> None:
    async with bench() as it:
        done = await it.finished(await start(it, 130, JobKind.ASSIGN_EMBED, "5"))
        assert [len(call) - 2 for call in it.api.calls] == [100, 30]
        assert len(done.done) == 130


@in_loop
async def test_a_single_image_needs_no_bulk_request_and_none_takes_the_profile_away() -> None:
    async with bench() as it:
        await it.finished(await start(it, 1, JobKind.ASSIGN_EMBED, None))
        assert it.api.calls == [("embed", "None", ids(1)[0])]


@in_loop
async def test_a_chunk_that_is_refused_is_told_apart_and_the_next_goes_as_a_whole() -> None:
    async with bench() as it:
        it.api.refusals[ids(150)[7]] = NotFound("Not yours.")
        done = await it.finished(await start(it, 150, JobKind.ASSIGN_EMBED, "5"))
        assert [len(call) - 2 for call in it.api.calls] == [100, *[1] * 100, 50]
        [failed] = done.failed
        assert (failed.image_id, failed.reason) == (ids(150)[7], "Not yours.")


@in_loop
async def test_jobs_go_one_after_the_other() -> None:
    async with bench() as it:
        first, second = await start(it, 2), await start(it, 2, JobKind.REMOVE_FROM_ALBUM)
        await it.finished(second)
        assert [call[0] for call in it.api.calls] == ["add", "add", "remove", "remove"]
        assert [job.id for job in await it.jobs.pending()] == [first.id, second.id]


@pytest.mark.parametrize(("target", "count"), [(ALBUM, 0), (None, 2)])
@in_loop
async def test_what_makes_no_sense_is_not_taken_on(target: str | None, count: int) -> None:
    async with bench() as it:
        with pytest.raises(InputError):
            await start(it, count, target=target)
        assert it.store.jobs == {}


@in_loop
async def test_a_job_that_cannot_be_stored_is_not_begun() -> None:
    async with bench() as it:
        it.store.failure = UserFacingError("The disk is full.")
        with pytest.raises(UserFacingError, match="full"):
            await start(it, 2)
        assert await it.jobs.pending() == ()
        assert it.api.calls == []


@in_loop
async def test_a_full_disk_in_between_stops_nothing() -> None:
    async with bench() as it:
        it.api.gate = asyncio.Event()
        job = await start(it, 3)
        it.store.failure = UserFacingError("The disk is full.")
        it.api.gate.set()
        assert len((await it.finished(job)).done) == 3
        assert len(it.api.calls) == 3


# --- the history ----------------------------------------------------------------------------------------------------


@in_loop
async def test_the_history_knows_what_was_done_and_not_what_was_refused() -> None:
    async with bench() as it:
        for image_id in ids(3):
            it.history.add(image_id)
        it.api.refusals[ids(3)[1]] = Forbidden("Not yours.")
        await it.finished(await start(it, 3))
        assert [entry.albums for entry in await it.history.find_entries(ids(3))] == [(ALBUM,), (), (ALBUM,)]
        await it.finished(await start(it, 3, JobKind.ASSIGN_EMBED, "5"))
        assert [entry.embed for entry in await it.history.find_entries(ids(3))] == ["5", None, "5"]


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [NotFound("Not there."), Forbidden("Not allowed."), Rejected("No.")])
@in_loop
async def test_a_refusal_is_noted_with_its_reason_and_the_rest_goes_on(error: ServiceError) -> None:
    async with bench() as it:
        it.api.refusals[ids(3)[0]] = error
        done = await it.finished(await start(it, 3))
        assert [(item.image_id, item.reason) for item in done.failed] == [(ids(3)[0], str(error))]
        assert len(done.done) == 2


@in_loop
async def test_an_album_that_is_gone_is_asked_for_once_and_fails_all_that_are_left() -> None:
    async with bench() as it:
        it.api.refusals = {image_id: NotFound("Not found.") for image_id in ids(50)}
        it.api.album_error = NotFound("Not found.")
        done = await it.finished(await start(it, 50))
        assert [call[0] for call in it.api.calls] == ["add", "read"]
        assert {item.reason for item in done.failed} == {"The album is not there any more."}
        assert len(done.failed) == 50


@in_loop
async def test_an_album_that_cannot_be_read_fails_nobody_else() -> None:
    async with bench() as it:
        it.api.refusals = {ids(3)[0]: NotFound("Not found.")}
        it.api.album_error = Forbidden("Locked.")
        done = await it.finished(await start(it, 3))
        assert len(done.done) == 2


@in_loop
async def test_an_image_that_the_service_refuses_because_it_is_in_the_album_counts_as_done() -> None:
    async with bench() as it:
        it.api.refusals = {ids(2)[0]: Rejected("Already there.")}
        it.api.members = ids(1)
        assert len((await it.finished(await start(it, 2))).done) == 2


@in_loop
async def test_an_image_that_is_out_of_the_album_already_counts_as_removed() -> None:
    async with bench() as it:
        it.api.refusals = dict.fromkeys(ids(2), NotFound("Not in it."))
        it.api.members = ids(1)
        done = await it.finished(await start(it, 2, JobKind.REMOVE_FROM_ALBUM))
        assert [item.image_id for item in done.failed] == ids(1)
        assert [item.image_id for item in done.done] == ids(2)[1:]


@in_loop
async def test_what_failed_can_be_tried_again() -> None:
    async with bench() as it:
        it.api.refusals[ids(3)[1]] = NotFound("Not there.")
        job = await it.finished(await start(it, 3))
        it.api.refusals.clear()
        await it.jobs.retry_failed(job.id)
        done = await it.finished(job)
        assert len(done.done) == 3
        assert it.api.calls[-1] == ("add", ALBUM, ids(3)[1])
        assert it.store.jobs[job.id].state is JobState.FINISHED


@in_loop
async def test_there_is_nothing_to_try_again_of_what_went_well_or_is_gone() -> None:
    async with bench() as it:
        job = await it.finished(await start(it, 1))
        await it.jobs.retry_failed(job.id)
        await it.jobs.dismiss(job.id)
        await it.jobs.retry_failed(job.id)
        assert len(it.api.calls) == 1
        assert it.events[-1] == JobRemoved(job.id)


# --- waiting --------------------------------------------------------------------------------------------------------


@in_loop
async def test_it_waits_as_long_as_the_service_asks_and_another_job_does_not_shorten_that() -> None:
    async with bench(rate_limited(90.0)) as it:
        job = await start(it, 2)
        await it.until(lambda: it.clock.sleeping_until_s == [90.0])
        await start(it, 1)
        it.jobs.network_changed()
        it.clock.advance(89)
        await asyncio.sleep(0.01)
        assert len(it.api.calls) == 1
        [held] = it.holds()
        assert held.hold is not None
        assert held.hold.error_kind is ErrorKind.RATE_LIMITED
        assert held.hold.resume_at is not None
        it.clock.advance(1)
        assert len((await it.finished(job)).done) == 2
        assert it.holds()[-1] == JobsHeld(None)


@in_loop
async def test_offline_is_tried_again_for_ever_and_at_once_when_the_network_is_back() -> None:
    async with bench(*[Unreachable("No network.")] * 21) as it:
        job = await start(it, 2)
        for _ in range(20):
            await it.pass_wait()
        await it.until(lambda: len(it.api.calls) == 21 and bool(it.clock.sleeping_until_s))
        it.jobs.network_changed()
        assert len((await it.finished(job)).done) == 2


@in_loop
async def test_no_more_than_400_calls_go_in_a_minute() -> None:
    async with bench() as it:
        job = await start(it, 401)
        await it.until(lambda: bool(it.clock.sleeping_until_s))
        assert len(it.api.calls) == 400
        it.clock.advance(59)
        await asyncio.sleep(0.01)
        assert len(it.api.calls) == 400
        it.clock.advance(1)
        await it.finished(job)
        assert len(it.api.calls) == 401
        assert it.holds() == []


@in_loop
async def test_a_broken_service_is_given_up_after_some_tries_and_the_rest_after_some_more() -> None:
    async with bench(*[ServerFailure("HTTP 500.")] * (MOST_TRIES + 2)) as it:
        job = await start(it, 200)
        for _ in range(MOST_TRIES - 1):
            await it.pass_wait()
        done = await it.finished(job)
        assert len(it.api.calls) == MOST_TRIES + 2
        assert {item.reason for item in done.failed} == {"HTTP 500."}
        assert len(done.failed) == 200


@in_loop
async def test_one_image_that_breaks_the_service_is_left_behind() -> None:
    async with bench(*[ServerFailure("HTTP 500.")] * MOST_TRIES) as it:
        job = await start(it, 10)
        for _ in range(MOST_TRIES - 1):
            await it.pass_wait()
        done = await it.finished(job)
        assert [item.image_id for item in done.failed] == ids(1)
        assert len(done.done) == 9


@in_loop
async def test_a_firewalls_page_says_nothing_of_an_image() -> None:
    async with bench(PAGE) as it:
        job = await start(it, 2)
        await it.pass_wait()
        assert len((await it.finished(job)).done) == 2


# --- signing in -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refusal", [NotAuthenticated("The session is over."), Cancelled()])
@in_loop
async def test_without_an_account_it_waits_and_goes_on_where_it_was_after_signing_in(refusal: BaseException) -> None:
    async with bench(None, refusal) as it:
        job = await start(it, 3)
        await it.until(lambda: it.jobs.hold is not None and it.jobs.hold.needs_sign_in)
        it.jobs.network_changed()
        it.clock.advance(3600)
        await asyncio.sleep(0.01)
        assert len(it.api.calls) == 2
        await it.jobs.credentials_changed()
        done = await it.finished(job)
        assert len(done.done) == 3
        assert [call[2] for call in it.api.calls] == [ids(3)[index] for index in (0, 1, 1, 2)]
        assert it.holds()[-1] == JobsHeld(None)


@in_loop
async def test_a_new_wish_asks_for_the_account_once_more() -> None:
    async with bench(Cancelled()) as it:
        job = await start(it, 1)
        await it.until(lambda: it.jobs.hold is not None)
        await start(it, 1)
        assert len((await it.finished(job)).done) == 1


@in_loop
async def test_what_an_earlier_run_has_left_asks_nobody_to_sign_in() -> None:
    async with bench(quiet=ScriptedService()) as it:
        assert it.quiet is not None
        it.api.gate = asyncio.Event()
        job = await start(it, 2)
        it.quiet.answers.append(NotAuthenticated("Sign in first."))
        await it.restart()
        await it.until(lambda: it.jobs.hold is not None and it.jobs.hold.needs_sign_in)
        await it.jobs.credentials_changed()
        await it.finished(job)
        assert it.api.calls == []
        assert len(it.quiet.calls) == 3


# --- restarts -------------------------------------------------------------------------------------------------------


@in_loop
async def test_200_images_with_restarts_in_the_middle_are_all_done_and_none_twice() -> None:
    async with bench() as it:
        it.api.refusals[ids(200)[20]] = NotFound("Not yours.")
        job = await start(it, 200)
        for count in (50, 120, 199):
            await it.until(lambda most=count: len(it.api.calls) >= most)  # type: ignore[misc]  # a default is no parameter
            # Between two calls; the one that is under way is made again by the next run.
            it.api.gate = asyncio.Event()
            await it.restart()
            it.api.gate.set()
        done = await it.finished(job)
        assert len(done.done) == 199
        added = [call[2] for call in it.api.calls if call[0] == "add"]
        assert len(added) == len(set(added)) == 200


@in_loop
async def test_what_went_well_is_forgotten_at_the_next_start_and_what_failed_is_not() -> None:
    async with bench() as it:
        well = await it.finished(await start(it, 2))
        it.api.refusals[ids(1)[0]] = NotFound("Not there.")
        badly = await it.finished(await start(it, 1))
        await it.restart()
        assert await it.jobs.pending() == (badly,)
        assert well.id not in it.store.jobs
        assert badly.failed[0].reason == "Not there."


@in_loop
async def test_a_job_whose_end_was_not_written_ends_at_the_next_start() -> None:
    async with bench() as it:
        job = await it.finished(await start(it, 2))
        await it.store.set_job_state(job.id, JobState.ACTIVE)
        await it.restart()
        await it.finished(job)
        assert len(it.api.calls) == 2


# --- the person changes their mind ----------------------------------------------------------------------------------


@in_loop
async def test_cancelling_keeps_what_was_done_and_leaves_the_rest_over_a_restart() -> None:
    async with bench(None, rate_limited(60)) as it:
        job = await start(it, 3)
        await it.until(lambda: it.jobs.hold is not None)
        await it.jobs.cancel(job.id)
        cancelled = await it.finished(job)
        assert cancelled.state is JobState.CANCELLED
        assert (len(cancelled.done), len(cancelled.pending)) == (1, 2)
        await it.restart()
        assert await it.jobs.pending() == (cancelled,)
        await it.jobs.retry_failed(job.id)
        assert len((await it.finished(job)).done) == 3


@in_loop
async def test_what_is_under_way_while_cancelling_gets_its_result() -> None:
    async with bench() as it:
        it.api.gate = asyncio.Event()
        job = await start(it, 3)
        await asyncio.sleep(0.01)
        await it.jobs.cancel(job.id)
        it.api.gate.set()
        await it.until(lambda: bool(it.store.jobs[job.id].done))
        assert len(it.api.calls) == 1
        assert it.store.jobs[job.id].state is JobState.CANCELLED


@in_loop
async def test_dismissing_a_job_under_way_ends_it_without_a_trace() -> None:
    async with bench() as it:
        it.api.gate = asyncio.Event()
        job, other = await start(it, 3), await start(it, 1)
        await asyncio.sleep(0.01)
        await it.jobs.dismiss(job.id)
        it.api.gate.set()
        await it.finished(other)
        assert len(it.api.calls) == 2
        assert list(it.store.jobs) == [other.id]
        with pytest.raises(KeyError):
            await it.jobs.finished(job.id)


@in_loop
async def test_undoing_an_addition_leaves_in_the_album_what_was_in_it_before() -> None:
    async with bench() as it:
        it.history.add(ids(3)[0], albums=(AlbumId(ALBUM),))
        job = await it.finished(await start(it, 3))
        [back] = await it.jobs.undo(job.id, {ALBUM: "Holiday"})
        done = await it.finished(back)
        assert (done.kind, done.target_name) == (JobKind.REMOVE_FROM_ALBUM, "Holiday")
        assert [item.image_id for item in done.done] == ids(3)[1:]
        assert list(it.store.jobs) == [back.id]


@in_loop
async def test_undoing_an_assignment_restores_each_images_former_profile() -> None:
    async with bench() as it:
        first, second, third = ids(3)
        it.history.add(first, embed=EmbedId("1"))
        it.history.add(second, embed=EmbedId("5"))
        job = await it.finished(await start(it, 3, JobKind.ASSIGN_EMBED, "5"))
        backs = await it.jobs.undo(job.id)
        for back in backs:
            await it.finished(back)
        assert it.api.calls[1:] == [("embed", "1", first), ("embed", "None", third)]


@in_loop
async def test_undoing_a_job_under_way_ends_it_first() -> None:
    async with bench() as it:
        it.api.gate = asyncio.Event()
        job = await start(it, 3)
        await asyncio.sleep(0.01)
        undoing = asyncio.ensure_future(it.jobs.undo(job.id))
        await asyncio.sleep(0.01)
        it.api.gate.set()
        [back] = await undoing
        await it.finished(back)
        assert [call[0] for call in it.api.calls] == ["add", "remove"]


@in_loop
async def test_there_is_nothing_to_undo_of_what_is_gone() -> None:
    async with bench() as it:
        job = await it.finished(await start(it, 1))
        await it.jobs.dismiss(job.id)
        assert await it.jobs.undo(job.id) == ()


@in_loop
async def test_only_the_latest_that_went_well_stay_in_sight() -> None:
    async with bench() as it:
        started = [await it.finished(await start(it, 1)) for _ in range(23)]
        kept = await it.jobs.pending()
        assert kept[-1].id == started[-1].id
        assert len(kept) <= 22
        assert started[0].id not in it.store.jobs


@in_loop
async def test_windows_are_told_of_every_result() -> None:
    async with bench() as it:
        it.api.refusals[ImageId("image-0001")] = NotFound("Not there.")
        await it.finished(await start(it, 2))
        told = [event.job for event in it.events if isinstance(event, JobChanged)]
        assert [job.progress for job in told] == [0.0, 0.5, 1.0]
        assert told[-1].items[1].state is JobItemState.FAILED
