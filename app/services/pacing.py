"""How fast uploads may go: the service's limits, kept from our own ledger, and how long to wait after trouble."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.imglink import ANONYMOUS_UPLOAD_INTERVAL_S, UPLOADS_PER_HOUR

MIN_WAIT_S = 1.0
MAX_WAIT_S = 6 * 3600.0
_FIRST_RETRY_S, _LONGEST_RETRY_S = 2.0, 300.0
_UNSAID_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` uploads in any `window`."""

    count: int
    window: timedelta

    def wait_s(self, attempts: Sequence[datetime], now: datetime) -> float:
        """How long until one more is allowed, given those made within the window, oldest first. 0.0 means now."""
        if len(attempts) < self.count:
            return 0.0
        free_at = attempts[-self.count] + self.window
        # Never longer than the window, whatever was done to the clock.
        return min(max(0.0, (free_at - now).total_seconds()), self.window.total_seconds())


@dataclass(frozen=True, slots=True)
class Pace:
    """The limits that the queue keeps; the defaults are the documentation's."""

    signed_in: Limit = Limit(UPLOADS_PER_HOUR, timedelta(hours=1))
    anonymous: Limit = Limit(1, timedelta(seconds=ANONYMOUS_UPLOAD_INTERVAL_S))


def asked_wait_s(retry_after_s: float | None, in_a_row: int, random: Callable[[], float]) -> float:
    """How long to wait after a 429, within 1 s and 6 h: what the service asked for, else at random from 30 s up."""
    if retry_after_s is None:
        retry_after_s = _UNSAID_WAIT_S * (1 + random() * float(2 ** min(in_a_row, 6)))
    return min(max(retry_after_s, MIN_WAIT_S), MAX_WAIT_S)


def retry_wait_s(in_a_row: int, random: Callable[[], float]) -> float:
    """How long to wait after the `in_a_row`th failure of a connection: full jitter, so that crowds do not form."""
    return random() * min(_LONGEST_RETRY_S, _FIRST_RETRY_S * float(2 ** min(in_a_row, 16)))
