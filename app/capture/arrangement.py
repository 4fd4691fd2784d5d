"""Screens that are laid out in logical units, and where their pixels lie in one plane of physical pixels.

On Wayland and on a Mac each screen has a scale of its own, and there is no plane of physical pixels. `arrange` makes
one in which every screen keeps all its pixels and none overlap. With one scale for all it is the logical layout,
multiplied; with several, screens that touch keep touching.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.geometry import Rect
from app.core.screen import Monitor


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

    @property
    def scale(self) -> float:
        """Physical pixels per logical unit."""
        return self.size_px[0] / self.logical.width


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
