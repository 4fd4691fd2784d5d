"""Which back end takes the pixels here, and why not the others."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from app.capture.refusing import NotAllowed, RefusingCapture
from app.core.errors import UserFacingError
from app.core.ports import Probe, ScreenCapture
from app.core.screen import Desktop
from app.system.session import Session, SessionType, detect_session

if TYPE_CHECKING:
    from app.capture.wayland.windows.finder import WindowFinder
    from app.capture.wayland.windows.told import ToldWindow

OVERRIDE = "IMGLINK_CAPTURE"
"""Names the back end to use, whatever the session looks like."""

_Maker = Callable[[Session, Mapping[str, str]], ScreenCapture]


class AutomaticCapture:
    """The first of several back ends that works here; it is looked for when it is first needed, on the same thread."""

    def __init__(self, candidates: Sequence[ScreenCapture], finder: WindowFinder | None = None) -> None:
        """`finder` tells of the windows where the back ends do not."""
        self._candidates = tuple(candidates)
        self._finder = finder
        self._chosen: ScreenCapture | None = None
        self.name = "automatic"
        """The chosen back end's name, once there is one."""
        self.probes: tuple[Probe, ...] = ()
        """What each back end said of itself, in the order tried, up to the first that works."""

    def probe(self) -> Probe:
        """Choose anew; tells of the chosen back end, or when none works, of the first that has a remedy."""
        self._chosen, self.probes = None, ()
        for candidate in self._candidates:
            probe = candidate.probe()
            self.probes += (probe,)
            if probe.available:
                self._choose(candidate)
                return probe
        return next((probe for probe in self.probes if probe.remedy), self.probes[0])

    @property
    def candidates(self) -> tuple[ScreenCapture, ...]:
        """Every back end, in the order in which they are tried."""
        return self._candidates

    def probe_windows(self) -> Probe:
        """How a window is chosen here, or why it cannot be."""
        return self.probe() if self._finder is None else self._finder.probe()

    def grab(self, *, cursor: bool = False) -> Desktop:
        """Take all monitors with the chosen back end, or when that fails, with the next that can, which then stays so.

        Raises UserFacingError: the reason when none works, else what the chosen one said. What the person does not
        allow is not tried another way. Where nobody tells of windows, there are none on the picture.
        """
        told: tuple[ToldWindow, ...] = ()
        if self._finder is not None:
            with suppress(UserFacingError):
                told = self._finder.look()
        desktop = self._grab(cursor=cursor)
        with suppress(UserFacingError):
            return self._with_windows(desktop, told)
        return desktop

    def grab_for_window(self, *, cursor: bool = False) -> Desktop:
        """See `Screen`."""
        if self._finder is None:
            return self._grab(cursor=cursor)
        try:
            told = self._finder.look()
        except UserFacingError as problem:
            return self._finder.choose(problem)
        return self._with_windows(self._grab(cursor=cursor), told)

    def warm_up(self) -> None:
        """Choose, and make the chosen one ready. Raises UserFacingError when none works."""
        self._ready().warm_up()

    def close(self) -> None:
        """Close every back end."""
        for candidate in self._candidates:
            candidate.close()
        if self._finder is not None:
            self._finder.close()

    def _grab(self, *, cursor: bool) -> Desktop:
        chosen = self._ready()
        try:
            return chosen.grab(cursor=cursor)
        except NotAllowed:
            raise
        except UserFacingError:
            for candidate in self._candidates[self._candidates.index(chosen) + 1 :]:
                with suppress(UserFacingError):
                    if candidate.probe().available:
                        desktop = candidate.grab(cursor=cursor)
                        self._choose(candidate)
                        return desktop
            raise

    def _with_windows(self, desktop: Desktop, told: Sequence[ToldWindow]) -> Desktop:
        if self._finder is None or desktop.is_chosen or not told:
            return desktop
        return self._finder.add(desktop, told)

    def _choose(self, candidate: ScreenCapture) -> None:
        self._chosen, self.name = candidate, candidate.name

    def _ready(self) -> ScreenCapture:
        found = self.probe() if self._chosen is None else None
        if found is None or self._chosen is not None:
            assert self._chosen is not None
            return self._chosen
        if found.settings_url:
            # It wants the person's leave: it asks them for that when it is used, and says what to do.
            return self._candidates[self.probes.index(found)]
        raise UserFacingError(found.reason, remedy=found.remedy)


