"""Where the overlay's panels go. Plain arithmetic in physical pixels, without Qt."""

from __future__ import annotations

from app.core.geometry import Point, Rect


def beside_pointer(
    pointer: Point, size: tuple[int, int], monitor: Rect, clearance: int, away_from: Point | None
) -> Rect:
    """A place for the magnifier: diagonally off the pointer, on its monitor, on the side that a drag leaves free.

    `away_from` is where the drag began. A side without room gives way to the opposite one, so that the pointer is never
    covered where the monitor is large enough for both.
    """
    right = away_from is None or pointer.x >= away_from.x
    below = away_from is None or pointer.y >= away_from.y
    x = _one_side(pointer.x, size[0], clearance, (monitor.x, monitor.right), after=right)
    y = _one_side(pointer.y, size[1], clearance, (monitor.y, monitor.bottom), after=below)
    return Rect(x, y, *size).kept_inside(monitor)


def _one_side(at: int, size: int, clearance: int, bounds: tuple[int, int], *, after: bool) -> int:
    after_at, before_at = at + 1 + clearance, at - clearance - size
    fits_after, fits_before = after_at + size <= bounds[1], before_at >= bounds[0]
    return after_at if (after and fits_after) or not fits_before else before_at


def beside_selection(
    selection: Rect, size: tuple[int, int], monitor: Rect, gap: int, keep_clear: tuple[Rect, ...]
) -> Rect:
    """A place for the size label: above the selection, else below, inside or beside; not under `keep_clear`."""
    seen = selection.intersected(monitor)
    width, height = size
    rows = [seen.y - gap - height, seen.bottom + gap, seen.y + gap, seen.bottom - gap - height]
    rows += [y for rect in keep_clear for y in (rect.y - gap - height, rect.bottom + gap)]
    columns = [seen.x, seen.right - width]
    columns += [x for rect in keep_clear for x in (rect.x - gap - width, rect.right + gap)]
    places = [Rect(x, y, width, height) for y in rows for x in columns]
    inside = [place for place in places if monitor.encloses(place)]
    free = [place for place in inside if all(place.intersected(rect).is_empty for rect in keep_clear)]
    return (free or inside or [places[0].kept_inside(monitor)])[0]


def at_an_edge(size: tuple[int, int], monitor: Rect, gap: int, pointer: Point) -> Rect | None:
    """A place for the help: the middle of the lower edge, or the upper one when the pointer is there; None: no room."""
    width, height = size
    if width + 2 * gap > monitor.width or 2 * (height + 3 * gap) > monitor.height:
        return None
    x = monitor.x + (monitor.width - width) // 2
    low = Rect(x, monitor.bottom - 3 * gap - height, width, height)
    near = Rect(low.x - 6 * gap, low.y - 6 * gap, width + 12 * gap, monitor.bottom - low.y + 6 * gap)
    return Rect(x, monitor.y + 3 * gap, width, height) if near.contains(pointer) else low


def ring(outer: Rect, thickness: int) -> tuple[Rect, ...]:
    """The four strips along the inside of `outer`, without overlaps; all of it when it is thinner than two strips."""
    if outer.width <= 2 * thickness or outer.height <= 2 * thickness:
        return () if outer.is_empty else (outer,)
    middle = outer.height - 2 * thickness
    return (
        Rect(outer.x, outer.y, outer.width, thickness),
        Rect(outer.x, outer.bottom - thickness, outer.width, thickness),
        Rect(outer.x, outer.y + thickness, thickness, middle),
        Rect(outer.right - thickness, outer.y + thickness, thickness, middle),
    )


def inflated(rect: Rect, by: int, bounds: Rect) -> Rect:
    """`rect` with `by` pixels more on every side, as far as `bounds` reach."""
    return Rect(rect.x - by, rect.y - by, rect.width + 2 * by, rect.height + 2 * by).intersected(bounds)


def difference(a: Rect, b: Rect) -> tuple[Rect, ...]:
    """What of `a` lies outside `b`: at most four rectangles without overlaps."""
    hole = a.intersected(b)
    if hole.is_empty:
        return () if a.is_empty else (a,)
    parts = (
        Rect(a.x, a.y, a.width, hole.y - a.y),
        Rect(a.x, hole.bottom, a.width, a.bottom - hole.bottom),
        Rect(a.x, hole.y, hole.x - a.x, hole.height),
        Rect(hole.right, hole.y, a.right - hole.right, hole.height),
    )
    return tuple(part for part in parts if not part.is_empty)
