"""Time that moves only when a test says so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class ManualTimer:
    """A clock whose sleepers wake when `advance` has gone far enough."""

    def __init__(self, start: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed_s = 0.0
        self._sleepers: set[tuple[float, asyncio.Future[None]]] = set()
        self.skew = timedelta(0)
        """What somebody has done to the wall clock."""

    @property
    def sleeping_until_s(self) -> list[float]:
        """When sleepers wake, counted from now."""
        return sorted(until - self._elapsed_s for until, future in self._sleepers if not future.done())

    def now(self) -> datetime:
        return self._start + self.skew + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        return self._elapsed_s

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (self._elapsed_s + seconds, future)
        self._sleepers.add(entry)
        try:
            await future
        finally:
            self._sleepers.discard(entry)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._elapsed_s += seconds
        for until, future in tuple(self._sleepers):
            if until <= self._elapsed_s and not future.done():
                future.set_result(None)
