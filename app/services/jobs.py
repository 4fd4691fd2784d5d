"""Bulk jobs: what is to be done with many images on the service, one call after the other, over restarts.

A job is stored before its first call, each result when it is known. What the service refuses of an image is noted with
its reason and the rest goes on; without network, while the service asks to wait, and until the person has signed in,
everything waits and then goes on by itself.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Any

from app.core.errors import Cancelled, ErrorKind, InputError, UserFacingError
from app.core.imglink import ImageId
from app.core.jobs import (
    Job,
    JobChanged,
    JobEvent,
    JobId,
    JobItem,
    JobItemState,
    JobKind,
    JobRemoved,
    JobsHeld,
    JobsHold,
    JobState,
)
from app.core.ports import ImgLink, JobStore, Timer
from app.core.service_errors import NotAuthenticated, RateLimited
from app.services.job_calls import JobCalls, KnownImages
from app.services.observers import Observers
from app.services.pacing import Limit, asked_wait_s, retry_wait_s

MOST_TRIES = 5
"""How often a call is made to a service that answers, but not sensibly."""
_MOST_GIVEN_UP = 3
"""After so many such calls in a row, the rest of the job is not tried either."""
_KEPT_JOBS = 20
"""So many jobs that went well stay in sight, and can be undone."""
# The service takes 500 requests a minute. What the person asks for meanwhile must not wait behind a job.
_PACE = Limit(400, timedelta(minutes=1))
_SIGN_IN_FIRST = "This goes on when you have signed in."


class Jobs:
    """Works on jobs in the order they were started, on the asyncio thread."""

    def __init__(
        self,
        api: ImgLink,
        store: JobStore,
        history: KnownImages,
        clock: Timer,
        *,
        quiet_api: ImgLink | None = None,
        random: Callable[[], float] | None = None,
    ) -> None:
        """`api` may ask the person to sign in. Jobs of earlier runs, which nobody has asked for just now, take
        `quiet_api` instead, where there is one. `random` gives numbers from 0.0 to 1.0 for jitter.
        """
        self._api = api
        self._quiet_api = quiet_api or api
        self._calls = JobCalls(history)
        self._store = store
        self._clock = clock
        self._random = random or SystemRandom().random
        self._jobs: dict[JobId, Job] = {}
        """Oldest first."""
        self._asked_for: set[JobId] = set()
        """Those that the person has started or asked for again in this run."""
        self._went: deque[datetime] = deque(maxlen=_PACE.count)
        """When calls were made."""
        self._hold: JobsHold | None = None
        self._hold_until = -math.inf
        """On the monotonic clock; no call is made before."""
        self._troubles = 0
        """How many calls in a row failed for a reason that passes."""
        self._tries = 0
        """How often the present call was answered without sense."""
        self._given_up = 0
        self._wake = asyncio.Event()
        self._stepping = asyncio.Lock()
        """Held while a call is under way."""
        self._worker: asyncio.Task[None] | None = None
        self._observers: Observers[JobEvent] = Observers()

    # --- life ---------------------------------------------------------------------------------------------------------

    async def begin(self, *, resume_pending: bool = True) -> None:
        """Begin to work, with what earlier runs have left unless that is left to another time."""
        for job in await self._store.take_jobs() if resume_pending else ():
            if job.state is JobState.FINISHED and not job.failed:
                await self._store.remove_job(job.id)
            else:
                self._jobs[job.id] = job
        self._worker = asyncio.create_task(self._work(), name="jobs")
        self._worker.add_done_callback(_report_bug)

    async def stop(self) -> None:
        """Stop. A call that is under way is made again by the next run."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait({self._worker})

    def subscribe(self, callback: Callable[[JobEvent], None]) -> Callable[[], None]:
        """Call `callback` with every event, on the asyncio thread."""
        return self._observers.subscribe(callback)

    # --- what the person asks for -------------------------------------------------------------------------------------

    async def start(
        self, kind: JobKind, target: str | None, image_ids: Sequence[ImageId], *, target_name: str = ""
    ) -> Job:
        """Take a job on; it is durable when this returns, and begins when those before it are done.

        Raises InputError when there is nothing to do, and UserFacingError when it cannot be stored.
        """
        if not image_ids:
            raise InputError("No image was chosen.")
        if target is None and kind is not JobKind.ASSIGN_EMBED:
            raise InputError("No album was chosen.")
        items = await self._calls.items_for(kind, target, image_ids)
        job = Job(JobId(secrets.token_hex(5)), kind, target, target_name, items, self._clock.now())
        await self._store.add_job(job)
        self._asked_for.add(job.id)
        self._asked_again()
        self._changed(job)
        await self._tidy()
        return job

    async def cancel(self, job_id: JobId) -> None:
        """Make no more calls for a job; one that is under way still gets its result. Nothing when it has ended."""
        job = self._jobs.get(job_id)
        if job is not None and job.is_active:
            await self._set_state(job, JobState.CANCELLED)

    async def retry_failed(self, job_id: JobId) -> None:
        """Try once more what was refused, and go on with what a cancellation has left."""
        job = self._jobs.get(job_id)
        if job is None:
            return
        self._calls.forget(job)
        self._asked_for.add(job_id)
        again = tuple(replace(item, state=JobItemState.PENDING, reason="") for item in job.failed)
        job = job.with_items(again)
        if not job.pending:
            return
        await self._store.record_items(job_id, again)
        self._asked_again()
        await self._set_state(job, JobState.ACTIVE)

    async def dismiss(self, job_id: JobId) -> None:
        """Forget a job; one that runs is cancelled. On the service nothing changes."""
        if job_id in self._jobs:
            await self._store.remove_job(job_id)
            self._remove(job_id)

    async def undo(self, job_id: JobId, names: Mapping[str, str] | None = None) -> tuple[Job, ...]:
        """Cancel a job and start those that restore what was before, as far as the history knew it.

        `names` tells what former targets are called. The old job is dismissed. Returns the new ones, perhaps none.
        """
        await self.cancel(job_id)
        # What is under way belongs to what is undone.
        async with self._stepping:
            job = self._jobs.get(job_id)
        if job is None:
            return ()
        back = [
            await self.start(kind, target, ids, target_name=(names or {}).get(target or "", ""))
            for kind, target, ids in _reverse(job)
        ]
        await self.dismiss(job_id)
        return tuple(back)

    async def pending(self) -> tuple[Job, ...]:
        """All jobs that were not dismissed, oldest first; those that have ended are among them."""
        return tuple(self._jobs.values())

    @property
    def hold(self) -> JobsHold | None:
        """Why no job goes on just now."""
        return self._hold

    async def finished(self, job_id: JobId) -> Job:
        """Wait until a job has ended. Raises KeyError when there is no such job, or it is dismissed meanwhile."""
        moved = asyncio.Event()
        unsubscribe = self.subscribe(lambda _: moved.set())
        try:
            while self._jobs[job_id].is_active:
                moved.clear()
                await moved.wait()
        finally:
            unsubscribe()
        return self._jobs[job_id]

    # --- what happens outside -----------------------------------------------------------------------------------------

    async def credentials_changed(self) -> None:
        """Go on if everything waits for the person to sign in."""
        self._asked_again()

    def network_changed(self) -> None:
        """Try again at once if everything waits for the network."""
        if self._hold is not None and self._hold.error_kind is ErrorKind.OFFLINE:
            self._hold_until = -math.inf
            self._wake.set()

    def _asked_again(self) -> None:
        if self._hold is not None and self._hold.needs_sign_in:
            self._release()
        self._wake.set()

    # --- the worker ---------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            job = next((each for each in self._jobs.values() if each.is_active), None)
            if job is None:
                self._release()
                await self._wake.wait()
                continue
            left_s = max(self._hold_until - self._clock.monotonic(), self._pace_s())
            if left_s > 0:
                await self._rest(left_s)
                continue
            async with self._stepping:
                await self._step(job)

    async def _step(self, job: Job) -> None:
        if not job.pending:
            await self._end(job)
            return
        batch = self._calls.batch(job)
        self._went.append(self._clock.now())
        try:
            results = await self._calls.make(self._api if job.id in self._asked_for else self._quiet_api, job, batch)
        except Cancelled:
            self._wait_for_sign_in(_SIGN_IN_FIRST)
        except UserFacingError as error:
            # A page is a firewall's or another server's, which no token of ours satisfies.
            if isinstance(error, NotAuthenticated) and not error.is_page:
                self._wait_for_sign_in(str(error))
            else:
                await self._record(job.id, self._heed(job, batch, error))
        else:
            self._troubles = self._tries = self._given_up = 0
            self._release()
            await self._record(job.id, results)

    def _heed(self, job: Job, batch: tuple[JobItem, ...], error: UserFacingError) -> tuple[JobItem, ...]:
        """Wait after trouble that says nothing of the images; or give up, and return them as failed."""
        if isinstance(error, RateLimited):
            self._wait(asked_wait_s(error.retry_after_s, self._troubles, self._random), error)
            return ()
        if error.kind is ErrorKind.OFFLINE:
            self._wait(retry_wait_s(self._troubles, self._random), error)
            return ()
        self._tries += 1
        if self._tries < MOST_TRIES and not self._given_up:
            self._wait(retry_wait_s(self._troubles, self._random), error)
            return ()
        self._tries, self._given_up = 0, self._given_up + 1
        self._release()
        lost = batch
        if self._given_up >= _MOST_GIVEN_UP:
            lost, self._given_up, self._troubles = job.pending, 0, 0
        return tuple(replace(item, state=JobItemState.FAILED, reason=str(error)) for item in lost)

    async def _record(self, job_id: JobId, results: tuple[JobItem, ...]) -> None:
        job = self._jobs.get(job_id)
        if job is None or not results:
            return
        # A full disk forgets it; the next run then makes these calls once more.
        with suppress(UserFacingError):
            await self._store.record_items(job_id, results)
        # It may have been cancelled or dismissed while that was written.
        if (job := self._jobs.get(job_id)) is None:
            return
        job = job.with_items(results)
        if job.pending or not job.is_active:
            self._changed(job)
        else:
            await self._end(job)

    async def _end(self, job: Job) -> None:
        self._calls.forget(job)
        with suppress(UserFacingError):
            await self._store.set_job_state(job.id, JobState.FINISHED)
        if job.id in self._jobs:
            self._changed(replace(job, state=JobState.FINISHED))

    async def _set_state(self, job: Job, state: JobState) -> None:
        self._changed(replace(job, state=state))
        await self._store.set_job_state(job.id, state)
        self._wake.set()

    async def _tidy(self) -> None:
        """Let go of the oldest of those that went well."""
        well = [job for job in self._jobs.values() if job.state is JobState.FINISHED and not job.failed]
        for job in well[:-_KEPT_JOBS]:
            await self.dismiss(job.id)

    # --- waiting ------------------------------------------------------------------------------------------------------

    def _pace_s(self) -> float:
        now = self._clock.now()
        while self._went and abs(now - self._went[0]) >= _PACE.window:
            self._went.popleft()
        return _PACE.wait_s(self._went, now)

    def _wait(self, seconds: float, error: UserFacingError) -> None:
        self._troubles += 1
        self._hold_until = self._clock.monotonic() + seconds
        resume_at = self._clock.now() + timedelta(seconds=seconds)
        self._set_hold(JobsHold(str(error), error.kind, resume_at))

    def _wait_for_sign_in(self, reason: str) -> None:
        self._hold_until = math.inf
        self._set_hold(JobsHold(reason, ErrorKind.CREDENTIAL))

    def _release(self) -> None:
        self._hold_until = -math.inf
        self._set_hold(None)

    def _set_hold(self, hold: JobsHold | None) -> None:
        if hold != self._hold:
            self._hold = hold
            self._observers.notify(JobsHeld(hold))

    async def _rest(self, seconds: float) -> None:
        """Wait so long, or until something has changed."""
        waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(self._wake.wait())}
        if seconds < math.inf:
            waits.add(asyncio.ensure_future(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    # --- telling ------------------------------------------------------------------------------------------------------

    def _changed(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._observers.notify(JobChanged(job))

    def _remove(self, job_id: JobId) -> None:
        self._calls.forget(self._jobs.pop(job_id))
        self._asked_for.discard(job_id)
        self._observers.notify(JobRemoved(job_id))
        self._wake.set()


def _reverse(job: Job) -> list[tuple[JobKind, str | None, list[ImageId]]]:
    """The jobs that undo one: kind, target and images of each."""
    if job.kind is JobKind.REMOVE_FROM_ALBUM:
        groups = {(JobKind.ADD_TO_ALBUM, job.target): [item.image_id for item in job.done]}
    elif job.kind is JobKind.ADD_TO_ALBUM:
        # What was in it before stays in it.
        added = [item.image_id for item in job.done if item.former is None]
        groups = {(JobKind.REMOVE_FROM_ALBUM, job.target): added}
    else:
        groups = {}
        for item in job.done:
            if item.former != job.target:
                groups.setdefault((JobKind.ASSIGN_EMBED, item.former), []).append(item.image_id)
    return [(kind, target, ids) for (kind, target), ids in groups.items() if ids]


def _report_bug(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        context = {"message": "the jobs failed", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)
