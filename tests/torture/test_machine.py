"""Generated histories of an outbox: whatever the person, the service, the disk's owner and the clock do, promises hold.

The queue and the store are real, the service is a fake that counts what it has, and a crash is one: nothing more is
written, and the next process finds what the last one left. The promises are those of DESIGN, checked after every step.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.core.imglink import Image, ImageId, UploadOptions
from app.core.ports import NewUpload, UploadFile
from app.core.service_errors import (
    ConnectionLost,
    Forbidden,
    NotAuthenticated,
    RateLimited,
    Redirected,
    Rejected,
    ServerFailure,
    ServiceError,
    TimedOut,
    TooLarge,
    Unreachable,
    UnreadableAnswer,
)
from app.core.uploads import QueueMode, UploadId, UploadItem, UploadState
from app.core.workflow import SourceKind
from app.services.pacing import Limit, Pace
from app.services.uploads import UploadQueue
from app.store import SqliteUploadStore, open_store
from tests.unit.services.clocks import ManualTimer

S, M = UploadState, QueueMode
T = TypeVar("T")
PER_HOUR = 2
PACE = Pace(Limit(PER_HOUR, timedelta(hours=1)), Limit(1, timedelta(minutes=30)))
CONCURRENCY = 2
MAX_UPLOAD_S = 60
NEW = NewUpload("a.png", "a.png", SourceKind.REGION, "image/png", UploadOptions())
REFUSALS: tuple[type[ServiceError], ...] = (NotAuthenticated, Forbidden, Redirected, Rejected, TooLarge, RateLimited)
"""Whoever answers so has not taken it."""
TROUBLES: tuple[type[ServiceError], ...] = (ConnectionLost, TimedOut, ServerFailure, UnreadableAnswer, Unreachable)
"""Whoever ends so may have it, if the whole request was out."""


@dataclass
class Request:
    """An upload on its way to the fake service."""

    upload_id: str
    go_on: asyncio.Future[None]
    answer: asyncio.Future[Image]
    is_whole: bool = False
    is_over: bool = False
    """The service has made up its mind."""


@dataclass
class FakeService:
    """Holds every request until it is told what to do with it, and counts what it has."""

    requests: list[Request] = field(default_factory=list)
    commits: Counter[str] = field(default_factory=Counter)
    commit_times_s: list[float] = field(default_factory=list)
    begun: Counter[str] = field(default_factory=Counter)
    now_s: Callable[[], float] = lambda: 0.0

    def take(self, request: Request) -> Image:
        """Make an image of it."""
        request.is_over = True
        self.commits[request.upload_id] += 1
        self.commit_times_s.append(self.now_s())
        count = self.commits.total()
        return Image(ImageId(f"image-{count:05}"), f"https://i.example/{count}.png")

    async def upload(
        self,
        file: UploadFile,
        options: UploadOptions,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        before_commit: Callable[[], Awaitable[None]] | None = None,
    ) -> Image:
        loop = asyncio.get_running_loop()
        request = Request(file.path.stem, loop.create_future(), loop.create_future())
        self.requests.append(request)
        self.begun[request.upload_id] += 1
        try:
            await request.go_on
            assert before_commit is not None
            await before_commit()
            request.is_whole = True
            return await request.answer
        except asyncio.CancelledError:
            # Whoever breaks off now comes too late: the service has got all of it, and takes it.
            if request.is_whole and not request.is_over:
                self.take(request)
            raise
        finally:
            self.requests.remove(request)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the queue must not call {name}")


class Outbox(RuleBasedStateMachine):
    """The world, and what it has been promised."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="imglink-machine-"))
        self.loop = asyncio.new_event_loop()
        self.crashes: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _loop, context: self.crashes.append(context))
        self.clock = ManualTimer()
        self.service = FakeService(now_s=self.clock.monotonic)
        self.numbers = itertools.count(1)
        self.saved: dict[UploadId, str] = {}
        """What was acknowledged, with the hash of its bytes, until the person discards it."""
        self.sent_again: Counter[UploadId] = Counter()
        """How often the person sent again what was uncertain."""
        self.marked_done: set[UploadId] = set()
        self.is_paused_by_person = False
        self.clock_was_set = False
        self.events = 0
        """What the queue has told."""
        self.queue: UploadQueue
        self.store: SqliteUploadStore

    # --- how it runs --------------------------------------------------------------------------------------------------

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        async def limited() -> T:
            async with asyncio.timeout(20):
                return await work

        async def both() -> T:
            result = await limited()
            await self._settle()
            return result

        return self.loop.run_until_complete(both())

    async def _settle(self) -> None:
        """Until the store has nothing to do and nobody takes a step: then everyone waits for a rule."""
        quiet_rounds, seen = 0, -1
        while quiet_rounds < 4:
            await self.store.database.run(lambda: None)
            for _ in range(10):
                await asyncio.sleep(0)
            quiet_rounds = quiet_rounds + 1 if self.events == seen else 0
            seen = self.events

    def _count_event(self, _event: object) -> None:
        self.events += 1

    @initialize()
    def first_start(self) -> None:
        self._open()

    def _open(self) -> None:
        async def start() -> None:
            self.store = await open_store(self.folder, self.clock)
            self.queue = UploadQueue(
                self.service, self.store, self.clock, concurrency=lambda: CONCURRENCY, pace=PACE, random=lambda: 0.5
            )
            self.queue.subscribe(self._count_event)
            await self.queue.start()

        self.do(start())

    def item(self, number: int) -> UploadItem | None:
        """One of those that are acknowledged."""
        ids = list(self.saved)
        return self.do(self.queue.get(ids[number % len(ids)])) if ids else None

    # --- what the person does -----------------------------------------------------------------------------------------

    @rule()
    def enqueue(self) -> None:
        data = b"\x89PNG\r\n\x1a\n" + str(next(self.numbers)).encode()
        item = self.do(self.queue.enqueue_bytes(data, NEW))
        assert item.path.read_bytes() == data
        self.saved[item.id] = hashlib.sha256(data).hexdigest()

    @precondition(lambda self: self.saved)
    @rule(number=st.integers(0, 9))
    def cancel(self, number: int) -> None:
        if item := self.item(number):
            ended = self.do(self.queue.cancel(item.id))
            assert ended.state in (S.CANCELLED, S.UNCERTAIN, S.DONE), ended

    @precondition(lambda self: any(request.is_whole for request in self.service.requests))
    @rule(number=st.integers(0, 1))
    def cancel_too_late(self, number: int) -> None:
        """All of it was sent, and whether the service has taken it only the service knows."""
        if request := self._request(number, is_whole=True):
            ended = self.do(self.queue.cancel(UploadId(request.upload_id)))
            assert ended.state in (S.UNCERTAIN, S.DONE), ended

    @precondition(lambda self: self.saved)
    @rule(number=st.integers(0, 9))
    def retry(self, number: int) -> None:
        if (item := self.item(number)) and item.has_file:
            self.do(self.queue.retry(item.id))
            self.sent_again[item.id] += item.state is S.UNCERTAIN

    @precondition(lambda self: self.saved)
    @rule(number=st.integers(0, 9))
    def mark_done(self, number: int) -> None:
        if item := self.item(number):
            ended = self.do(self.queue.mark_done(item.id))
            if item.state is S.UNCERTAIN:
                assert ended.state is S.DONE
                self.marked_done.add(item.id)

    @precondition(lambda self: self.saved)
    @rule(number=st.integers(0, 9))
    def discard(self, number: int) -> None:
        if (item := self.item(number)) and item.state not in (S.SENDING, S.COMMITTING):
            self.do(self.queue.discard(item.id))
            del self.saved[item.id]

    @precondition(lambda self: self.saved)
    @rule(number=st.integers(0, 9), other=st.integers(0, 9))
    def move(self, number: int, other: int) -> None:
        item, place = self.item(number), self.item(other)
        if item and place and item.id != place.id:
            self.do(self.queue.move(item.id, before=place.id))

    @rule()
    def pause(self) -> None:
        self.do(self.queue.pause())
        self.is_paused_by_person = True

    @rule()
    def resume(self) -> None:
        self.is_paused_by_person = False
        self.do(self.queue.resume())

    @rule()
    def bring_a_new_key(self) -> None:
        self.do(self.queue.credentials_changed())

    # --- what the service does ----------------------------------------------------------------------------------------

    def _request(self, number: int, *, is_whole: bool) -> Request | None:
        fitting = [request for request in self.service.requests if request.is_whole is is_whole]
        return fitting[number % len(fitting)] if fitting else None

    @precondition(lambda self: self.service.requests)
    @rule(number=st.integers(0, 1))
    def receive_all(self, number: int) -> None:
        if request := self._request(number, is_whole=False):
            request.go_on.set_result(None)
            self.do(asyncio.sleep(0))

    @precondition(lambda self: self.service.requests)
    @rule(number=st.integers(0, 1), kind=st.sampled_from(REFUSALS + TROUBLES))
    def fail_early(self, number: int, kind: type[ServiceError]) -> None:
        if request := self._request(number, is_whole=False):
            request.go_on.set_exception(kind("words of the service"))
            self.do(asyncio.sleep(0))

    @precondition(lambda self: any(request.is_whole for request in self.service.requests))
    @rule(number=st.integers(0, 1), kind=st.sampled_from(REFUSALS))
    def refuse(self, number: int, kind: type[ServiceError]) -> None:
        if request := self._request(number, is_whole=True):
            request.answer.set_exception(kind("words of the service"))
            self.do(asyncio.sleep(0))

    @precondition(lambda self: any(request.is_whole for request in self.service.requests))
    @rule(number=st.integers(0, 1), kind=st.sampled_from(TROUBLES), is_taken=st.booleans())
    def lose_the_answer(self, number: int, kind: type[ServiceError], is_taken: bool) -> None:
        if request := self._request(number, is_whole=True):
            if is_taken:
                self.service.take(request)
            request.answer.set_exception(kind("lost"))
            self.do(asyncio.sleep(0))

    @precondition(lambda self: any(request.is_whole for request in self.service.requests))
    @rule(number=st.integers(0, 1))
    def succeed(self, number: int) -> None:
        if request := self._request(number, is_whole=True):
            request.answer.set_result(self.service.take(request))
            self.do(asyncio.sleep(0))

    # --- what the world does ------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 40, 1800, 3601, 6 * 3600]))
    def pass_time(self, seconds: int) -> None:
        if seconds > MAX_UPLOAD_S:
            # The client's deadline: no upload is under way for an hour, which is what the ledger counts with.
            for request in tuple(self.service.requests):
                (request.answer if request.is_whole else request.go_on).set_exception(TimedOut("too slow"))
                self.do(asyncio.sleep(0))
        self.clock.advance(seconds)
        self.do(asyncio.sleep(0))

    @rule(jump=st.sampled_from([timedelta(days=-3650), timedelta(hours=-2), timedelta(hours=2), timedelta(days=3650)]))
    def set_the_clock(self, jump: timedelta) -> None:
        self.clock.skew = jump
        # What was sent before is forgotten or counts anew; what is under way bears two times.
        self.service.commit_times_s.clear()
        self.clock_was_set = bool(self.service.requests)

    @rule()
    def restart(self) -> None:
        self.loop.run_until_complete(self._stop())
        self._open()

    async def _stop(self) -> None:
        await self.queue.stop()
        await self._settle()
        await self.store.close()

    @rule(is_taken=st.booleans())
    def crash(self, is_taken: bool) -> None:
        """As by SIGKILL: what the threads have begun is finished or undone, and nothing else is done."""
        for request in self.service.requests:
            if request.is_whole and is_taken:
                self.service.take(request)
            request.is_over = True
        self.loop.run_until_complete(self._die())
        self._open()

    async def _die(self) -> None:
        store = self.store
        await asyncio.wrap_future(store.database.thread.submit(store.database.connection.close))
        for threads in (store._file_threads, store.database.thread):
            await asyncio.to_thread(threads.shutdown, cancel_futures=True)
        # What is left of this process's coroutines can reach neither disk nor service any more.
        self.loop.set_exception_handler(lambda _loop, _context: None)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
        self.loop.set_exception_handler(lambda _loop, context: self.crashes.append(context))
        store._outbox.close()
        store._owner.release(clean=False)

    # --- what was promised --------------------------------------------------------------------------------------------

    @invariant()
    def the_rows_tell_the_truth(self) -> None:
        """Nothing is lost; what the service has is done or uncertain; the list that is shown is the one on the disk."""
        if not self.saved:
            return

        async def read() -> dict[UploadId, UploadItem]:
            found = [await self.store.get(upload_id) for upload_id in self.saved]
            return {item.id: item for item in found if item is not None}

        rows = self.loop.run_until_complete(read())
        assert rows.keys() == self.saved.keys()
        shown = {item.id: item for item in self.queue.items()}
        for upload_id, item in rows.items():
            assert item.sha256 == self.saved[upload_id]
            if item.state in (S.DONE, S.CANCELLED):
                assert upload_id not in shown
            else:
                assert hashlib.sha256(item.path.read_bytes()).hexdigest() == item.sha256
                assert shown[upload_id].state is item.state
            is_marked = upload_id in self.marked_done
            if self.service.commits[upload_id] > self.sent_again[upload_id] and not is_marked:
                assert item.state in (S.DONE, S.UNCERTAIN), item
            if item.state is S.DONE:
                assert is_marked or (item.image and self.service.commits[upload_id]), item

    @invariant()
    def nothing_is_sent_twice_in_silence(self) -> None:
        for upload_id, commits in self.service.commits.items():
            assert commits - 1 <= self.sent_again[UploadId(upload_id)]

    @invariant()
    def who_waits_for_the_person_says_why(self) -> None:
        for item in self.queue.items() if self.saved else ():
            assert item.reason or item.state not in (S.FAILED, S.PAUSED, S.UNCERTAIN), item

    @invariant()
    def never_more_than_allowed_and_none_twice_at_once(self) -> None:
        under_way = [request.upload_id for request in self.service.requests]
        assert len(under_way) <= CONCURRENCY
        assert len(set(under_way)) == len(under_way)

    @invariant()
    def the_hourly_limit_holds(self) -> None:
        times = self.service.commit_times_s
        if self.clock_was_set:
            times.clear()
            self.clock_was_set = bool(self.service.requests)
        else:
            assert all(later - sooner >= 3600 for sooner, later in zip(times, times[PER_HOUR:], strict=False))

    @invariant()
    def nothing_begins_while_the_person_pauses(self) -> None:
        before = getattr(self, "_begun_when_paused", None)
        begun = self.service.begun.total()
        if self.is_paused_by_person and before is not None:
            assert begun == before
        self._begun_when_paused = begun if self.is_paused_by_person else None

    @invariant()
    def no_bug_reached_the_crash_handler(self) -> None:
        assert self.crashes == []

    def teardown(self) -> None:
        """In the end, with a person who lets everything go on and a service that works, all come to an end."""
        try:
            if hasattr(self, "queue"):
                try:
                    self._finish()
                finally:
                    self.loop.run_until_complete(self._stop())
            self.no_bug_reached_the_crash_handler()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()
            shutil.rmtree(self.folder)

    def _answer_all(self) -> None:
        for request in tuple(self.service.requests):
            if request.is_whole:
                request.answer.set_result(self.service.take(request))
            else:
                request.go_on.set_result(None)
            self.do(asyncio.sleep(0))

    def _finish(self) -> None:
        self.is_paused_by_person = False
        for _ in range(20 * (len(self.saved) + 1)):
            while self.service.requests:
                self._answer_all()
            self.the_hourly_limit_holds()
            left = [item for item in self.queue.items() if item.state not in (S.FAILED, S.UNCERTAIN)]
            if not left:
                return
            # First without the time to wait for the pace, so that it has something to hold back.
            self.do(self.queue.resume())
            if not self.service.requests:
                self.clock.advance(3601)
                self.do(asyncio.sleep(0))
        raise AssertionError(f"these never come to an end: {left}")


Outbox.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestOutbox = pytest.mark.timeout(600)(Outbox.TestCase)
