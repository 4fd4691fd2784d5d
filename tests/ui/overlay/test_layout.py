"""Panels stay on their monitor and out of the way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.geometry import Point, Rect
from app.ui.overlay.layout import at_an_edge, beside_pointer, beside_selection, difference, inflated, ring

MONITOR = Rect(1920, -200, 1600, 1000)
LOUPE = (165, 155)

points = st.builds(Point, st.integers(MONITOR.x, MONITOR.right - 1), st.integers(MONITOR.y, MONITOR.bottom - 1))
rects = st.builds(Rect, st.integers(0, 40), st.integers(0, 40), st.integers(0, 20), st.integers(0, 20))


def pixels(*parts: Rect) -> list[tuple[int, int]]:
    return sorted((x, y) for rect in parts for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom))


@given(points, st.none() | points)
def test_the_magnifier_is_on_the_monitor_and_clear_of_the_pointer(pointer: Point, away_from: Point | None) -> None:
    place = beside_pointer(pointer, LOUPE, MONITOR, 22, away_from)
    assert MONITOR.encloses(place)
    near = Rect(pointer.x - 22, pointer.y - 22, 45, 45)
    assert place.intersected(near).is_empty


def test_the_magnifier_goes_to_the_side_that_the_drag_leaves_free() -> None:
    middle = Point(2700, 300)
    assert beside_pointer(middle, LOUPE, MONITOR, 22, None).top_left == Point(2723, 323)
    assert beside_pointer(middle, LOUPE, MONITOR, 22, Point(2800, 400)).right == 2700 - 22
    assert beside_pointer(middle, LOUPE, MONITOR, 22, Point(2800, 400)).bottom == 300 - 22


def test_on_a_monitor_smaller_than_the_magnifier_it_is_clipped_and_not_lost() -> None:
    assert beside_pointer(Point(5, 5), LOUPE, Rect(0, 0, 100, 80), 22, None) == Rect(0, 0, 100, 80)


@given(points, points)
def test_the_label_is_on_the_monitor_and_not_under_the_magnifier(a: Point, b: Point) -> None:
    selection, pointer = Rect.spanning(a, b), b
    loupe = beside_pointer(pointer, LOUPE, MONITOR, 22, a)
    label = beside_selection(selection, (110, 26), MONITOR, 8, (loupe,))
    assert MONITOR.encloses(label)
    assert label.intersected(loupe).is_empty


def test_the_label_stands_above_below_or_inside_in_that_order() -> None:
    size = (110, 26)
    assert beside_selection(Rect(2000, 100, 400, 300), size, MONITOR, 8, ()).bottom == 92
    assert beside_selection(Rect(2000, -190, 400, 300), size, MONITOR, 8, ()).y == 118
    assert beside_selection(MONITOR, size, MONITOR, 8, ()).top_left == Point(1920, -192)


@given(points)
def test_the_help_is_on_the_monitor_and_never_under_the_pointer(pointer: Point) -> None:
    place = at_an_edge((700, 110), MONITOR, 8, pointer)
    assert place is not None
    assert MONITOR.encloses(place)
    assert not place.contains(pointer)


def test_a_monitor_too_small_for_the_help_shows_none() -> None:
    assert at_an_edge((700, 110), Rect(0, 0, 640, 480), 8, Point(0, 0)) is None


@given(rects, rects)
def test_a_difference_is_exact_and_without_overlaps(a: Rect, b: Rect) -> None:
    expected = sorted(set(pixels(a)) - set(pixels(b)))
    assert pixels(*difference(a, b)) == expected


@given(rects, st.integers(1, 4))
def test_a_ring_is_what_lies_within_its_thickness_of_the_edge(outer: Rect, thickness: int) -> None:
    inner = Rect(
        outer.x + thickness,
        outer.y + thickness,
        max(0, outer.width - 2 * thickness),
        max(0, outer.height - 2 * thickness),
    )
    assert pixels(*ring(outer, thickness)) == sorted(set(pixels(outer)) - set(pixels(inner)))


def test_inflating_stops_at_the_bounds() -> None:
    assert inflated(Rect(0, 5, 10, 10), 2, Rect(0, 0, 100, 100)) == Rect(0, 3, 12, 14)
