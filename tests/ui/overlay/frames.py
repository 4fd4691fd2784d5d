"""Frozen desktops with known pixels."""

from __future__ import annotations

from app.core.geometry import Rect
from app.core.screen import Desktop, Frame, Monitor, WindowInfo


def plain_frame(rect: Rect, colour: tuple[int, int, int]) -> Frame:
    """A frame of one colour (red, green, blue)."""
    red, green, blue = colour
    row = bytes((blue, green, red, 0)) * rect.width
    return Frame(rect, memoryview(row * rect.height), rect.width * 4)


def patterned_frame(rect: Rect) -> Frame:
    """A frame in which every pixel tells its place; its rows have some padding."""
    rows = bytearray()
    for y in range(rect.y, rect.bottom):
        for x in range(rect.x, rect.right):
            rows += bytes((x & 255, y & 255, (x >> 8) * 16 + (y >> 8) & 255, 0))
        rows += bytes(12)
    return Frame(rect, memoryview(bytes(rows)), rect.width * 4 + 12)


def desktop_of(
    *monitors: Monitor, colour: tuple[int, int, int] = (200, 90, 40), windows: tuple[WindowInfo, ...] = ()
) -> Desktop:
    """A desktop in one colour."""
    return Desktop(monitors, tuple(plain_frame(monitor.rect_px, colour) for monitor in monitors), windows)


def window(title: str, rect: Rect) -> WindowInfo:
    """A window to click on."""
    return WindowInfo(hash(title), title, rect, rect)
