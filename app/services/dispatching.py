"""Who is sent next, and when: in order, as many at once as the settings allow, and never against brake or pace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from app.core.errors import UserFacingError
from app.core.ports import Timer
from app.core.uploads import QueueMode, UploadItem
from app.services.brake import Brake

MAX_CONCURRENCY = 4


class Roster(Protocol):
    """The queue as the dispatcher sees it."""

    def queued(self) -> list[UploadItem]:
        """Those that may be sent, in order."""

    def running_count(self) -> int:
        """How many are on their way."""

    async def begin(self, item: UploadItem, *, anonymous: bool, lacks_account: bool) -> None:
        """Send this one, unless somebody else has taken it. Raises UserFacingError.

        `lacks_account` tells that it goes without an account only because there is none.
        """


class Dispatcher:
    """One task that starts senders, and sleeps until there is a reason to look again."""

    def __init__(
        self,
        roster: Roster,
        clock: Timer,
        brake: Brake,
        handover: asyncio.Lock,
        *,
        concurrency: Callable[[], int],
        has_credential: Callable[[], Awaitable[bool]],
    ) -> None:
        """`handover` is held while an upload changes hands between the person and a sender."""
        self._roster = roster
        self._clock = clock
        self._brake = brake
        self._handover = handover
        self._concurrency = concurrency
        self._has_credential = has_credential
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """False before `start` and after `stop`."""
        return self._task is not None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="upload queue")
        self._task.add_done_callback(report_bug)

    async def stop(self) -> None:
        """Start no more senders; those that run go on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    def wake(self) -> None:
        """Look again: something has changed."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                wait_s = await self._fill()
            except UserFacingError as error:
                self._brake.set(QueueMode.PAUSED, str(error), error.kind)
                wait_s = None
            await self._until_woken(wait_s)

    async def _fill(self) -> float | None:
        """Start as many senders as may run; returns how long to wait until more may, None if nothing is waiting."""
        while self._roster.running_count() < min(max(1, self._concurrency()), MAX_CONCURRENCY):
            async with self._handover:
                if self._brake.is_on:
                    return self._brake.left_s
                queued = self._roster.queued()
                if not queued:
                    self._brake.set(QueueMode.RUNNING)
                    return None
                if (left_s := await self._start_one(queued)) != 0:
                    return left_s
        return None

    async def _start_one(self, queued: list[UploadItem]) -> float | None:
        """Send the first that the pace allows; 0.0 when that was done, else how long all have to wait."""
        has_credential: bool | None = None
        waits_s: dict[bool, float] = {}
        for item in queued:
            if not item.options.anonymous and has_credential is None:
                has_credential = await self._has_credential()
            lacks_account = not item.options.anonymous and not has_credential
            anonymous = item.options.anonymous or lacks_account
            if anonymous not in waits_s:
                waits_s[anonymous] = await self._brake.pace_s(anonymous=anonymous)
            if waits_s[anonymous] > 0:
                continue
            if self._brake.is_on:  # A sender or the person has said so meanwhile.
                return self._brake.left_s
            self._brake.set(QueueMode.RUNNING)
            await self._roster.begin(item, anonymous=anonymous, lacks_account=lacks_account)
            return 0.0
        left_s, anonymous = min((wait_s, anonymous) for anonymous, wait_s in waits_s.items())
        self._brake.wait_for_pace(left_s, anonymous=anonymous)
        return left_s

    async def _until_woken(self, wait_s: float | None) -> None:
        woken = asyncio.ensure_future(self._wake.wait())
        waits = {woken} if wait_s is None else {woken, asyncio.ensure_future(self._clock.sleep(wait_s))}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


def report_bug(task: asyncio.Task[Any]) -> None:
    """For a task's end: what nobody expected reaches the crash handler."""
    if not task.cancelled() and (error := task.exception()) is not None:
        context = {"message": f"the task “{task.get_name()}” failed", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)
