"""The pixels of one display, by one of the two ways that macOS has.

ScreenCaptureKit is the way from macOS 14 on; Core Graphics, through mss, is the one before it. Newer systems still have
the latter, and ask the person about it every month.

Sources: Apple's documentation of ScreenCaptureKit (SCShareableContent, SCContentFilter, SCStreamConfiguration,
SCScreenshotManager) and of Core Graphics (CGImage); the documentation of mss for `IMAGE_OPTIONS`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from app.capture.macos.quartz import SETTINGS_URL, DisplayFacts
from app.core.errors import UserFacingError

_DEADLINE_S = 10.0
"""How long the system is waited for; it answers in some tens of milliseconds."""
_BYTES_PER_PIXEL = 4


@dataclass(frozen=True, slots=True)
class Pixels:
    """Rows of `stride` bytes; each pixel is blue, green, red, unused."""

    width: int
    height: int
    stride: int
    data: bytes | bytearray


class PixelSource(Protocol):
    """Takes the pixels of displays. Blocks; belongs to one thread."""

    name: str

    def reason(self) -> str:
        """Why it cannot be used on this Mac; empty when it can."""

    def grab(self, display: DisplayFacts, *, cursor: bool) -> Pixels:
        """The pixels of one display. Raises UserFacingError."""

    def close(self) -> None:
        """Release what is held."""


class CoreGraphicsPixels:
    """Through mss. The pointer is never in the picture: Core Graphics leaves it out."""

    name = "core-graphics"

    def __init__(self) -> None:
        self._shooter: Any = None

    def reason(self) -> str:
        """See `PixelSource`."""
        return ""

    def grab(self, display: DisplayFacts, *, cursor: bool) -> Pixels:
        """See `PixelSource`."""
        from mss.exception import ScreenShotError

        area = {"left": round(display.x), "top": round(display.y)}
        area |= {"width": round(display.width), "height": round(display.height)}
        try:
            shot = self._ready().grab(area)
        except ScreenShotError as error:
            raise _failed(str(error)) from error
        return Pixels(shot.width, shot.height, shot.width * _BYTES_PER_PIXEL, shot.raw)

    def close(self) -> None:
        """See `PixelSource`."""
        shooter, self._shooter = self._shooter, None
        if shooter is not None:
            shooter.close()

    def _ready(self) -> Any:
        if self._shooter is None:
            import mss
            import mss.darwin

            # Its default asks for nominal resolution: one pixel a point, however sharp the display is.
            mss.darwin.IMAGE_OPTIONS = 0
            self._shooter = mss.MSS()
        return self._shooter


class ScreenCaptureKitPixels:
    """Through pyobjc. Its calls answer on a thread of the system's, and are waited for."""

    name = "screen-capture-kit"

    def __init__(self) -> None:
        self._kit: Any = None
        self._quartz: Any = None

    def reason(self) -> str:
        """See `PixelSource`."""
        try:
            self._quartz, self._kit = import_module("Quartz"), import_module("ScreenCaptureKit")
        except ImportError:
            return "the Python package pyobjc-framework-ScreenCaptureKit is not installed"
        # pyobjc looks classes up when they are asked for: an older system does not have this one.
        return "" if hasattr(self._kit, "SCScreenshotManager") else "it needs macOS 14"

    def grab(self, display: DisplayFacts, *, cursor: bool) -> Pixels:
        """See `PixelSource`."""
        kit = self._kit
        content = _answer(kit.SCShareableContent.getShareableContentWithCompletionHandler_, "the displays")
        shown = next((each for each in content.displays() if each.displayID() == display.id), None)
        if shown is None:
            raise _failed("the display has gone")
        picture_of = kit.SCContentFilter.alloc().initWithDisplay_excludingWindows_(shown, [])
        configuration = kit.SCStreamConfiguration.alloc().init()
        configuration.setWidth_(display.width_px)
        configuration.setHeight_(display.height_px)
        configuration.setShowsCursor_(cursor)
        image = _answer(
            lambda done: kit.SCScreenshotManager.captureImageWithFilter_configuration_completionHandler_(
                picture_of, configuration, done
            ),
            "the picture",
        )
        return self._read(image)

    def close(self) -> None:
        """See `PixelSource`."""

    def _read(self, image: Any) -> Pixels:
        quartz = self._quartz
        width, height = quartz.CGImageGetWidth(image), quartz.CGImageGetHeight(image)
        data = quartz.CGDataProviderCopyData(quartz.CGImageGetDataProvider(image))
        if quartz.CGImageGetBitsPerPixel(image) != 8 * _BYTES_PER_PIXEL or data is None:
            raise _failed("its pixels have a form that is not known here")
        return Pixels(width, height, quartz.CGImageGetBytesPerRow(image), bytes(data))


def _answer(ask: Callable[[Callable[[Any, Any], None]], None], what: str) -> Any:
    """Call something that answers later, on another thread, with a value or an NSError; returns the value."""
    arrived = threading.Event()
    got: list[tuple[Any, Any]] = []

    def done(value: Any, error: Any) -> None:
        got.append((value, error))
        arrived.set()

    ask(done)
    if not arrived.wait(_DEADLINE_S):
        raise _failed(f"macOS did not give {what}")
    value, error = got[0]
    if value is None:
        raise _failed(str(error.localizedDescription()) if error is not None else f"macOS did not give {what}")
    return value


def _failed(details: str) -> UserFacingError:
    return UserFacingError(
        "macOS did not give a picture of the screen.",
        remedy="Look whether ImgLink may record the screen: System Settings, Privacy & Security, Screen Recording.",
        details=details,
        settings_url=SETTINGS_URL,
    )
