"""Which back end takes the pixels here, and why not the others."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from app.capture.fake import FakeCapture
from app.capture.refusing import RefusingCapture
from app.capture.x11.backend import X11Capture
from app.core.errors import UserFacingError
from app.core.ports import Probe, ScreenCapture
from app.core.screen import Desktop
from app.system.session import Session, SessionType, detect_session

OVERRIDE = "IMGLINK_CAPTURE"
"""Names the back end to use, whatever the session looks like."""

_Maker = Callable[[Session, Mapping[str, str]], ScreenCapture]


class AutomaticCapture:
    """The first of several back ends that works here; it is looked for when it is first needed, on the same thread."""

    def __init__(self, candidates: Sequence[ScreenCapture]) -> None:
        self._candidates = tuple(candidates)
        self._chosen: ScreenCapture | None = None
        self.name = "automatic"
        """The chosen back end's name, once there is one."""
        self.probes: tuple[Probe, ...] = ()
        """What each back end said of itself, in the order tried, up to the first that works."""

    def probe(self) -> Probe:
        """Choose anew; tells of the chosen back end, or of the first one when none works."""
        self._chosen, self.probes = None, ()
        for candidate in self._candidates:
            probe = candidate.probe()
            self.probes += (probe,)
            if probe.available:
                self._chosen, self.name = candidate, candidate.name
                return probe
        return self.probes[0]

    def grab(self, *, cursor: bool = False) -> Desktop:
        """Take all monitors with the chosen back end; raises UserFacingError with the reason when none works."""
        if self._chosen is None:
            found = self.probe()
            if self._chosen is None:
                raise UserFacingError(found.reason, remedy=found.remedy)
        return self._chosen.grab(cursor=cursor)

    def close(self) -> None:
        """Close every back end."""
        for candidate in self._candidates:
            candidate.close()


def choose_capture(environ: Mapping[str, str], *, platform: str = sys.platform) -> AutomaticCapture:
    """The screen capture for this session. Costs nothing: nothing is loaded or connected to before it is used."""
    session = detect_session(environ, platform=platform)
    forced = environ.get(OVERRIDE, "")
    if forced and forced not in _MAKERS:
        known = ", ".join(sorted(_MAKERS))
        reason = f"{OVERRIDE} names a way to capture the screen that does not exist: {forced}."
        return AutomaticCapture([RefusingCapture(forced, reason, f"Unset it, or use one of: {known}.")])
    names = (forced,) if forced else _ORDER[session.type]
    return AutomaticCapture([_MAKERS[name](session, environ) for name in names])


def _x11(session: Session, environ: Mapping[str, str]) -> ScreenCapture:
    return X11Capture(environ)


def _fake(session: Session, environ: Mapping[str, str]) -> ScreenCapture:
    return FakeCapture()


def _wayland(session: Session, environ: Mapping[str, str]) -> ScreenCapture:
    where = f"a Wayland session ({session.compositor})" if session.compositor else "a Wayland session"
    return RefusingCapture(
        "wayland",
        f"This is {where}, whose screen cannot be captured yet.",
        "Log in to an X11 (Xorg) session. Dropping, pasting and uploading files works here too.",
    )


def _macos(session: Session, environ: Mapping[str, str]) -> ScreenCapture:
    return RefusingCapture(
        "macos",
        "The screen of a Mac cannot be captured yet.",
        "Dropping, pasting and uploading files works here too.",
    )


_MAKERS: Mapping[str, _Maker] = {"x11": _x11, "wayland": _wayland, "macos": _macos, "fake": _fake}

# X11 never stands in for Wayland: through its X server a grab succeeds, and is black.
_ORDER: Mapping[SessionType, tuple[str, ...]] = {
    SessionType.X11: ("x11",),
    SessionType.WAYLAND: ("wayland",),
    SessionType.MACOS: ("macos",),
    SessionType.NONE: ("x11",),
}
