"""The table: the same uploads as rows, with columns to sort by."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent, QPainter, QPainterPath
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from app.core.history import HistoryEntry, HistorySort
from app.core.imglink import Visibility
from app.core.uploads import RemoteState
from app.ui import icons, theme
from app.ui.history_window.cell import paint_filling
from app.ui.history_window.model import COLUMN_SORTS, ENTRY, Column, HistoryModel
from app.ui.history_window.pictures import Pictures

Index = QModelIndex | QPersistentModelIndex

ROW_PX = 40
_PICTURE = QSize(44, 30)
# Together, but for what is hidden at first, as wide as the list of a window that was never resized.
_WIDTHS = {
    Column.NAME: 220,
    Column.DATE: 128,
    Column.SIZE: 72,
    Column.DIMENSIONS: 106,
    Column.VIEWS: 55,
    Column.VISIBILITY: 80,
    Column.ALBUM: 108,
    Column.STATE: 136,
}


class HistoryTable(QTableView):
    """A QTableView with rows of one height; what is not seen costs nothing."""

    menu_requested = Signal(QPoint)
    """Where the menu of what is selected is wanted, on the screen."""
    typed = Signal(str)
    """Letters that were typed here."""
    drag_requested = Signal()
    sort_requested = Signal(object)
    """A HistorySort, from a click on a header."""

    def __init__(self, model: HistoryModel, pictures: Pictures) -> None:
        super().__init__()
        self._history = model
        self.setModel(model)
        self.setItemDelegate(_Delegate(self, pictures))
        self.setAccessibleName(self.tr("Uploads, as a table"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setDragEnabled(True)
        self.setMouseTracking(True)
        self.setProperty("look", "table")
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_PX)
        rows.hide()
        columns.setHighlightSections(False)
        columns.setSectionsMovable(True)
        columns.setFirstSectionMovable(False)
        columns.setSectionsClickable(True)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        columns.customContextMenuRequested.connect(self._show_columns_menu)
        columns.sectionClicked.connect(self._header_clicked)
        for column, width in _WIDTHS.items():
            columns.resizeSection(column, width)
        # A lock beside the name says it of the private ones.
        columns.hideSection(Column.VISIBILITY)

    def share_selection(self, selection: QItemSelectionModel) -> None:
        """Show the selection of another view of the same model."""
        own = self.selectionModel()
        self.setSelectionModel(selection)
        # To learn whether a column is selected, a header asks about each of its cells: four seconds for all there is.
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSelectionModel(QItemSelectionModel(self._history, header))
        own.deleteLater()

    def seen_rows(self) -> tuple[int, int]:
        """The first row that is seen, and the one behind the last."""
        first, count = self.rowAt(0), self._history.rowCount()
        last = self.rowAt(self.viewport().height() - 1)
        return max(0, first), count if last < 0 else last + 1

    def show_sort(self, sort: HistorySort) -> None:
        """Mark the column that the rows are ordered by."""
        header = self.horizontalHeader()
        for column, sorts in COLUMN_SORTS.items():
            if sort in sorts:
                upwards = sort in (HistorySort.OLDEST, HistorySort.NAME)
                order = Qt.SortOrder.AscendingOrder if upwards else Qt.SortOrder.DescendingOrder
                header.setSortIndicatorShown(True)
                header.setSortIndicator(column, order)

    def keyboardSearch(self, search: str) -> None:
        """Typing goes to the search field; Qt would read every entry for the letters."""
        self.typed.emit(search)

    def startDrag(self, _actions: Qt.DropAction) -> None:
        """Left to the window, which knows files and links."""
        self.drag_requested.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By mouse, or at the current row by the Menu key."""
        place = event.pos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            current = self.currentIndex()
            self.scrollTo(current)
            place = self.visualRect(current).center()
        self.menu_requested.emit(self.viewport().mapToGlobal(place))

    def make_columns_menu(self) -> QMenu:
        """Which columns are shown."""
        menu = QMenu(self)
        for column in Column:
            if column is Column.NAME:
                continue
            title = self._history.headerData(column, Qt.Orientation.Horizontal)
            action = menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(column))
            action.toggled.connect(lambda shown, chosen=column: self.setColumnHidden(chosen, not shown))
        return menu

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.viewport().update()

    def _show_columns_menu(self, place: QPoint) -> None:
        menu = self.make_columns_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.horizontalHeader().mapToGlobal(place))

    def _header_clicked(self, section: int) -> None:
        sorts, sort = COLUMN_SORTS.get(Column(section), ()), self._history.order
        if sorts:
            sort = next_of(sorts, sort)
            self.sort_requested.emit(sort)
        # Qt has marked the column that was clicked, in an order of its own.
        self.show_sort(sort)


