"""Qt's screens and the desktop's monitors: which is which, and how their coordinates go into each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QRegion, QScreen

from app.core.errors import UserFacingError
from app.core.geometry import Point, Rect
from app.core.screen import Monitor

_NEARLY = 0.02
"""Of a pixel: what is lost when a position is divided by the scale factor and we multiply it again.

Wayland cuts positions to a 256th of a logical unit.
"""


@dataclass(frozen=True, slots=True)
class Mapping:
    """One window's coordinates: `origin` is the desktop pixel of its top left, `scale` its pixels per logical unit."""

    origin: Point
    scale: float
    beyond: tuple[tuple[QRect, Mapping], ...] = ()
    """Where other screens lie, in logical units from this window's top left, each with its own mapping.

    On Wayland a drag that leaves the window is told in its logical units, but the other screen counts in its own.
    """

    def to_px(self, local: QPointF) -> Point:
        """The desktop pixel at a position in the window, also outside its edges."""
        for area, mapping in self.beyond:
            x, y = local.x() - area.x(), local.y() - area.y()
            if 0 <= x < area.width() and 0 <= y < area.height():
                return mapping.to_px(QPointF(x, y))
        return Point(
            self.origin.x + math.floor(local.x() * self.scale + _NEARLY),
            self.origin.y + math.floor(local.y() * self.scale + _NEARLY),
        )

    def to_local(self, point: Point) -> tuple[int, int]:
        """The logical position whose pixel is `point`, or the nearest one before it."""
        return (
            math.floor((point.x - self.origin.x) / self.scale),
            math.floor((point.y - self.origin.y) / self.scale),
        )

    def around(self, x: int, y: int) -> Rect:
        """The pixel at a logical position; two by two of them when it lies between pixels."""
        left, top = self.origin.x + x * self.scale, self.origin.y + y * self.scale
        first = Point(math.floor(left + _NEARLY), math.floor(top + _NEARLY))
        return Rect.spanning(first, Point(math.ceil(left - _NEARLY), math.ceil(top - _NEARLY)))

    def region(self, rects: Iterable[Rect]) -> QRegion:
        """The smallest logical region that holds all of these desktop rectangles."""
        region = QRegion()
        for rect in rects:
            left, top = self.to_local(rect.top_left)
            right = math.ceil((rect.right - self.origin.x) / self.scale)
            bottom = math.ceil((rect.bottom - self.origin.y) / self.scale)
            region += QRect(left, top, right - left, bottom - top)
        return region

    def parts(self, region: QRegion) -> QRegion:
        """The desktop pixels that a logical region touches, as rectangles that do not overlap."""
        if self.scale == 1:
            return region.translated(self.origin.x, self.origin.y)
        pixels = QRegion()
        for rect in rects_of(region):
            left = math.floor(rect.x() * self.scale + _NEARLY)
            top = math.floor(rect.y() * self.scale + _NEARLY)
            right = math.ceil((rect.x() + rect.width()) * self.scale - _NEARLY)
            bottom = math.ceil((rect.y() + rect.height()) * self.scale - _NEARLY)
            pixels += QRect(left, top, right - left, bottom - top)
        return pixels.translated(self.origin.x, self.origin.y)


def rects_of(region: QRegion) -> Iterable[QRect]:
    """The rectangles of a region; they do not overlap."""
    return cast(Iterable[QRect], region)  # iterable indeed, but its stub does not say so


def scale_of(screen: QScreen, monitor: Monitor, *, is_logical: bool) -> float:
    """Physical pixels per logical unit of this screen.

    Where the desktop lays out in logical units (`is_logical`, see `mappings`), it knows, and Qt may have the next whole
    number. Elsewhere the scale is Qt's own. Either counts where it agrees with the sizes to within rounding.
    """
    width, known = screen.geometry().width(), (screen.devicePixelRatio(), monitor.scale)
    for ratio in reversed(known) if is_logical else known:
        if abs(width * ratio - monitor.rect_px.width) <= max(1.0, ratio):
            return ratio
    return monitor.rect_px.width / max(1, width)


def mappings(monitors: Sequence[Monitor], screens: dict[int, QScreen], *, is_logical: bool) -> dict[int, Mapping]:
    """The coordinates of a window that covers each monitor, by monitor number.

    `is_logical` says that a position beyond a window's edges comes in units of the logical layout, as on Wayland, and
    not in the window's own.
    """
    plain = {monitor.number: Mapping(monitor.rect_px.top_left, monitor.scale) for monitor in monitors}
    if not is_logical:
        return plain
    places = {number: screens[number].geometry() for number in plain}
    return {
        number: replace(
            mapping,
            beyond=tuple(
                (places[other].translated(-places[number].topLeft()), plain[other])
                for other in plain
                if other != number
            ),
        )
        for number, mapping in plain.items()
    }


def match(monitors: Sequence[Monitor], screens: Sequence[QScreen]) -> dict[int, QScreen]:
    """Find the screen of every monitor, by monitor number: by name, else by place and size, else by order.

    The name goes first: where places are logical, a monitor's place in pixels may be that of another one's screen.

    Raises UserFacingError when they cannot belong together, as while a monitor is being plugged in.
    """
    left = sorted(screens, key=lambda screen: (screen.geometry().x(), screen.geometry().y()))
    found: dict[int, QScreen] = {}
    for test in (_same_name, _same_place, _anything):
        for monitor in sorted(monitors, key=lambda monitor: monitor.number):
            screen = next((screen for screen in left if test(monitor, screen)), None)
            if monitor.number not in found and screen is not None:
                found[monitor.number] = screen
                left.remove(screen)
    if left or len(found) < len(monitors):
        raise UserFacingError(
            "The monitors changed while the screen was captured.",
            remedy="Try again.",
            details=f"{len(monitors)} monitors, {len(screens)} screens",
        )
    return found


def _same_place(monitor: Monitor, screen: QScreen) -> bool:
    geometry, ratio, rect = screen.geometry(), screen.devicePixelRatio(), monitor.rect_px
    return (
        (geometry.x(), geometry.y()) == (rect.x, rect.y)
        and abs(geometry.width() * ratio - rect.width) <= ratio
        and abs(geometry.height() * ratio - rect.height) <= ratio
    )


def _same_name(monitor: Monitor, screen: QScreen) -> bool:
    return bool(monitor.name) and monitor.name == screen.name()


def _anything(monitor: Monitor, screen: QScreen) -> bool:
    del monitor, screen
    return True
