from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.geometry import Point, Rect, bounding

coordinates = st.integers(-5000, 5000)
sizes = st.integers(0, 5000)
rects = st.builds(Rect, coordinates, coordinates, sizes, sizes)
points = st.builds(Point, coordinates, coordinates)


def test_spanning_holds_both_pixels_in_any_order() -> None:
    assert Rect.spanning(Point(5, 9), Point(2, 3)) == Rect(2, 3, 4, 7)
    assert Rect.spanning(Point(4, 4), Point(4, 4)) == Rect(4, 4, 1, 1)


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,-3,4", "1,2,0,4", "1.5,2,3,4"])
def test_parse_refuses_what_is_no_geometry(text: str) -> None:
    with pytest.raises(ValueError, match=r"X,Y,W,H|at least 1"):
        Rect.parse(text)


@given(rects.filter(lambda rect: not rect.is_empty))
def test_parse_reads_what_str_writes(rect: Rect) -> None:
    assert Rect.parse(str(rect)) == rect


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        Rect(0, 0, -1, 5)


@given(rects, rects, points)
def test_intersection_is_what_both_contain(a: Rect, b: Rect, point: Point) -> None:
    assert a.intersected(b).contains(point) == (a.contains(point) and b.contains(point))


@given(rects, rects)
def test_union_encloses_both_unless_empty(a: Rect, b: Rect) -> None:
    union = a.united(b)
    assert all(union.encloses(rect) for rect in (a, b) if not rect.is_empty)
    assert bounding((a, b)) == (union if not (a.is_empty and b.is_empty) else bounding((b,)))


@given(rects, rects.filter(lambda rect: not rect.is_empty))
def test_kept_inside_lies_inside_and_keeps_its_size_where_it_can(rect: Rect, bounds: Rect) -> None:
    kept = rect.kept_inside(bounds)
    assert bounds.encloses(kept)
    assert (kept.width, kept.height) == (min(rect.width, bounds.width), min(rect.height, bounds.height))
    if bounds.encloses(rect):
        assert kept == rect
