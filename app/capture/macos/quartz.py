"""What is asked of macOS, and nothing else: thin calls through pyobjc, and plain data in return.

Everything that thinks is in `backend.py`, which sees this as the Protocol `Native`. The calls are checked against
pyobjc's own metadata in `tests/unit/macos`, because no Mac runs them there.

Source: Apple's documentation of Core Graphics (Quartz Display Services, Quartz Window Services).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

MOST_DISPLAYS = 32
SETTINGS_URL = "x-apple.systempreferences:com.apple.preference.security?Privacy_ScreenCapture"
"""Opens the page where the person lets programs record the screen."""
_ON_SCREEN_ONLY = 1 << 0
"""kCGWindowListOptionOnScreenOnly: front to back, as they are stacked."""
_EXCLUDE_DESKTOP = 1 << 4
"""kCGWindowListExcludeDesktopElements."""
_NORMAL_LAYER = 0
"""kCGNormalWindowLevel; the menu bar, the Dock and overlays have others."""


@dataclass(frozen=True, slots=True)
class DisplayFacts:
    """One active display. Places and sizes are in points of the global display space, which may be negative."""

    id: int
    x: float
    y: float
    width: float
    height: float
    width_px: int
    height_px: int
    is_main: bool


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """One window on the screen, in points of the global display space."""

    id: int
    title: str = field(repr=False)
    x: float
    y: float
    width: float
    height: float


class Native(Protocol):
    """macOS, as far as a capture needs it."""

    def may_record(self) -> bool:
        """Whether this program may record the screen; asks nobody."""

    def ask_to_record(self) -> bool:
        """Have macOS ask the person, once in the life of an installation; True when it is allowed already."""

    def displays(self) -> list[DisplayFacts]:
        """The active displays, the main one first."""

    def windows(self) -> list[WindowFacts]:
        """Ordinary windows that are on the screen, from the topmost to the lowest."""


class Quartz:
    """`Native` through pyobjc."""

    def __init__(self) -> None:
        self._quartz: Any = import_module("Quartz")

    def may_record(self) -> bool:
        """See `Native`."""
        return bool(self._quartz.CGPreflightScreenCaptureAccess())

    def ask_to_record(self) -> bool:
        """See `Native`."""
        return bool(self._quartz.CGRequestScreenCaptureAccess())

    def displays(self) -> list[DisplayFacts]:
        """See `Native`."""
        # Out-parameters come back behind the result; a failure leaves no ids.
        _error, ids, _count = self._quartz.CGGetActiveDisplayList(MOST_DISPLAYS, None, None)
        main = self._quartz.CGMainDisplayID()
        return [self._display(number, is_main=number == main) for number in ids or ()]

    def windows(self) -> list[WindowFacts]:
        """See `Native`."""
        found = self._quartz.CGWindowListCopyWindowInfo(_ON_SCREEN_ONLY | _EXCLUDE_DESKTOP, 0)
        return [
            self._window(info)
            for info in found or ()
            if info.get("kCGWindowLayer") == _NORMAL_LAYER and info.get("kCGWindowAlpha", 1) > 0
        ]

    def _display(self, number: int, *, is_main: bool) -> DisplayFacts:
        bounds = self._quartz.CGDisplayBounds(number)
        origin, size = bounds.origin, bounds.size
        mode = self._quartz.CGDisplayCopyDisplayMode(number)
        pixels = int(size.width), int(size.height)
        if mode is not None:
            pixels = self._quartz.CGDisplayModeGetPixelWidth(mode), self._quartz.CGDisplayModeGetPixelHeight(mode)
            # A mode does not know that its display stands upright; the bounds do.
            if (size.width > size.height) != (pixels[0] > pixels[1]):
                pixels = pixels[1], pixels[0]
        return DisplayFacts(number, origin.x, origin.y, size.width, size.height, *pixels, is_main)

    def _window(self, info: Any) -> WindowFacts:
        bounds = info["kCGWindowBounds"]
        return WindowFacts(
            int(info["kCGWindowNumber"]),
            # Without the permission to record the screen, titles are left out.
            str(info.get("kCGWindowName") or info.get("kCGWindowOwnerName") or ""),
            float(bounds["X"]),
            float(bounds["Y"]),
            float(bounds["Width"]),
            float(bounds["Height"]),
        )