def choose_capture(environ: Mapping[str, str], *, platform: str = sys.platform) -> AutomaticCapture:
    """The screen capture for this session. Costs nothing: nothing is loaded or connected to before it is used."""
    session = detect_session(environ, platform=platform)
    forced = environ.get(OVERRIDE, "")
    if forced and forced not in _MAKERS:
        known = ", ".join(sorted(_MAKERS))
        reason = f"{OVERRIDE} names a way to capture the screen that does not exist: {forced}."
        return AutomaticCapture([RefusingCapture(forced, reason, f"Unset it, or use one of: {known}.")])
    names = (forced,) if forced else _order(session)
    return AutomaticCapture([_MAKERS[name](session, environ) for name in names], _finder(names, session, environ))


def _finder(names: Sequence[str], session: Session, environ: Mapping[str, str]) -> WindowFinder | None:
    """What finds the windows, where the back ends do not: on Wayland."""
    if not _WITHOUT_WINDOWS.issuperset(names):
        return None
    from app.capture.wayland.windows.finder import WindowFinder

    return WindowFinder(session, environ)


def _x11(_session: Session, environ: Mapping[str, str]) -> ScreenCapture:
    from app.capture.x11.backend import X11Capture

    return X11Capture(environ)


def _fake(_session: Session, _environ: Mapping[str, str]) -> ScreenCapture:
    from app.capture.fake import FakeCapture

    return FakeCapture()


def _screencopy(_session: Session, environ: Mapping[str, str]) -> ScreenCapture:
    from app.capture.wayland.screencopy import ScreencopyCapture

    return ScreencopyCapture(environ)


def _portal(_session: Session, environ: Mapping[str, str]) -> ScreenCapture:
    from app.capture.wayland.portal import PortalCapture

    return PortalCapture(environ)


def _grim(_session: Session, environ: Mapping[str, str]) -> ScreenCapture:
    from app.capture.wayland.tools import GRIM, ToolCapture

    return ToolCapture(GRIM, environ)


def _spectacle(_session: Session, environ: Mapping[str, str]) -> ScreenCapture:
    from app.capture.wayland.tools import SPECTACLE, ToolCapture

    return ToolCapture(SPECTACLE, environ)


def _gnome_screenshot(_session: Session, environ: Mapping[str, str]) -> ScreenCapture:
    from app.capture.wayland.tools import GNOME_SCREENSHOT, ToolCapture

    return ToolCapture(GNOME_SCREENSHOT, environ)


def _macos(_session: Session, _environ: Mapping[str, str]) -> ScreenCapture:
    from app.capture.macos.backend import MacCapture

    return MacCapture()


_MAKERS: Mapping[str, _Maker] = {
    "x11": _x11,
    "screencopy": _screencopy,
    "portal": _portal,
    "macos": _macos,
    "fake": _fake,
    "grim": _grim,
    "spectacle": _spectacle,
    "gnome-screenshot": _gnome_screenshot,
}
"""Each loads its back end only when that may be needed."""

_WITHOUT_WINDOWS = frozenset({"screencopy", "portal", "grim", "spectacle", "gnome-screenshot"})
"""Back ends of Wayland: they take pixels, and know of no windows."""


def _order(session: Session) -> tuple[str, ...]:
    """The back ends for this session, the best first.

    On Wayland: the compositor's own copy, because it has every output's own pixels and is the fastest; the portal,
    which all desktops are meant to have; then the one program that works with this desktop. X11 never stands in for
    Wayland: through its X server a grab succeeds, and is black.
    """
    if session.type is SessionType.MACOS:
        return ("macos",)
    if session.type is not SessionType.WAYLAND:
        return ("x11",)
    if "kde" in session.desktops:
        return ("screencopy", "portal", "spectacle")
    if "gnome" in session.desktops:
        return ("screencopy", "portal", "gnome-screenshot")
    return ("screencopy", "portal", "grim")
