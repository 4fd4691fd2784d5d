"""A screen that is not there: a picture in which every pixel tells its place. For tests and demonstrations."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.errors import UserFacingError
from app.core.geometry import Point, Rect
from app.core.ports import Probe
from app.core.screen import Desktop, Frame, Monitor, WindowInfo

_POINTER_PX = 8

TWO_MONITORS = (
    Monitor(1, "FAKE-1", Rect(0, 0, 1280, 800), is_primary=True),
    Monitor(2, "FAKE-2", Rect(1280, 0, 1280, 800)),
)


def fake_pixel(x: int, y: int) -> tuple[int, int, int]:
    """Red, green and blue of the fake screen at this place: x and y modulo 256, and which 256 × 256 tile it is."""
    return x & 255, y & 255, ((x >> 8) * 16 + (y >> 8)) & 255


class FakeCapture:
    """The ScreenCapture port without a screen. `monitors` may lie anywhere; a `pointer` is drawn as a white square."""

    name = "fake"

    def __init__(
        self,
        monitors: Sequence[Monitor] = TWO_MONITORS,
        windows: Sequence[WindowInfo] = (),
        pointer: Point | None = None,
    ) -> None:
        if not monitors:
            raise ValueError("a desktop has at least one monitor")
        self._monitors = tuple(monitors)
        self._windows = tuple(windows)
        self._pointer = pointer or self._monitors[0].rect_px.top_left
        self.failure: UserFacingError | None = None
        """Set to have every grab fail with it."""

    def probe(self) -> Probe:
        """It always works."""
        return Probe(self.name, available=True)

    def grab(self, *, cursor: bool = False) -> Desktop:
        """The same picture every time. Raises `failure` when that is set."""
        if self.failure is not None:
            raise self.failure
        frames = tuple(self._frame(monitor.rect_px, cursor=cursor) for monitor in self._monitors)
        return Desktop(self._monitors, frames, self._windows)

    def warm_up(self) -> None:
        """There is nothing to prepare."""

    def close(self) -> None:
        """Nothing is open."""

    def _frame(self, rect: Rect, *, cursor: bool) -> Frame:
        stride = rect.width * 4
        pixels = bytearray()
        row = bytearray(stride)
        row[2::4] = bytes(x & 255 for x in range(rect.x, rect.right))
        for y in range(rect.y, rect.bottom):
            if y == rect.y or y & 255 == 0:
                row[0::4] = bytes(((x >> 8) * 16 + (y >> 8)) & 255 for x in range(rect.x, rect.right))
            row[1::4] = bytes([y & 255]) * rect.width
            pixels += row
        if cursor:
            square = Rect(self._pointer.x, self._pointer.y, _POINTER_PX, _POINTER_PX).intersected(rect)
            for y in range(square.y, square.bottom):
                start = (y - rect.y) * stride + (square.x - rect.x) * 4
                pixels[start : start + square.width * 4] = b"\xff" * (square.width * 4)
        return Frame(rect, memoryview(pixels).toreadonly(), stride)
