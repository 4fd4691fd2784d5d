"""Where the cells of the grid are, held against placing them one by one."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect

from app.ui.history_window.days import Section
from app.ui.history_window.grid_layout import GridLayout

counts = st.lists(st.integers(1, 30), min_size=1, max_size=12)
widths = st.integers(100, 2000)


def placed(sizes: list[int], width: int, *, with_days: bool = True) -> tuple[GridLayout, int]:
    from datetime import date, timedelta

    sections, row = [], 0
    for number, size in enumerate(sizes):
        sections.append(Section(row, size, date(2026, 1, 1) - timedelta(days=number) if with_days else None))
        row += size
    layout = GridLayout()
    layout.place(sections, width)
    return layout, row


@given(counts, widths)
def test_no_cell_lies_on_another_and_all_lie_within_the_height(sizes: list[int], width: int) -> None:
    layout, count = placed(sizes, width)
    rects = [layout.rect_of(row) for row in range(count)]
    for first, second in pairwise(rects):
        assert not first.intersects(second)
        assert (second.top(), second.left()) > (first.top(), first.left())
    assert rects[-1].bottom() < layout.height


@given(counts, widths)
def test_a_point_on_a_cell_finds_it_and_one_beside_it_does_not(sizes: list[int], width: int) -> None:
    layout, count = placed(sizes, width)
    for row in range(count):
        rect = layout.rect_of(row)
        assert layout.row_at(rect.topLeft()) == layout.row_at(rect.bottomRight()) == row
        assert layout.row_at(rect.topLeft() - QPoint(1, 0)) != row
        assert layout.row_at(rect.bottomLeft() + QPoint(0, 1)) is None


@given(counts, widths, st.integers(0, 4000), st.integers(1, 1500))
def test_everything_that_is_seen_is_painted_and_little_else(sizes: list[int], width: int, top: int, high: int) -> None:
    layout, count = placed(sizes, width)
    painted = [row for _, _, rows in layout.visible(top, top + high) for row in rows]
    seen = {row for row in range(count) if layout.rect_of(row).intersects(QRect(0, top, width + 500, high))}
    assert seen <= set(painted)
    assert len(painted) == len(set(painted))
    # At most a line too much above and below.
    assert len(painted) <= len(seen) + 4 * layout.columns


@given(counts, widths, st.integers(0, 1500), st.integers(0, 3000), st.integers(1, 900), st.integers(1, 900))
def test_a_rubber_band_takes_what_it_touches(
    sizes: list[int], width: int, left: int, top: int, wide: int, high: int
) -> None:
    layout, count = placed(sizes, width)
    band = QRect(left, top, wide, high)
    found = {row for first, last in layout.rows_in(band) for row in range(first, last + 1)}
    assert found == {row for row in range(count) if layout.rect_of(row).intersects(band)}


@given(counts, widths, st.data())
def test_up_leads_back_to_where_down_came_from_or_to_a_shorter_line(
    sizes: list[int], width: int, data: st.DataObject
) -> None:
    layout, count = placed(sizes, width)
    row = data.draw(st.integers(0, count - 1))
    below = layout.above(row, -1)
    assert below == row or layout.rect_of(below).top() > layout.rect_of(row).top()
    if below != row and layout.rect_of(below).left() == layout.rect_of(row).left():
        assert layout.above(below, 1) == row


def test_an_order_that_is_not_by_time_has_no_headings() -> None:
    layout, _ = placed([5], 800, with_days=False)
    assert layout.rect_of(0).top() < 20
