"""Real time."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime

# The clock that goes on while the machine sleeps: a wait of half an hour ends after half an hour, lid closed or not.
_CLOCK_ID = getattr(time, "CLOCK_BOOTTIME", None) if sys.platform == "linux" else getattr(time, "CLOCK_MONOTONIC", None)
# The event loop's own clock stands still meanwhile, so long waits are cut up and the real one looked at in between.
_MAX_SLEEP_S = 60.0


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Wall-clock time, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only go forward, and go on while the machine sleeps."""
        return time.monotonic() if _CLOCK_ID is None else time.clock_gettime(_CLOCK_ID)

    async def sleep(self, seconds: float) -> None:
        """Wait until `monotonic` has gone forward by so many seconds."""
        end = self.monotonic() + seconds
        while True:
            left = end - self.monotonic()
            if left <= 0:
                return
            await asyncio.sleep(min(left, _MAX_SLEEP_S))
