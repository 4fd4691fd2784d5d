"""At most so many requests a minute: the service counts them for each IP address and refuses the rest."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from app.core.imglink import REQUESTS_PER_MINUTE

WINDOW_S = 60.0


class RequestPace:
    """Lets a request go when fewer than `limit` went in the last minute, in the order of asking."""

    def __init__(
        self,
        limit: int = REQUESTS_PER_MINUTE,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._sleep = sleep
        self._went: deque[float] = deque()
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        """Wait for a place, and take it."""
        async with self._turn:
            while len(self._went) >= self._limit:
                left_s = self._went[0] + WINDOW_S - self._monotonic()
                if left_s <= 0:
                    self._went.popleft()
                else:
                    await self._sleep(left_s)
            self._went.append(self._monotonic())
