"""Finds the windows of this Wayland session, or has the desktop's own dialog ask for one where it tells of none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.capture.wayland.outputs import read_outputs
from app.capture.wayland.portal import PortalCapture
from app.capture.wayland.windows.told import ToldWindow, WindowSource, WindowsUnknown, with_windows
from app.core.errors import UserFacingError
from app.core.ports import Probe
from app.core.screen import Desktop
from app.system.session import Session
from app.system.wayland import WaylandConnection

_DIALOG = "the desktop's own dialog"
_WHY_DIALOG = "This desktop does not tell where its windows are, so its own dialog asks for one."
_DIALOGS_WITH_WINDOWS = frozenset({"gnome", "kde", "cosmic", "pantheon"})
"""Desktops whose portal asks for a window too; that of wlroots asks for a region, as our overlay does."""


def _sway(environ: Mapping[str, str]) -> WindowSource:
    from app.capture.wayland.windows.sway import SwayWindows

    return SwayWindows(environ)


def _hyprland(environ: Mapping[str, str]) -> WindowSource:
    from app.capture.wayland.windows.hyprland import HyprlandWindows

    return HyprlandWindows(environ)


def _kwin(environ: Mapping[str, str]) -> WindowSource:
    from app.capture.wayland.windows.kwin import KWinWindows

    return KWinWindows(environ)


_SOURCES: Mapping[str, Callable[[Mapping[str, str]], WindowSource]] = {
    "sway": _sway,
    "hyprland": _hyprland,
    "kde": _kwin,
}
"""Name of a compositor, in lower case → what asks it."""


class WindowFinder:
    """Asks whoever knows. Its methods block, and are called from the thread that grabs."""

    def __init__(self, session: Session, environ: Mapping[str, str]) -> None:
        self._environ = environ
        make = _SOURCES.get(session.compositor.lower())
        self._source = make(environ) if make is not None else None
        names = {session.compositor.lower(), *session.desktops}
        self._dialog = PortalCapture(environ) if names & _DIALOGS_WITH_WINDOWS else None

    def probe(self) -> Probe:
        """How a window is chosen here, or why it cannot be."""
        try:
            if self._source is not None:
                return self._source.probe()
            problem = WindowsUnknown()
        except WindowsUnknown as refused:
            problem = refused
        if self._dialog is None:
            return Probe("none", available=False, reason=problem.message, remedy=problem.remedy)
        probe = self._dialog.probe()
        if probe.available:
            return Probe(_DIALOG, available=True, reason=_WHY_DIALOG)
        return Probe("none", available=False, reason=f"{problem.message} {probe.reason}", remedy=probe.remedy)

    def look(self) -> tuple[ToldWindow, ...]:
        """The windows on the screen now. Raises WindowsUnknown."""
        if self._source is None:
            raise WindowsUnknown
        return self._source.windows()

    def add(self, desktop: Desktop, told: Sequence[ToldWindow]) -> Desktop:
        """Place windows on a picture of the desktop that was just taken. Raises UserFacingError."""
        with WaylandConnection(self._environ) as connection:
            return with_windows(desktop, told, read_outputs(connection))

    def choose(self, why: UserFacingError) -> Desktop:
        """Have the desktop's own dialog ask for a window, `why` being the reason not to ask ourselves.

        Raises Cancelled when the person closes it, and UserFacingError: `why`, where there is no such dialog.
        """
        if self._dialog is None:
            raise why
        probe = self._dialog.probe()
        if not probe.available:
            raise WindowsUnknown(probe.reason, remedy=probe.remedy) from why
        return self._dialog.choose()

    def close(self) -> None:
        """Release what is open."""
        if self._dialog is not None:
            self._dialog.close()
