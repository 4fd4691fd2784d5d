"""Frames of every display of a Mac, with the windows on them.

macOS lays displays out in points, and each has a scale of its own; here they get places in one plane of physical
pixels, as the outputs of a Wayland desktop do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from app.capture.arrangement import Area, Output, arrange, place
from app.capture.macos.pixels import CoreGraphicsPixels, Pixels, PixelSource, ScreenCaptureKitPixels
from app.capture.macos.quartz import SETTINGS_URL, DisplayFacts, Native, Quartz, WindowFacts
from app.core.errors import UserFacingError
from app.core.geometry import Rect
from app.core.ports import Probe
from app.core.screen import Desktop, Frame, Monitor, WindowInfo, shown_title

REFUSED = "macOS does not let ImgLink record the screen."
REMEDY = (
    "Allow it in System Settings, Privacy & Security, Screen & System Audio Recording, then quit ImgLink and start "
    "it again."
)


class MacCapture:
    """The ScreenCapture port for macOS."""

    def __init__(
        self,
        sources: Sequence[PixelSource] | None = None,
        native: Callable[[], Native] = Quartz,
    ) -> None:
        """`sources` in the order to be tried; `native` is called once, on the thread that grabs."""
        self.name = "macos"
        self._sources = tuple(sources or (ScreenCaptureKitPixels(), CoreGraphicsPixels()))
        self._make_native = native
        self._native: Native | None = None
        self._source: PixelSource | None = None

    def probe(self) -> Probe:
        """Ask macOS whether the screen may be recorded. Nothing is captured: that would make macOS ask the person."""
        try:
            native = self._connected()
        except UserFacingError as problem:
            return Probe(self.name, available=False, reason=problem.message, remedy=problem.remedy)
        if not native.may_record():
            return Probe(self.name, available=False, reason=REFUSED, remedy=REMEDY, settings_url=SETTINGS_URL)
        return Probe(self.name, available=True)

    def grab(self, *, cursor: bool = False) -> Desktop:
        """Take all displays, one after the other. Raises UserFacingError."""
        native = self._connected()
        # The first time macOS asks the person; from then on they have to go to the settings.
        if not native.may_record() and not native.ask_to_record():
            raise UserFacingError(REFUSED, remedy=REMEDY, settings_url=SETTINGS_URL)
        displays = native.displays()
        if not displays:
            raise UserFacingError("This Mac shows no display now.", remedy="Wake it, then try again.")
        facts = native.windows()
        taken = [(display, self._chosen().grab(display, cursor=cursor)) for display in displays]
        outputs = [_output(display, pixels) for display, pixels in taken]
        placed = zip(displays, arrange(outputs), strict=True)
        monitors = [replace(monitor, is_primary=display.is_main) for display, monitor in placed]
        frames = tuple(_frame(monitor, pixels) for monitor, (_, pixels) in zip(monitors, taken, strict=True))
        windows = tuple(window for each in facts if (window := _window(each, outputs, monitors)) is not None)
        order = sorted(range(len(monitors)), key=lambda index: monitors[index].number)
        return Desktop(tuple(monitors[index] for index in order), tuple(frames[index] for index in order), windows)

    def warm_up(self) -> None:
        """Load what is needed; the first grab is the person's."""
        self._connected()
        self._chosen()

    def close(self) -> None:
        """Release everything; the next grab begins anew."""
        for source in self._sources:
            source.close()
        self._native = self._source = None

    def _connected(self) -> Native:
        if self._native is None:
            try:
                self._native = self._make_native()
            except ImportError as error:
                raise UserFacingError(
                    "The Python package for the screens of a Mac is missing.",
                    remedy="Install pyobjc-framework-Quartz.",
                    details=str(error),
                ) from error
        return self._native

    def _chosen(self) -> PixelSource:
        if self._source is None:
            # The last one is on every Mac.
            self._source = next((each for each in self._sources if not each.reason()), self._sources[-1])
        return self._source


def _output(display: DisplayFacts, pixels: Pixels) -> Output:
    # What came is the truth: a scaled mode is captured in its own pixels, not in those of the panel.
    logical = Rect(round(display.x), round(display.y), max(1, round(display.width)), max(1, round(display.height)))
    return Output(f"Display {display.id}", logical, (pixels.width, pixels.height))


def _frame(monitor: Monitor, pixels: Pixels) -> Frame:
    return Frame(monitor.rect_px, memoryview(pixels.data).toreadonly(), pixels.stride)


def _window(facts: WindowFacts, outputs: Sequence[Output], monitors: Sequence[Monitor]) -> WindowInfo | None:
    """The window in pixels of the display that shows most of it; None when none does.

    macOS draws a window on one display only, unless the person has turned that off (Displays have separate Spaces).
    """
    area = Area(facts.x, facts.y, facts.width, facts.height)
    places = [place(area, (output,), (monitor,)) for output, monitor in zip(outputs, monitors, strict=True)]
    sizes = [rect.width * rect.height / each.scale**2 for rect, each in zip(places, outputs, strict=True)]
    shown = places[sizes.index(max(sizes))]
    # The shadow is no part of these bounds, and the title bar belongs to the window's inside.
    return None if shown.is_empty else WindowInfo(facts.id, shown_title(facts.title), shown, shown)
