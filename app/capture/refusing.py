"""Screens that cannot be captured, or must not be: what is said then, and what to do instead."""

from __future__ import annotations

from app.core.errors import UserFacingError
from app.core.ports import Probe
from app.core.screen import Desktop
from app.system.paths import APP_ID


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

    def __init__(self, desktops: tuple[str, ...]) -> None:
        remedy = f"Allow it again with: flatpak permission-remove screenshot screenshot {APP_ID}"
        if "gnome" in desktops:
            remedy = "Allow it in the system's settings, under Apps, ImgLink, Screenshots."
        elif "kde" in desktops:
            remedy = "Allow it in the System Settings, under Application Permissions."
        super().__init__("This desktop does not allow ImgLink to take pictures of the screen.", remedy=remedy)
