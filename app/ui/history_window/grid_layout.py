"""Where the cells of the grid are: arithmetic over the days, so that a hundred thousand cells cost nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QPoint, QRect

from app.ui.history_window.days import Section

HEADING_PX = 40
GAP_PX = 12
MARGIN_PX = 16
CELL_WIDTH_PX = 184
"""The least; cells grow to fill the width."""
PICTURE_RATIO = 0.66
"""Height of the picture over its width."""


class GridLayout:
    """Places in content coordinates: y counts from the top of the first heading, in logical pixels."""

    def __init__(self, text_px: int = 40) -> None:
        """`text_px` is the room below each picture."""
        self._text_px = text_px
        self._sections: Sequence[Section] = ()
        self._tops: list[int] = []
        self._first_rows: list[int] = []
        self.columns = 1
        self.cell_width = CELL_WIDTH_PX
        self.cell_height = CELL_WIDTH_PX
        self.height = 0
        """Of everything."""

    def place(self, sections: Sequence[Section], width: int) -> None:
        """Lay everything out for a viewport of this width."""
        room = max(CELL_WIDTH_PX, width - 2 * MARGIN_PX)
        self.columns = max(1, (room + GAP_PX) // (CELL_WIDTH_PX + GAP_PX))
        self.cell_width = (room - (self.columns - 1) * GAP_PX) // self.columns
        self.cell_height = round(self.cell_width * PICTURE_RATIO) + self._text_px
        self._sections = sections
        self._tops, self._first_rows = [], []
        top, step, columns = 0, self.cell_height + GAP_PX, self.columns
        for section in sections:
            self._tops.append(top)
            self._first_rows.append(section.first_row)
            top += self._heading(section) + -(-section.count // columns) * step
        self.height = top + (MARGIN_PX if sections else 0)

    @property
    def picture_height(self) -> int:
        """Of a cell's picture."""
        return self.cell_height - self._text_px

    def rect_of(self, row: int) -> QRect:
        """A cell."""
        number = bisect_right(self._first_rows, row) - 1
        if number < 0:
            return QRect()
        section = self._sections[number]
        line, column = divmod(row - section.first_row, self.columns)
        left = MARGIN_PX + column * (self.cell_width + GAP_PX)
        top = self._tops[number] + self._heading(section) + line * (self.cell_height + GAP_PX)
        return QRect(left, top, self.cell_width, self.cell_height)

    def row_at(self, point: QPoint) -> int | None:
        """The cell there; None beside the cells."""
        number = bisect_right(self._tops, point.y()) - 1
        if number < 0 or number >= len(self._sections):
            return None
        section = self._sections[number]
        inside = point.y() - self._tops[number] - self._heading(section)
        left = point.x() - MARGIN_PX
        if inside < 0 or left < 0:
            return None
        line, y = divmod(inside, self.cell_height + GAP_PX)
        column, x = divmod(left, self.cell_width + GAP_PX)
        row = section.first_row + line * self.columns + column
        is_on_cell = y < self.cell_height and x < self.cell_width and column < self.columns
        return row if is_on_cell and row < section.end_row else None

    def visible(self, top: int, bottom: int) -> Iterator[tuple[Section, QRect, range]]:
        """The sections between two heights, each with its heading's place and the rows that are seen."""
        number = max(0, bisect_right(self._tops, top) - 1)
        step = self.cell_height + GAP_PX
        while number < len(self._sections) and self._tops[number] < bottom:
            section, begin = self._sections[number], self._tops[number]
            cells = begin + self._heading(section)
            first = max(0, (top - cells) // step) * self.columns
            last = max(0, -(-(bottom - cells) // step)) * self.columns
            rows = range(
                min(section.first_row + first, section.end_row), min(section.first_row + last, section.end_row)
            )
            yield section, QRect(0, begin, 0, self._heading(section)), rows
            number += 1

    def rows_in(self, rect: QRect) -> list[tuple[int, int]]:
        """The cells that a rectangle touches, as (first, last) rows of neighbours."""
        step = self.cell_width + GAP_PX
        first = max(0, (rect.left() - MARGIN_PX + GAP_PX) // step)
        last = min(self.columns - 1, (rect.right() - MARGIN_PX) // step)
        if rect.right() < MARGIN_PX or first > last:
            return []
        found: list[tuple[int, int]] = []
        for section, _, rows in self.visible(rect.top(), rect.bottom() + 1):
            for begin in range(rows.start, rows.stop, self.columns):
                low, high = begin + first, min(begin + last, section.end_row - 1)
                if low <= high and self.rect_of(low).intersects(rect.adjusted(-9999, 0, 9999, 0)):
                    if found and found[-1][1] == low - 1:
                        found[-1] = (found[-1][0], high)
                    else:
                        found.append((low, high))
        return found

    def above(self, row: int, lines: int) -> int:
        """The row so many lines further up, in the same column where there is one; negative `lines` go down."""
        for _ in range(abs(lines)):
            row = self._line_up(row) if lines > 0 else self._line_down(row)
        return row

    def _line_up(self, row: int) -> int:
        number = bisect_right(self._first_rows, row) - 1
        section = self._sections[number]
        if row - self.columns >= section.first_row:
            return row - self.columns
        if number == 0:
            return row
        column, before = (row - section.first_row) % self.columns, self._sections[number - 1]
        last_line = before.first_row + (before.count - 1) // self.columns * self.columns
        return min(last_line + column, before.end_row - 1)

    def _line_down(self, row: int) -> int:
        number = bisect_right(self._first_rows, row) - 1
        section = self._sections[number]
        line, column = divmod(row - section.first_row, self.columns)
        if line < (section.count - 1) // self.columns:
            return min(row + self.columns, section.end_row - 1)
        if number + 1 >= len(self._sections):
            return row
        after = self._sections[number + 1]
        return min(after.first_row + column, after.end_row - 1)

    @staticmethod
    def _heading(section: Section) -> int:
        return MARGIN_PX if section.day is None else HEADING_PX
