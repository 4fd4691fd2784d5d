"""Integer geometry in physical pixels.

Everything that names a place on the screen outside `ui` is in physical pixels of the virtual desktop: the origin is the
top left of the desktop's bounding box as the windowing system reports it (it may be negative), x grows to the right, y
downwards. Right and bottom edges are exclusive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_GEOMETRY = re.compile(r"\s*(-?\d+)\s*,\s*(-?\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*")


_SIZE = re.compile(r"\s*(\d{1,5})\s*[xX×]\s*(\d{1,5})\s*")


def parse_size(text: str) -> tuple[int, int]:
    """Read `WIDTHxHEIGHT` in pixels. Raises ValueError when it is not that, or is empty."""
    match = _SIZE.fullmatch(text)
    if not match or not (int(match[1]) and int(match[2])):
        raise ValueError(f"not WIDTHxHEIGHT: {text!r}")
    return int(match[1]), int(match[2])


@dataclass(frozen=True, slots=True)
class Point:
    """A pixel's place, in physical pixels."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle of pixels; `right` and `bottom` are exclusive. Width and height are never negative."""

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 0 or self.height < 0:
            raise ValueError(f"negative size: {self.width} × {self.height}")

    @classmethod
    def spanning(cls, a: Point, b: Point) -> Rect:
        """The smallest rectangle that holds both pixels (so a click, a == b, is 1 × 1)."""
        x, y = min(a.x, b.x), min(a.y, b.y)
        return cls(x, y, abs(a.x - b.x) + 1, abs(a.y - b.y) + 1)

    @classmethod
    def parse(cls, text: str) -> Rect:
        """Read `X,Y,W,H` (the form of `--geometry`). Raises ValueError when it is not that, or is empty."""
        match = _GEOMETRY.fullmatch(text)
        if not match:
            raise ValueError(f"not X,Y,W,H: {text!r}")
        rect = cls(*(int(group) for group in match.groups()))
        if rect.is_empty:
            raise ValueError(f"width and height must be at least 1: {text!r}")
        return rect

    @property
    def right(self) -> int:
        """First column outside, to the right."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row outside, below."""
        return self.y + self.height

    @property
    def top_left(self) -> Point:
        """The first pixel."""
        return Point(self.x, self.y)

    @property
    def is_empty(self) -> bool:
        """True when it holds no pixel."""
        return self.width == 0 or self.height == 0

    def contains(self, point: Point) -> bool:
        """True when the pixel lies inside."""
        return self.x <= point.x < self.right and self.y <= point.y < self.bottom

    def encloses(self, other: Rect) -> bool:
        """True when every pixel of `other` lies inside."""
        return self.x <= other.x and self.y <= other.y and other.right <= self.right and other.bottom <= self.bottom

    def intersected(self, other: Rect) -> Rect:
        """The common part; empty (0 × 0) when there is none."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        if right <= x or bottom <= y:
            return Rect(x, y, 0, 0)
        return Rect(x, y, right - x, bottom - y)

    def united(self, other: Rect) -> Rect:
        """The smallest rectangle that holds both; an empty one adds nothing."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Rect(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def moved(self, dx: int, dy: int) -> Rect:
        """The same size elsewhere."""
        return Rect(self.x + dx, self.y + dy, self.width, self.height)

    def kept_inside(self, bounds: Rect) -> Rect:
        """Moved, not resized, so that it lies inside `bounds` (clipped first when it is larger)."""
        width, height = min(self.width, bounds.width), min(self.height, bounds.height)
        x = min(max(self.x, bounds.x), bounds.right - width)
        y = min(max(self.y, bounds.y), bounds.bottom - height)
        return Rect(x, y, width, height)

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.width},{self.height}"


def bounding(rects: list[Rect] | tuple[Rect, ...]) -> Rect:
    """The smallest rectangle that holds all of them; 0,0,0,0 for none."""
    result = Rect(0, 0, 0, 0)
    for rect in rects:
        result = result.united(rect)
    return result
