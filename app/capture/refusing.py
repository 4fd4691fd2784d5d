"""Screens that cannot be captured, or must not be: what is said then, and what to do instead."""

from __future__ import annotations

from shlex import quote

from app.core.errors import UserFacingError
from app.core.ports import Probe
from app.core.screen import Desktop

# No desktop's settings list programs that came without its store, and flatpak's own command for it is seldom there.
_FORGET = (
    "gdbus call --session --dest org.freedesktop.impl.portal.PermissionStore"
    " --object-path /org/freedesktop/impl/portal/PermissionStore"
    " --method org.freedesktop.impl.portal.PermissionStore.DeletePermission screenshot screenshot"
)


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

    def __init__(self, denied_to: str | None = None) -> None:
        """`denied_to` is the program that the desktop's stored answer is about, "" for all that it does not know.

        None where nothing is stored: they declined this time.
        """
        remedy = "Take another picture, and allow it when the desktop asks."
        if denied_to is not None:
            remedy = f"Have it ask again with: {_FORGET} {quote(denied_to)}"
        super().__init__("This desktop does not allow ImgLink to take pictures of the screen.", remedy=remedy)
