"""What one monitor's overlay shows at a moment, as data; and what has to be painted again when it changes.

A mouse-move repaints the difference of two scenes: the strip by which the selection grew, its outline, and the panels
that moved. At 4K that is a sixth of painting everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from app.core.geometry import Point, Rect
from app.core.reshape import GRIPS
from app.core.screen import Desktop
from app.ui.overlay.layout import difference, inflated, ring


class Outline(Enum):
    """What the lit part is."""

    NONE = "none"
    WINDOW = "window"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class Label:
    """The size of the selection, and what to press next."""

    rect_px: Rect
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Loupe:
    """The magnifier: where it is, which pixel is in its middle, and the words under it."""

    rect_px: Rect
    at: Point
    colour: str
    hint: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything above the frozen frame, in physical pixels of the desktop."""

    lit: Rect | None = None
    """The part that is not dimmed."""
    outline: Outline = Outline.NONE
    outline_px: int = 1
    cross: Point | None = None
    cross_px: int = 1
    label: Label | None = None
    loupe: Loupe | None = None
    grips: tuple[Rect, ...] = ()
    help_px: Rect | None = None

    def outline_strips(self, desktop: Rect) -> tuple[Rect, ...]:
        """Where the outline is painted: just outside the lit part, inside it along the desktop's edge."""
        if self.lit is None or self.outline is Outline.NONE:
            return ()
        return ring(inflated(self.lit, 2 * self.outline_px, desktop), 2 * self.outline_px)

    def cross_strips(self, monitor: Rect) -> tuple[Rect, ...]:
        """Where the crosshair is painted: a light line and a dark one on each side."""
        if self.cross is None:
            return ()
        thick, beside = 3 * self.cross_px, self.cross_px
        across = Rect(monitor.x, self.cross.y - beside, monitor.width, thick)
        down = Rect(self.cross.x - beside, monitor.y, thick, monitor.height)
        return across.intersected(monitor), down.intersected(monitor)


def damage(old: Scene, new: Scene, *, monitor: Rect, desktop: Rect) -> tuple[Rect, ...]:
    """What must be painted again on `monitor` for `old` to become `new`. The rectangles may overlap."""
    parts: list[Rect] = []
    if (old.lit, old.outline, old.outline_px) != (new.lit, new.outline, new.outline_px):
        before, after = old.lit or Rect(0, 0, 0, 0), new.lit or Rect(0, 0, 0, 0)
        parts += difference(before, after)
        parts += difference(after, before)
        parts += old.outline_strips(desktop)
        parts += new.outline_strips(desktop)
    if (old.cross, old.cross_px) != (new.cross, new.cross_px):
        parts += old.cross_strips(monitor)
        parts += new.cross_strips(monitor)
    if old.grips != new.grips:
        parts += old.grips
        parts += new.grips
    for was, now in ((old.label, new.label), (old.loupe, new.loupe)):
        if was != now:
            parts += [panel.rect_px for panel in (was, now) if panel is not None]
    if old.help_px != new.help_px:
        parts += [rect for rect in (old.help_px, new.help_px) if rect is not None]
    clipped = (part.intersected(monitor) for part in parts)
    return tuple(part for part in clipped if not part.is_empty)


def grip_rects(rect: Rect, size: int) -> tuple[Rect, ...]:
    """The squares of the eight handles, centred on the edges."""
    half = size // 2
    xs = {-1: rect.x, 0: rect.x + rect.width // 2, 1: rect.right}
    ys = {-1: rect.y, 0: rect.y + rect.height // 2, 1: rect.bottom}
    return tuple(Rect(xs[grip.h] - half, ys[grip.v] - half, size, size) for grip in GRIPS)


def colour_at(desktop: Desktop, point: Point) -> str:
    """The colour of one pixel of the frozen desktop as `#RRGGBB`; empty where no monitor is."""
    for frame in desktop.frames:
        if frame.rect_px.contains(point):
            start = (point.y - frame.rect_px.y) * frame.stride + (point.x - frame.rect_px.x) * 4
            blue, green, red = frame.pixels[start : start + 3]
            return f"#{red:02X}{green:02X}{blue:02X}"
    return ""
