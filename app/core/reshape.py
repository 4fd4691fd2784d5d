"""Resizing a rectangle by its edges: in whole pixels, with or without its ratio, from an edge or the centre."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.geometry import Point, Rect


@dataclass(frozen=True, slots=True)
class Grip:
    """Which edges are held: -1 the left or top one, 1 the right or bottom one, 0 neither."""

    h: int
    v: int

    @property
    def holds_an_edge(self) -> bool:
        """False for the middle, which moves everything."""
        return bool(self.h or self.v)


GRIPS = tuple(Grip(h, v) for v in (-1, 0, 1) for h in (-1, 0, 1) if h or v)
"""The eight that have a handle, row by row."""


def grip_at(rect: Rect, point: Point, reach: int) -> Grip | None:
    """What a press at `point` would hold: an edge or corner within `reach` pixels, the middle, or nothing.

    Of a small rectangle the inner half stays the middle, so that it can still be moved.
    """
    h = _side(point.x, rect.x, rect.right, reach)
    v = _side(point.y, rect.y, rect.bottom, reach)
    return None if h is None or v is None else Grip(h, v)


def _side(at: int, low: int, high: int, reach: int) -> int | None:
    if not low - reach <= at < high + reach:
        return None
    inner = min(reach, (high - low) // 4)
    if at < low + inner:
        return -1
    return 1 if at >= high - inner else 0


def reshape(
    start: Rect,
    grip: Grip,
    dx: int,
    dy: int,
    bounds: Rect,
    *,
    ratio: tuple[int, int] | None = None,
    centred: bool = False,
) -> Rect:
    """`start` after the held edges were dragged by `dx`, `dy` pixels, inside `bounds` (which must hold `start`).

    Edges may be dragged past the opposite one. `ratio` (width, height) is kept to the nearest pixel, exactly when it is
    1 : 1; `centred` moves the opposite edges the other way, so that the centre stays. At least 1 × 1.
    """
    across = _Axis.dragged(start.x, start.width, grip.h, dx, (bounds.x, bounds.right), centred=centred)
    down = _Axis.dragged(start.y, start.height, grip.v, dy, (bounds.y, bounds.bottom), centred=centred)
    if ratio is None:
        width = start.width if not grip.h else min(across.wanted, across.room)
        height = start.height if not grip.v else min(down.wanted, down.room)
    else:
        width, height = _in_ratio(ratio, grip, across, down)
    return Rect(across.place(width), down.place(height), width, height)


@dataclass(frozen=True, slots=True)
class _Axis:
    """One direction of a drag: how long the person wants it, how long it may be, and where it is held."""

    wanted: int
    room: int
    fixed: int
    """The pixel that stays; for a centred one, the sum of both ends."""
    direction: int
    """1 grows to the right or down from the fixed pixel, -1 the other way, 0 both ways."""

    @classmethod
    def dragged(cls, low: int, size: int, side: int, delta: int, bounds: tuple[int, int], *, centred: bool) -> _Axis:
        high = low + size
        if centred or not side:
            # Both ends move, so a pixel of the pointer is two of the size, and the parity stays what it was.
            room = size + 2 * min(low - bounds[0], bounds[1] - high)
            return cls(abs(size - 1 + 2 * side * delta) + 1, room, low + high, 0)
        reach = size - 1 + side * delta
        direction = side if reach >= 0 else -side
        fixed = low if side > 0 else high - 1
        room = bounds[1] - fixed if direction > 0 else fixed - bounds[0] + 1
        return cls(abs(reach) + 1, room, fixed, direction)

    def place(self, size: int) -> int:
        """Where the low end comes to lie when it is `size` pixels long."""
        if self.direction == 0:
            return (self.fixed - size) // 2
        return self.fixed if self.direction > 0 else self.fixed - size + 1


def _in_ratio(ratio: tuple[int, int], grip: Grip, across: _Axis, down: _Axis) -> tuple[int, int]:
    wide, high = ratio
    leads_across = not grip.v or (grip.h != 0 and across.wanted * high >= down.wanted * wide)
    width = across.wanted if leads_across else _scaled(down.wanted, wide, high)
    width = min(width, across.room)
    height = _scaled(width, high, wide) if leads_across or width == across.room else down.wanted
    if height > down.room:
        height = down.room
        width = min(_scaled(height, wide, high), across.room)
    return width, height


def _scaled(value: int, numerator: int, denominator: int) -> int:
    """`value * numerator / denominator`, to the nearest integer, at least 1."""
    return max(1, (2 * value * numerator + denominator) // (2 * denominator))
