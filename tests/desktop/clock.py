"""A clock for the demo server that jumps at a moment of the test's choice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from app.demo.clock import SystemClock


class LapsingClock(SystemClock):
    """Real time until something is so; from then on later. What is looked at decides, not how fast anything runs."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._until: Callable[[], bool] = lambda: False
        self._jump = timedelta()

    def lapse_when(self, is_so: Callable[[], bool], jump: timedelta) -> None:
        """Go ahead by `jump`, once, when the time is asked for and `is_so` is true. It is called on any thread."""
        self._until, self._jump = is_so, jump

    def now(self) -> datetime:
        """Wall-clock time, aware, UTC."""
        if self._jump and self._until():
            self._ahead, self._jump = self._jump, timedelta()
        return super().now() + self._ahead
