"""Screens that are laid out in logical units, and where their pixels lie in one plane of physical pixels.

On Wayland and on a Mac each screen has a scale of its own, and there is no plane of physical pixels. `arrange` makes
one in which every screen keeps all its pixels and none overlap. With one scale for all it is the logical layout,
multiplied; with several, screens that touch keep touching.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.geometry import Rect, bounding
from app.core.screen import Monitor

_PARTS = 120
"""wp-fractional-scale counts scales in 120ths."""


@dataclass(frozen=True, slots=True)
class Output:
    """One screen as the desktop tells of it."""

    name: str
    logical: Rect
    """Where it lies on the desktop, in logical units."""
    size_px: tuple[int, int]
    """Its physical pixels as they are seen: width and height change places on a screen that stands upright."""
    transform: int = 0
    """How the picture is turned on it, as `wl_output.transform` numbers that."""
    object_id: int = 0
    """Its id on the connection that was asked."""
    is_whole: bool = False
    """True where only scales are taken that give whole logical units, as GNOME does: then nothing is rounded."""

    @property
    def scale(self) -> float:
        """Physical pixels per logical unit.

        Where a scale does not divide the pixels, the logical size was rounded, and the ratio of the two is a little
        off: enough to miss by a pixel at the far edge. The true scale is the one in parts of 120 that both sizes were
        rounded from; of several, the roundest.
        """
        ratio = self.size_px[0] / self.logical.width
        if self.is_whole:
            return ratio
        sides = tuple(zip(self.size_px, (self.logical.width, self.logical.height), strict=True))
        near = range(math.floor(ratio * _PARTS) - _PARTS // 4, math.ceil(ratio * _PARTS) + _PARTS // 4)
        fitting = [part for part in near if part > 0 and all(abs(px * _PARTS / part - unit) < 1 for px, unit in sides)]
        part = max(fitting, key=lambda each: (math.gcd(each, _PARTS), -abs(each - ratio * _PARTS)), default=0)
        return part / _PARTS or ratio


def arrange(outputs: Sequence[Output]) -> tuple[Monitor, ...]:
    """The monitors of these outputs, in the same order, with places in physical pixels that do not overlap."""
    across = _edges([(each.logical.x, each.logical.right, each.size_px[0]) for each in outputs])
    down = _edges([(each.logical.y, each.logical.bottom, each.size_px[1]) for each in outputs])
    rects = [Rect(x, y, *each.size_px) for x, y, each in zip(across, down, outputs, strict=True)]
    by_place = sorted(range(len(outputs)), key=lambda index: (rects[index].x, rects[index].y))
    numbers = {index: number for number, index in enumerate(by_place, 1)}
    return tuple(
        Monitor(numbers[index], output.name, rects[index], output.scale) for index, output in enumerate(outputs)
    )


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in logical units, which may be fractions of one."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends, to the right."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends, below."""
        return self.y + self.height


def place(area: Area, outputs: Sequence[Output], monitors: Sequence[Monitor]) -> Rect:
    """The pixels of an area, in the plane in which `monitors` lie, which are those of `outputs` in the same order.

    Each screen's part has that screen's scale, and edges fall where compositors draw them: on the nearest pixel. Empty
    where no screen shows anything of it.
    """
    return bounding(
        [_part(area, output, monitor.rect_px) for output, monitor in zip(outputs, monitors, strict=True)],
    )


def _part(area: Area, output: Output, rect_px: Rect) -> Rect:
    logical = output.logical
    left, top = max(area.x, logical.x) - logical.x, max(area.y, logical.y) - logical.y
    right, bottom = min(area.right, logical.right) - logical.x, min(area.bottom, logical.bottom) - logical.y
    if right <= left or bottom <= top:
        return Rect(rect_px.x, rect_px.y, 0, 0)
    x, y = _nearest(left * output.scale), _nearest(top * output.scale)
    end_x, end_y = _nearest(right * output.scale), _nearest(bottom * output.scale)
    return Rect(rect_px.x + x, rect_px.y + y, end_x - x, end_y - y).intersected(rect_px)


def _nearest(value: float) -> int:
    """The nearest whole number; of two as near, the larger, as in C for what is not negative."""
    return math.floor(value + 0.5)


def _edges(spans: Sequence[tuple[int, int, int]]) -> list[int]:
    """Where each span (logical begin and end, physical length) begins in pixels.

    A span begins behind all those that end before it, so that what is apart stays apart whatever the scales are.
    """
    begins = [0] * len(spans)
    for index in sorted(range(len(spans)), key=lambda each: spans[each][0]):
        begin, end, length = spans[index]
        scale = length / (end - begin)
        before = [
            begins[other] + spans[other][2] + round((begin - spans[other][1]) * scale)
            for other in range(len(spans))
            if spans[other][1] <= begin
        ]
        begins[index] = max(before, default=round(begin * scale))
    return begins