def next_of(sorts: Sequence[HistorySort], now: HistorySort) -> HistorySort:
    """The order behind the one there is; the first when that is none of these."""
    return sorts[(sorts.index(now) + 1) % len(sorts)] if now in sorts else sorts[0]


class _Delegate(QStyledItemDelegate):
    """Paints cells: the name with its picture, everything else as text."""

    def __init__(self, table: HistoryTable, pictures: Pictures) -> None:
        super().__init__(table)
        self._table = table
        self._pictures = pictures

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows alike; the width is what the text needs."""
        return QSize(super().sizeHint(option, index).width() + 2 * theme.SPACE_S, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one cell in the colours of the moment."""
        tokens = theme.current_tokens()
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(tokens.accent_soft))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(tokens.hover))
        painter.setPen(QColor(tokens.border))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if index.row() == self._table.currentIndex().row() and self._table.hasFocus():
            painter.setPen(QColor(tokens.accent_text))
            painter.drawLine(area.topLeft(), area.topRight())
            painter.drawLine(area.bottomLeft(), area.bottomRight())
        inner = area.adjusted(theme.SPACE_S, 0, -theme.SPACE_S, 0)
        entry = index.data(ENTRY)
        if index.column() == Column.NAME:
            inner = self._paint_name(painter, inner, entry, tokens)
        is_gone = entry is not None and entry.remote_state is RemoteState.GONE
        tone = tokens.text if index.column() == Column.NAME else tokens.muted
        if is_gone and index.column() == Column.STATE:
            tone = tokens.danger
        painter.setPen(QColor(tone))
        painter.setFont(self._table.font())
        alignment = index.data(Qt.ItemDataRole.TextAlignmentRole) or int(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        mode = Qt.TextElideMode.ElideMiddle if index.column() == Column.NAME else Qt.TextElideMode.ElideRight
        text = painter.fontMetrics().elidedText(str(index.data() or ""), mode, inner.width())
        painter.drawText(inner, alignment, text)

    def _paint_name(self, painter: QPainter, area: QRect, entry: HistoryEntry | None, tokens: theme.Tokens) -> QRect:
        """The picture, the star and the lock; returns what is left for the text."""
        ratio = self._table.devicePixelRatioF()
        spot = QRect(area.left(), area.top() + (area.height() - _PICTURE.height()) // 2, *_PICTURE.toTuple())
        path = QPainterPath()
        path.addRoundedRect(spot, 4, 4)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillPath(path, QColor(tokens.hover))
        pixmap = None if entry is None else self._pictures.pixmap(entry, _PICTURE.width(), ratio)
        if pixmap is not None and not pixmap.isNull():
            painter.setClipPath(path)
            paint_filling(painter, spot, pixmap)
        elif entry is not None:
            drawing = self._pictures.placeholder(entry, 16, ratio)
            painter.drawPixmap(spot.center().x() - 8, spot.center().y() - 8, drawing)
        painter.restore()
        left = spot.right() + theme.SPACE_S + 2
        right = area.right()
        marks = [("star-filled", tokens.warning)] if entry is not None and entry.favourite else []
        if entry is not None and entry.visibility is Visibility.PRIVATE:
            marks.append(("lock", tokens.muted))
        for symbol, tone in marks:
            right -= 16
            painter.drawPixmap(right, area.center().y() - 6, icons.pixmap(symbol, QColor(tone), 14, ratio))
        return QRect(left, area.top(), max(0, right - left - 4), area.height())
