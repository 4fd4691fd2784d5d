"""Screens that cannot be captured, or must not be: what is said then, and what to do instead."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import join

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


class NotAllowed(UserFacingError):
    """The person, or an earlier answer of theirs, does not let us take pictures of the screen."""

    def __init__(self, command: Sequence[str] = ()) -> None:
        """`command` is what has the desktop ask again where an answer is stored; empty where they declined just now."""
        remedy = "Take another picture, and allow it when the desktop asks."
        if command:
            remedy = f"Have it ask again with: {join(command)}"
        super().__init__("This desktop does not allow ImgLink to take pictures of the screen.", remedy=remedy)
