"""The queue as a whole: paused by the person or by an answer, waiting as long as asked, at the service's pace."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import UploadOptions
from app.core.service_errors import (
    Forbidden,
    NotAuthenticated,
    RateLimited,
    Redirected,
    ServiceError,
    TooLarge,
    Unreachable,
)
from app.core.uploads import QueueMode, QueueState, UploadId, UploadItem, UploadState
from app.services.pacing import Limit, Pace
from tests.unit.services.queue_harness import Act, Bench, bench, in_loop

S = UploadState
ANONYMOUS = UploadOptions(anonymous=True)


def rate_limited(seconds: float | None) -> RateLimited:
    error = RateLimited("Slow down.")
    error.retry_after_s = seconds
    return error


async def until_waiting(b: Bench) -> None:
    await b.until(lambda: b.queue.state.mode is QueueMode.WAITING and b.clock.sleeping_until_s != [])


@in_loop
async def test_a_refused_key_pauses_everything_once_and_a_new_one_goes_on_in_order(tmp_path: Path) -> None:
    refused = NotAuthenticated("The key is not known.")
    both = asyncio.Event()
    async with bench(tmp_path, Act(refused, gate=both), Act(refused, gate=both), start=False) as b:
        items = [await b.add() for _ in range(5)]
        await b.queue.start()
        await b.until(lambda: b.api.running == 2)
        both.set()
        for item in items[:2]:
            assert (await b.queue.wait(item.id)).state is S.PAUSED
        assert b.queue.state.mode is QueueMode.PAUSED
        assert (b.queue.state.error_kind, b.queue.state.reason) == (ErrorKind.CREDENTIAL, "The key is not known.")
        assert [state.mode for state in b.queue_states()].count(QueueMode.PAUSED) == 1
        held = await b.queue.wait(items[4].id, patience_s=0)
        assert (held.state, held.reason, held.error_kind) == (S.QUEUED, str(refused), ErrorKind.CREDENTIAL)

        await b.queue.credentials_changed()
        for item in items:
            assert (await b.queue.wait(item.id)).state is S.DONE
        assert b.api.sent == [item.id for item in (*items[:2], *items)]


@in_loop
async def test_a_late_refusal_of_the_old_key_does_not_pause_the_new_one(tmp_path: Path) -> None:
    early, late, refused = asyncio.Event(), asyncio.Event(), NotAuthenticated("The key is not known.")
    async with bench(tmp_path, Act(refused, gate=early), Act(refused, gate=late)) as b:
        first, second = await b.add(), await b.add()
        await b.until(lambda: b.api.running == 2)
        early.set()
        await b.queue.wait(first.id)
        await b.queue.credentials_changed()
        late.set()
        for item in (first, second):
            assert (await b.queue.wait(item.id)).state is S.DONE
        assert [state.mode for state in b.queue_states()].count(QueueMode.PAUSED) == 1


@in_loop
async def test_a_new_key_that_comes_while_a_refusal_is_written_down_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path, Act(NotAuthenticated("No.")), start=False) as b:
        writing, go_on = asyncio.Event(), asyncio.Event()
        real = b.store.set_state

        async def slow(upload_id: UploadId, state: UploadState, **rest: Any) -> UploadItem:
            if state is S.PAUSED:
                writing.set()
                await go_on.wait()
            return await real(upload_id, state, **rest)

        monkeypatch.setattr(b.store, "set_state", slow)
        item = await b.add()
        await b.queue.start()
        await writing.wait()
        await b.queue.credentials_changed()
        go_on.set()
        await b.until_state(item.id, S.DONE)


@pytest.mark.parametrize("error", [Forbidden("You are banned."), Redirected("Moved elsewhere.")])
@in_loop
async def test_an_answer_that_would_be_the_same_for_all_pauses(tmp_path: Path, error: ServiceError) -> None:
    async with bench(tmp_path, Act(error, at_marker=True), concurrency=lambda: 1) as b:
        first, second = await b.add(), await b.add()
        assert (await b.queue.wait(first.id)).reason == str(error)
        assert b.queue.state.mode is QueueMode.PAUSED
        assert (await b.queue.get(second.id)).state is S.QUEUED
        assert len(b.api.sent) == 1


@in_loop
async def test_after_a_restart_a_refused_key_is_tried_again(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(NotAuthenticated("No."))) as b:
        item = await b.add()
        await b.queue.wait(item.id)
    async with bench(tmp_path) as b:
        assert (await b.queue.wait(item.id)).state is S.DONE


@in_loop
async def test_a_locked_keyring_pauses_in_its_own_words(tmp_path: Path) -> None:
    async def locked() -> bool:
        raise UserFacingError("The keyring is locked.", kind=ErrorKind.CREDENTIAL)

    async with bench(tmp_path, has_credential=locked) as b:
        item = await b.add()
        held = await b.queue.wait(item.id, patience_s=0)
        assert (held.state, held.reason, held.error_kind) == (
            S.QUEUED,
            "The keyring is locked.",
            ErrorKind.CREDENTIAL,
        )
        assert b.api.sent == []


@in_loop
async def test_small_files_that_are_too_large_mean_a_full_account(tmp_path: Path) -> None:
    full = TooLarge("Too large.")
    async with bench(tmp_path, Act(full), Act(full), concurrency=lambda: 1, start=False) as b:
        items = [await b.add() for _ in range(3)]
        await b.queue.start()
        await b.queue.wait(items[1].id)
        assert [(await b.queue.get(item.id)).state for item in items] == [S.FAILED, S.FAILED, S.QUEUED]
        assert "may be full" in b.queue.state.reason
        await b.queue.resume()
        assert (await b.queue.wait(items[2].id)).state is S.DONE


@in_loop
async def test_the_persons_pause_lets_what_runs_end_and_lasts_over_a_restart(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with bench(tmp_path, Act(gate=gate)) as b:
        running = await b.add()
        await b.until(lambda: b.api.running == 1)
        await b.queue.pause()
        waiting = await b.add()
        gate.set()
        assert (await b.queue.wait(running.id)).state is S.DONE
        assert (await b.queue.get(waiting.id)).state is S.QUEUED
    async with bench(tmp_path) as b:
        assert b.queue.state.mode is QueueMode.PAUSED
        await b.queue.credentials_changed()  # Not what it waits for.
        assert b.queue.state.mode is QueueMode.PAUSED
        assert b.api.sent == []
        await b.queue.resume()
        assert (await b.queue.wait(waiting.id)).state is S.DONE
    async with bench(tmp_path) as b:
        assert b.queue.state.mode is QueueMode.RUNNING


@in_loop
async def test_a_pause_that_comes_while_an_upload_is_being_chosen_holds(tmp_path: Path) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow_keyring() -> bool:
        asked.set()
        await answer.wait()
        return True

    async with bench(tmp_path, has_credential=slow_keyring) as b:
        item = await b.add()
        await asked.wait()
        await b.queue.pause()
        answer.set()
        held = await b.queue.wait(item.id, patience_s=0)
        await b.queue.cancel(item.id)
        assert (held.state, b.queue.state.mode, b.api.sent) == (S.QUEUED, QueueMode.PAUSED, [])


@in_loop
async def test_a_429_holds_the_whole_queue_as_long_as_asked(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(rate_limited(90.0), at_marker=True), concurrency=lambda: 1) as b:
        first, second = await b.add(), await b.add()
        await until_waiting(b)
        assert b.queue.state.resume_at == b.clock.now() + timedelta(seconds=90)
        assert b.queue.state.reason == "Slow down."
        third = await b.add()
        b.clock.advance(89)
        for item in (first, second, third):
            held = await b.queue.wait(item.id, patience_s=0)
            assert (held.state, held.error_kind) == (S.QUEUED, ErrorKind.RATE_LIMITED)
        assert len(b.api.sent) == 1
        b.clock.advance(1)
        for item in (first, second, third):
            assert (await b.queue.wait(item.id)).state is S.DONE
        assert b.queue.state.mode is QueueMode.RUNNING


@in_loop
async def test_patience_is_for_short_waits(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(rate_limited(3.0))) as b:
        item = await b.add()
        await until_waiting(b)
        waiting = asyncio.create_task(b.queue.wait(item.id, patience_s=5))
        await asyncio.sleep(0)
        assert not waiting.done()
        b.clock.advance(3)
        assert (await waiting).state is S.DONE


@in_loop
async def test_a_429_holds_over_a_restart(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(rate_limited(90.0))) as b:
        item = await b.add()
        await until_waiting(b)
    async with bench(tmp_path, start=False) as b:
        b.clock.advance(30)
        await b.queue.start()
        await until_waiting(b)
        assert b.clock.sleeping_until_s[0] == pytest.approx(60)
        b.clock.advance(60)
        assert (await b.queue.wait(item.id)).state is S.DONE


@pytest.mark.parametrize("years", [-10, 10])
@in_loop
async def test_a_clock_that_jumps_ten_years_holds_nothing_for_ever(tmp_path: Path, years: int) -> None:
    async with bench(tmp_path, Act(rate_limited(90.0))) as b:
        item = await b.add()
        await until_waiting(b)
    async with bench(tmp_path, start=False) as b:
        b.clock.skew = timedelta(days=365 * years)
        await b.queue.start()
        b.clock.advance(6 * 3600)
        assert (await b.queue.wait(item.id)).state is S.DONE


@in_loop
async def test_a_clock_that_was_set_back_holds_nothing_up_again_with_every_start(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(rate_limited(90.0))) as b:
        item = await b.add()
        await until_waiting(b)
    async with bench(tmp_path, start=False) as b:
        b.clock.skew = timedelta(days=-3650)
        await b.queue.start()
        await until_waiting(b)
    async with bench(tmp_path, start=False) as b:
        b.clock.skew = timedelta(days=-3650)
        b.clock.advance(6 * 3600)
        await b.queue.start()
        assert (await b.queue.wait(item.id, patience_s=0)).state is S.DONE


@in_loop
async def test_uploads_that_were_made_in_the_future_hold_up_the_next_for_one_window_only(tmp_path: Path) -> None:
    pace = Pace(signed_in=Limit(1, timedelta(hours=1)))
    async with bench(tmp_path, pace=pace) as b:
        await b.queue.wait((await b.add()).id)
        b.clock.skew = timedelta(days=-3650)
        item = await b.add()
        await until_waiting(b)
        b.clock.advance(1800)
        await until_waiting(b)
        b.clock.advance(1800)
        assert (await b.queue.wait(item.id)).state is S.DONE


@in_loop
async def test_the_network_coming_back_ends_the_wait_at_once(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(Unreachable("Offline."))) as b:
        item = await b.add()
        await until_waiting(b)
        await b.queue.network_changed()
        assert (await b.queue.wait(item.id)).state is S.DONE


@in_loop
async def test_the_network_coming_back_does_not_end_what_the_service_asked_for(tmp_path: Path) -> None:
    async with bench(tmp_path, Act(rate_limited(90.0))) as b:
        await b.add()
        await until_waiting(b)
        await b.queue.network_changed()
        assert b.queue.state.mode is QueueMode.WAITING


async def _done_within(b: Bench, items: list[UploadItem], seconds: float) -> int:
    b.clock.advance(seconds)
    # Not the service's requests: one of those is over a little before its upload is done.
    await b.until(
        lambda: (
            all(item.state is S.QUEUED for item in b.queue.items())
            and (not b.queue.items() or b.clock.sleeping_until_s != [])
        )
    )
    return sum([(await b.queue.get(item.id)).state is S.DONE for item in items])


@in_loop
async def test_uploads_keep_the_pace_of_the_ledger(tmp_path: Path) -> None:
    pace = Pace(signed_in=Limit(3, timedelta(hours=1)))
    async with bench(tmp_path, pace=pace, start=False) as b:
        items = [await b.add() for _ in range(7)]
        await b.queue.start()
        assert [await _done_within(b, items, 0)] == [3]
        assert b.queue.state.mode is QueueMode.WAITING
        assert b.queue.state.resume_at == b.clock.now() + timedelta(hours=1)
        assert "100 uploads an hour" in b.queue.state.reason
        # Going on by hand does not help: the service counts.
        await b.queue.resume()
        await until_waiting(b)
        assert [await _done_within(b, items, 3599)] == [3]
        assert [await _done_within(b, items, 1)] == [6]
        assert [await _done_within(b, items, 3600)] == [7]


@in_loop
async def test_the_ledger_is_kept_over_a_restart(tmp_path: Path) -> None:
    pace = Pace(signed_in=Limit(1, timedelta(hours=1)))
    async with bench(tmp_path, pace=pace) as b:
        await b.queue.wait((await b.add()).id)
    async with bench(tmp_path, pace=pace) as b:
        item = await b.add()
        assert (await b.queue.wait(item.id, patience_s=60)).error_kind is ErrorKind.RATE_LIMITED


@in_loop
async def test_anonymous_uploads_wait_without_holding_up_the_others(tmp_path: Path) -> None:
    async with bench(tmp_path, start=False) as b:
        slow = [await b.add(ANONYMOUS) for _ in range(2)]
        quick = [await b.add() for _ in range(3)]
        await b.queue.start()
        for item in quick:
            assert (await b.queue.wait(item.id)).state is S.DONE
        await until_waiting(b)
        assert "30 minutes" in b.queue.state.reason
        assert b.clock.sleeping_until_s == [1800]
        b.clock.advance(1800)
        for item in slow:
            assert (await b.queue.wait(item.id)).state is S.DONE


@in_loop
async def test_without_a_credential_every_upload_keeps_the_anonymous_pace(tmp_path: Path) -> None:
    async def nobody() -> bool:
        return False

    async with bench(tmp_path, has_credential=nobody) as b:
        await b.queue.wait((await b.add()).id)
        second = await b.add()
        held = await b.queue.wait(second.id, patience_s=60)
        assert (held.state, held.error_kind) == (S.QUEUED, ErrorKind.RATE_LIMITED)


@in_loop
async def test_a_new_credential_ends_the_wait_for_the_anonymous_pace(tmp_path: Path) -> None:
    is_signed_in = False

    async def has_credential() -> bool:
        return is_signed_in

    async with bench(tmp_path, has_credential=has_credential) as b:
        await b.queue.wait((await b.add()).id)
        second = await b.add()
        await until_waiting(b)
        is_signed_in = True
        await b.queue.credentials_changed()
        await b.until_state(second.id, S.DONE)


@dataclass
class Account:
    """Whether there is one."""

    is_there: bool = False

    async def look(self) -> bool:
        return self.is_there


@in_loop
async def test_a_new_key_ends_what_was_asked_of_uploads_without_one(tmp_path: Path) -> None:
    account = Account()
    async with bench(tmp_path, Act(rate_limited(3600.0)), has_credential=account.look) as b:
        item = await b.add()
        await until_waiting(b)
        assert b.queue.state.error_kind is ErrorKind.RATE_LIMITED
        account.is_there = True
        await b.queue.credentials_changed()
        assert (await b.queue.wait(item.id)).state is S.DONE
        assert await b.store.load_queue_state() is None


@in_loop
async def test_a_new_key_that_came_meanwhile_ends_what_was_asked_of_uploads_without_one(tmp_path: Path) -> None:
    account = Account()
    async with bench(tmp_path, Act(rate_limited(3600.0)), has_credential=account.look) as b:
        item = await b.add()
        await until_waiting(b)
    async with bench(tmp_path, has_credential=account.look) as b:
        await until_waiting(b)
        assert b.api.sent == []
    account.is_there = True
    async with bench(tmp_path, has_credential=account.look) as b:
        assert (await b.queue.wait(item.id)).state is S.DONE


@in_loop
async def test_a_limit_that_is_told_after_the_key_came_concerns_nobody(tmp_path: Path) -> None:
    account, gate = Account(), asyncio.Event()
    async with bench(tmp_path, Act(rate_limited(3600.0), gate=gate), has_credential=account.look) as b:
        item = await b.add()
        await b.until_state(item.id, S.SENDING)
        account.is_there = True
        await b.queue.credentials_changed()
        gate.set()
        assert (await b.queue.wait(item.id)).state is S.DONE
        assert QueueMode.WAITING not in [state.mode for state in b.queue_states()]


@pytest.mark.parametrize("options", [None, ANONYMOUS])
@in_loop
async def test_a_new_key_does_not_end_what_was_asked_of_others(tmp_path: Path, options: UploadOptions | None) -> None:
    async with bench(tmp_path, Act(rate_limited(3600.0))) as b:
        await b.add(options)
        await until_waiting(b)
        await b.queue.credentials_changed()
        assert b.queue.state.mode is QueueMode.WAITING
    async with bench(tmp_path) as b:
        await until_waiting(b)
        assert b.api.sent == []


@in_loop
async def test_a_new_key_ends_that_wait_but_not_the_persons_pause(tmp_path: Path) -> None:
    account = Account()
    async with bench(tmp_path, Act(rate_limited(3600.0)), has_credential=account.look) as b:
        item = await b.add()
        await until_waiting(b)
        await b.queue.pause()
        account.is_there = True
        await b.queue.credentials_changed()
        assert b.queue.state == QueueState(QueueMode.PAUSED)
    async with bench(tmp_path, has_credential=account.look) as b:
        assert b.queue.state == QueueState(QueueMode.PAUSED)
        await b.queue.resume()
        assert (await b.queue.wait(item.id)).state is S.DONE


@in_loop
async def test_a_soak_under_faults_ends_every_upload(tmp_path: Path) -> None:
    faults = [
        Act(Unreachable("Offline.")),
        Act(rate_limited(None)),
        Act(rate_limited(5.0), at_marker=True),
        Act(TooLarge("No.")),
    ]
    acts = [faults[number % 4] if number % 5 == 0 else Act() for number in range(150)]
    pace = Pace(signed_in=Limit(10_000, timedelta(hours=1)))
    async with bench(tmp_path, *acts, pace=pace, concurrency=lambda: 4) as b:
        items = [await b.add() for _ in range(100)]
        for _ in range(2000):
            await b.until(lambda: b.api.running == 0 and (_idle(b) or b.clock.sleeping_until_s != []))
            if _idle(b):
                break
            b.clock.advance(b.clock.sleeping_until_s[0])
        states = {(await b.queue.get(item.id)).state for item in items}
        assert states == {S.DONE, S.FAILED}
        # Only what was plainly refused was sent again: nothing is there twice.
        refused = sum(act.at_marker for act in acts[: len(b.api.sent)])
        failed = sum(item.state is S.FAILED for item in b.queue.items())
        assert b.api.committed == 100 - failed + refused


def _idle(b: Bench) -> bool:
    return all(item.state is S.FAILED for item in b.queue.items())


@in_loop
async def test_a_new_key_does_not_undo_the_persons_pause(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with bench(tmp_path, Act(NotAuthenticated("Not accepted."), gate=gate)) as b:
        item = await b.add()
        await b.until_state(item.id, S.SENDING)
        await b.queue.pause()
        gate.set()
        await b.until_state(item.id, S.PAUSED)
        assert b.queue.state.error_kind is ErrorKind.CREDENTIAL
        await b.queue.credentials_changed()
        await b.until_state(item.id, S.QUEUED)
        assert b.queue.state == QueueState(QueueMode.PAUSED)
        assert len(b.api.sent) == 1
        await b.queue.resume()
        assert (await b.queue.wait(item.id)).state is S.DONE
