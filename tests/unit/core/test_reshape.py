"""Resizing by edges: exact, inside the desktop, whatever is asked for."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.core.geometry import Point, Rect
from app.core.reshape import GRIPS, Grip, grip_at, reshape

BOUNDS = Rect(-100, -50, 1000, 700)


@st.composite
def rects_inside(draw: st.DrawFn, bounds: Rect = BOUNDS) -> Rect:
    x = draw(st.integers(bounds.x, bounds.right - 1))
    y = draw(st.integers(bounds.y, bounds.bottom - 1))
    return Rect(x, y, draw(st.integers(1, bounds.right - x)), draw(st.integers(1, bounds.bottom - y)))


grips = st.sampled_from(GRIPS)
deltas = st.integers(-2500, 2500)
ratios = st.none() | st.tuples(st.integers(1, 400), st.integers(1, 400))


@given(rects_inside(), grips, deltas, deltas, ratios, st.booleans())
def test_the_result_never_leaves_the_bounds(
    start: Rect, grip: Grip, dx: int, dy: int, ratio: tuple[int, int] | None, centred: bool
) -> None:
    result = reshape(start, grip, dx, dy, BOUNDS, ratio=ratio, centred=centred)
    assert BOUNDS.encloses(result)
    assert not result.is_empty


@given(rects_inside(), grips, ratios.filter(lambda ratio: ratio is None), st.booleans())
def test_no_movement_changes_nothing(start: Rect, grip: Grip, ratio: None, centred: bool) -> None:
    assert reshape(start, grip, 0, 0, BOUNDS, ratio=ratio, centred=centred) == start


@given(rects_inside(), grips, st.booleans())
def test_no_movement_with_its_own_ratio_changes_nothing(start: Rect, grip: Grip, centred: bool) -> None:
    assert reshape(start, grip, 0, 0, BOUNDS, ratio=(start.width, start.height), centred=centred) == start


@given(rects_inside(), deltas, deltas)
def test_a_corner_follows_the_pointer_and_the_opposite_one_stays(start: Rect, dx: int, dy: int) -> None:
    held = Point(start.right - 1 + dx, start.bottom - 1 + dy)
    assume(BOUNDS.contains(held))
    assert reshape(start, Grip(1, 1), dx, dy, BOUNDS) == Rect.spanning(start.top_left, held)


@given(rects_inside(), deltas, deltas)
def test_a_side_leaves_the_other_direction_alone(start: Rect, dx: int, dy: int) -> None:
    across = reshape(start, Grip(-1, 0), dx, dy, BOUNDS)
    assert (across.y, across.height) == (start.y, start.height)
    down = reshape(start, Grip(0, 1), dx, dy, BOUNDS)
    assert (down.x, down.width) == (start.x, start.width)


@given(rects_inside(), grips, deltas, deltas)
def test_from_the_centre_the_centre_stays_exactly(start: Rect, grip: Grip, dx: int, dy: int) -> None:
    result = reshape(start, grip, dx, dy, BOUNDS, centred=True)
    assert (result.x + result.right, result.y + result.bottom) == (start.x + start.right, start.y + start.bottom)


@given(st.integers(-100, 899), st.integers(-50, 649), deltas, deltas, st.booleans())
def test_one_to_one_is_exactly_square(x: int, y: int, dx: int, dy: int, centred: bool) -> None:
    result = reshape(Rect(x, y, 1, 1), Grip(1, 1), dx, dy, BOUNDS, ratio=(1, 1), centred=centred)
    assert result.width == result.height
    if centred:
        assert (result.x + result.right, result.y + result.bottom) == (2 * x + 1, 2 * y + 1)
    else:
        assert Point(x, y) in (
            Point(px, py) for px in (result.x, result.right - 1) for py in (result.y, result.bottom - 1)
        )


@given(rects_inside(), grips, deltas, deltas, st.booleans())
def test_the_ratio_is_kept_to_the_nearest_pixel(start: Rect, grip: Grip, dx: int, dy: int, centred: bool) -> None:
    wide, high = start.width, start.height
    result = reshape(start, grip, dx, dy, BOUNDS, ratio=(wide, high), centred=centred)
    # One side leads, and the other is the nearest whole number of pixels, at least one.
    from_width = max(1, (2 * result.width * high + wide) // (2 * wide))
    from_height = max(1, (2 * result.height * wide + high) // (2 * high))
    assert result.height == from_width or result.width == from_height


def test_the_longer_side_leads_a_square() -> None:
    assert reshape(Rect(10, 10, 1, 1), Grip(1, 1), 30, 12, BOUNDS, ratio=(1, 1)) == Rect(10, 10, 31, 31)
    assert reshape(Rect(10, 10, 1, 1), Grip(1, 1), -5, -40, BOUNDS, ratio=(1, 1)) == Rect(-30, -30, 41, 41)


def test_a_square_stops_where_either_side_meets_the_edge() -> None:
    assert reshape(Rect(10, 600, 1, 1), Grip(1, 1), 300, 20, BOUNDS, ratio=(1, 1)) == Rect(10, 600, 50, 50)


def test_an_edge_handle_with_ratio_grows_the_other_side_around_its_middle() -> None:
    assert reshape(Rect(100, 100, 100, 50), Grip(1, 0), 100, 0, BOUNDS, ratio=(100, 50)) == Rect(100, 75, 200, 100)


def test_an_edge_dragged_past_the_opposite_one_comes_out_on_the_other_side() -> None:
    assert reshape(Rect(100, 100, 50, 50), Grip(1, 0), -80, 0, BOUNDS) == Rect(69, 100, 32, 50)


@pytest.mark.parametrize(
    ("point", "grip"),
    [
        (Point(100, 100), Grip(-1, -1)),
        (Point(299, 100), Grip(1, -1)),
        (Point(100, 199), Grip(-1, 1)),
        (Point(306, 206), Grip(1, 1)),
        (Point(200, 98), Grip(0, -1)),
        (Point(95, 150), Grip(-1, 0)),
        (Point(200, 150), Grip(0, 0)),
        (Point(307, 150), None),
        (Point(92, 150), None),
    ],
)
def test_what_a_press_holds(point: Point, grip: Grip | None) -> None:
    assert grip_at(Rect(100, 100, 200, 100), point, 7) == grip


@given(st.integers(1, 12), st.integers(1, 12))
def test_the_middle_of_a_small_rectangle_can_still_be_held(width: int, height: int) -> None:
    rect = Rect(0, 0, width, height)
    assert grip_at(rect, Point(width // 2, height // 2), 7) == Grip(0, 0)
