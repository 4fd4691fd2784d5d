"""The grid: pictures below the headings of their days.

QListView's own icon mode places every item before it shows one, which takes seconds for a hundred thousand. This keeps
the class, and with it what screen readers know of lists, and places cells by arithmetic instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QMargins,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionRubberBand, QToolTip

from app.ui.history_window.cell import CellPainter, CellState
from app.ui.history_window.days import day_text
from app.ui.history_window.grid_layout import GAP_PX, HEADING_PX, MARGIN_PX, GridLayout
from app.ui.history_window.model import HistoryModel
from app.ui.history_window.pictures import Pictures

Index = QModelIndex | QPersistentModelIndex
_Move = QAbstractItemView.CursorAction


class HistoryGrid(QListView):
    """Told of the model, it paints what is seen of it and nothing else."""

    menu_requested = Signal(QPoint)
    """Where the menu of what is selected is wanted, on the screen."""
    typed = Signal(str)
    """Letters that were typed here."""
    drag_requested = Signal()
    """What is selected is pulled out of the window."""

    def __init__(self, model: HistoryModel, pictures: Pictures) -> None:
        super().__init__()
        self._history = model
        self._pictures = pictures
        self._cells = GridLayout(CellPainter.text_height(self.font()))
        self._hovered = -1
        self._band_from: QPoint | None = None
        """Where the rubber band began, in content coordinates."""
        self._band_to = QPoint()
        self._anchor = QPersistentModelIndex()
        """Where a selection with Shift begins."""
        self._is_extending = False
        self.setModel(model)
        self.setAccessibleName(self.tr("Uploads, as pictures"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Without one that comes and goes, the columns keep their places while more is found.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setDragEnabled(True)
        self.setProperty("look", "grid")
        self.viewport().setMouseTracking(True)
        model.sections_changed.connect(self._lay_out)

    # --- geometry: all in coordinates of the viewport -----------------------------------------------------------------

    def visualRect(self, index: Index) -> QRect:
        """Where a cell is."""
        if not index.isValid():
            return QRect()
        return self._cells.rect_of(index.row()).translated(0, -self.verticalOffset())

    def indexAt(self, point: QPoint) -> QModelIndex:
        """The cell there."""
        row = self._cells.row_at(point + QPoint(0, self.verticalOffset()))
        return QModelIndex() if row is None else self._history.index(row, 0)

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Scroll so that a cell is seen, with its heading where it is the first of a day."""
        if not index.isValid():
            return
        rect, bar, height = self._cells.rect_of(index.row()), self.verticalScrollBar(), self.viewport().height()
        top, bottom = rect.top() - GAP_PX, rect.bottom() + GAP_PX
        if self._begins_section(index.row()):
            top -= HEADING_PX - GAP_PX
        if hint is QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(rect.center().y() - height // 2)
        elif top < bar.value() or hint is QAbstractItemView.ScrollHint.PositionAtTop:
            bar.setValue(top)
        elif bottom > bar.value() + height:
            bar.setValue(min(top, bottom - height) if bottom - top > height else bottom - height)

    def verticalOffset(self) -> int:
        """How far it is scrolled."""
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        """It never scrolls sideways."""
        return 0

    def isIndexHidden(self, _index: Index) -> bool:
        """Nothing is ever hidden."""
        return False

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Select by a rectangle: a press, a rubber band, or everything between two cells."""
        inside = rect.normalized().translated(0, self.verticalOffset())
        selection = QItemSelection()
        for first, last in self._cells.rows_in(inside):
            selection.select(self._history.index(first, 0), self._history.index(last, 0))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, _selection: QItemSelection) -> QRegion:
        """What changes when a selection does; painting all that is seen costs less than finding out."""
        return QRegion(self.viewport().rect())

    def doItemsLayout(self) -> None:
        """QListView would place every item here."""
        self._lay_out()

    def updateGeometries(self) -> None:
        """Tell the scroll bar."""
        height, bar = self.viewport().height(), self.verticalScrollBar()
        bar.setRange(0, max(0, self._cells.height - height))
        bar.setPageStep(height)
        bar.setSingleStep(max(20, self._cells.cell_height // 3))

    def scrollContentsBy(self, _dx: int, dy: int) -> None:
        """Move what is painted already, and paint the rest."""
        self.viewport().scroll(0, dy)
        self._hover(self.viewport().mapFromGlobal(self.cursor().pos()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what is at the top there, however many columns there are now."""
        row, _ = self.seen_rows()
        super().resizeEvent(event)
        self._lay_out()
        if row and self.verticalScrollBar().value():
            self.verticalScrollBar().setValue(self._cells.rect_of(row).top() - HEADING_PX)

    def viewportSizeHint(self) -> QSize:
        """Room for three columns."""
        return QSize(640, 480)

    # --- keyboard -----------------------------------------------------------------------------------------------------

    def moveCursor(self, action: QAbstractItemView.CursorAction, _modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Where a key leads: up and down keep the column, over days as well."""
        count, row = self._history.rowCount(), self.currentIndex().row()
        if not count:
            return QModelIndex()
        if row < 0:
            return self._history.index(0, 0)
        page = max(1, self.viewport().height() // (self._cells.cell_height + GAP_PX))
        rows: dict[QAbstractItemView.CursorAction, Callable[[], int]] = {
            _Move.MoveLeft: lambda: row - 1,
            _Move.MoveRight: lambda: row + 1,
            _Move.MovePrevious: lambda: row - 1,
            _Move.MoveNext: lambda: row + 1,
            _Move.MoveHome: lambda: 0,
            _Move.MoveEnd: lambda: count - 1,
            _Move.MoveUp: lambda: self._cells.above(row, 1),
            _Move.MoveDown: lambda: self._cells.above(row, -1),
            _Move.MovePageUp: lambda: self._cells.above(row, page),
            _Move.MovePageDown: lambda: self._cells.above(row, -page),
        }
        return self._history.index(min(max(0, rows[action]()), count - 1), 0)

    def selectionCommand(self, index: Index, event: QEvent | None = None) -> QItemSelectionModel.SelectionFlag:
        """Whole rows, because the table shows the same selection."""
        command, flag = super().selectionCommand(index, event), QItemSelectionModel.SelectionFlag
        # Nothing at the press means that the release decides: Qt knows it by that being exactly this.
        return command if command == flag.NoUpdate else command | flag.Rows

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Shift with a key selects everything between, not what is inside a rectangle."""
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and event.key() in _EXTENDING:
            before = self.currentIndex()
            target = self.moveCursor(_EXTENDING[Qt.Key(event.key())], event.modifiers())
            if before.isValid() and target.isValid():
                self._extend_to(before.row(), target.row())
                return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Typing goes to the search field; Qt would read every entry for the letters."""
        self.typed.emit(search)

    def currentChanged(self, current: Index, previous: Index) -> None:
        """A cell that was reached without Shift is where Shift begins."""
        super().currentChanged(current, previous)
        if not self._is_extending:
            self._anchor = QPersistentModelIndex(current)
        self.viewport().update()

    # --- mouse --------------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select; from between the cells, a rubber band begins."""
        point = event.position().toPoint()
        index = self.indexAt(point)
        is_left = event.button() is Qt.MouseButton.LeftButton
        if is_left and index.isValid() and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            current = self.currentIndex()
            self._extend_to(current.row() if current.isValid() else index.row(), index.row())
            return
        if is_left and not index.isValid():
            self._band_from = self._band_to = point + QPoint(0, self.verticalOffset())
        if not index.isValid() or not (
            event.button() is Qt.MouseButton.RightButton and self.selectionModel().isSelected(index)
        ):
            # A right click on what is selected leaves the rest selected.
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw the rubber band."""
        self._hover(event.position().toPoint())
        super().mouseMoveEvent(event)
        if self._band_from is not None:
            self._band_to = event.position().toPoint() + QPoint(0, self.verticalOffset())
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of the rubber band."""
        super().mouseReleaseEvent(event)
        if self._band_from is not None:
            self._band_from = None
            self.viewport().update()

    def startDrag(self, _actions: Qt.DropAction) -> None:
        """Left to the window, which knows files and links."""
        self.drag_requested.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By mouse, or at the current cell by the Menu key."""
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            current = self.currentIndex()
            self.scrollTo(current)
            place = self.visualRect(current).center() if current.isValid() else self.viewport().rect().center()
        else:
            place = event.pos()
        self.menu_requested.emit(self.viewport().mapToGlobal(place))

    def viewportEvent(self, event: QEvent) -> bool:
        """Tool tips where a name is cut; no cell is hovered when the pointer is gone."""
        if event.type() is QEvent.Type.Leave:
            self._hover(QPoint(-1, -1))
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            index = self.indexAt(event.pos())
            tip = index.data(Qt.ItemDataRole.ToolTipRole) if index.isValid() else ""
            QToolTip.showText(event.globalPos(), tip or "", self.viewport(), self.visualRect(index))
            return True
        return super().viewportEvent(event)

    # --- painting -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells that are seen."""
        painter = QPainter(self.viewport())
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        cells = CellPainter(painter, self.font(), self._pictures, self.devicePixelRatioF())
        offset, seen, today = self.verticalOffset(), event.rect(), _today()
        selection, focused = self.selectionModel(), self.currentIndex().row() if self.hasFocus() else -1
        for section, heading, rows in self._cells.visible(offset + seen.top(), offset + seen.bottom() + 1):
            if section.day is not None:
                place = QRect(MARGIN_PX + 2, heading.top() - offset, self.viewport().width(), heading.height())
                cells.paint_heading(place, day_text(section.day, today), section.count)
            for row in rows:
                rect = self._cells.rect_of(row).translated(0, -offset)
                if not rect.intersects(seen):
                    continue
                entry = self._history.entry(row)
                is_selected = selection.isSelected(self._history.index(row, 0))
                state = CellState(is_selected, row == focused, row == self._hovered)
                cells.paint(rect, self._cells.picture_height, entry, state)
        if self._band_from is not None and self._band_from != self._band_to:
            self._paint_band(painter)
        painter.end()

    def dataChanged(self, _first: Index, _last: Index, _roles: Sequence[int] = ()) -> None:
        """Only paint again: the places stay."""
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark, and the font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_cells"):
            self._cells = GridLayout(CellPainter.text_height(self.font()))
            self._lay_out()
        elif event.type() is QEvent.Type.PaletteChange:
            self.viewport().update()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._cells.place(self._history.sections, self.viewport().width())
        self.updateGeometries()
        self.viewport().update()

    def _extend_to(self, current: int, target: int) -> None:
        """Select from where the last plain selection was made to `target`."""
        anchor = self._anchor.row() if self._anchor.isValid() else current
        first, last = sorted((anchor, target))
        flag = QItemSelectionModel.SelectionFlag
        span = QItemSelection(self._history.index(first, 0), self._history.index(last, 0))
        self._is_extending = True
        self.selectionModel().select(span, flag.ClearAndSelect | flag.Rows)
        self.selectionModel().setCurrentIndex(self._history.index(target, 0), flag.NoUpdate)
        self._is_extending = False

    def _hover(self, point: QPoint) -> None:
        inside = self.viewport().rect().contains(point)
        row = self._cells.row_at(point + QPoint(0, self.verticalOffset())) if inside else None
        row = -1 if row is None else row
        if row != self._hovered:
            for each in (row, self._hovered):
                if each >= 0:
                    rect = self._cells.rect_of(each).translated(0, -self.verticalOffset())
                    self.viewport().update(rect.marginsAdded(QMargins(2, 2, 2, 2)))
            self._hovered = row

    def seen_rows(self) -> tuple[int, int]:
        """The first row that is seen, and the one behind the last."""
        offset = self.verticalOffset()
        parts = list(self._cells.visible(offset, offset + self.viewport().height()))
        seen = [rows for _, _, rows in parts if rows]
        return (seen[0].start, seen[-1].stop) if seen else (0, 0)

    def _begins_section(self, row: int) -> bool:
        above = self._cells.above(row, 1)
        return above == row or self._cells.rect_of(row).top() - self._cells.rect_of(above).top() > (
            self._cells.cell_height + GAP_PX
        )

    def _paint_band(self, painter: QPainter) -> None:
        assert self._band_from is not None
        option = QStyleOptionRubberBand()
        option.initFrom(self)
        option.rect = QRect(self._band_from, self._band_to).normalized().translated(0, -self.verticalOffset())
        self.style().drawControl(QStyle.ControlElement.CE_RubberBand, option, painter, self)


_EXTENDING = {
    Qt.Key.Key_Up: _Move.MoveUp,
    Qt.Key.Key_Down: _Move.MoveDown,
    Qt.Key.Key_Left: _Move.MoveLeft,
    Qt.Key.Key_Right: _Move.MoveRight,
    Qt.Key.Key_Home: _Move.MoveHome,
    Qt.Key.Key_End: _Move.MoveEnd,
    Qt.Key.Key_PageUp: _Move.MovePageUp,
    Qt.Key.Key_PageDown: _Move.MovePageDown,
}


def _today() -> date:
    return datetime.now().astimezone().date()
