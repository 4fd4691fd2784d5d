"""The back end for screens that cannot be captured: it says so, and what to do instead."""

from __future__ import annotations

from app.core.errors import UserFacingError
from app.core.ports import Probe
from app.core.screen import Desktop


class RefusingCapture:
    """The ScreenCapture port where there is nothing to capture with."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        self.name = name
        self._reason = reason
        self._remedy = remedy

    def probe(self) -> Probe:
        """Unavailable, with the reason."""
        return Probe(self.name, available=False, reason=self._reason, remedy=self._remedy)

    def grab(self, *, cursor: bool = False) -> Desktop:
        """Raises UserFacingError."""
        raise UserFacingError(self._reason, remedy=self._remedy)

    def warm_up(self) -> None:
        """There is nothing to prepare."""

    def close(self) -> None:
        """Nothing is open."""
