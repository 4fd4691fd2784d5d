"""The uploads that wait for their turn: a list that stays quick with thousands, and that the person can reorder.

Rows are painted, not built: two hundred of them would otherwise cost half a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QEvent,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QDropEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.core.uploads import UploadId, UploadItem
from app.ui import icons, theme
from app.ui.mac import key_name
from app.ui.texts import bytes_text, source_text

ROW_PX = 40
MOST_ROWS = 6
"""How many rows are shown at once, in logical pixels `ROW_PX` each."""
_THUMBNAIL_PX = 28
_CROSS_PX = 14
_MIME = "application/x-imglink-upload"
_ITEM = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


class WaitingModel(QAbstractListModel):
    """The waiting uploads in the order of sending. Changed as a whole; only what differs is announced."""

    moved = Signal(str, str)
    """An upload's id, and the id of the one that it is to come before; empty for the end."""

    def __init__(self) -> None:
        super().__init__()
        self._items: list[UploadItem] = []

    @property
    def items(self) -> tuple[UploadItem, ...]:
        """As they are shown."""
        return tuple(self._items)

    def set_items(self, items: Sequence[UploadItem]) -> None:
        """Show these."""
        wanted = {item.id: item for item in items}
        for row in reversed(range(len(self._items))):
            if self._items[row].id not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._items[row]
                self.endRemoveRows()
        for row, item in enumerate(self._items):
            if wanted[item.id] is not item:
                self._items[row] = wanted[item.id]
                self.dataChanged.emit(self.index(row), self.index(row))
        known = len(self._items)
        if [item.id for item in items[:known]] == [item.id for item in self._items]:
            if len(items) > known:
                self.beginInsertRows(QModelIndex(), known, len(items) - 1)
                self._items += items[known:]
                self.endInsertRows()
            return
        self._rearrange(items)

    def row_of(self, upload_id: str) -> int | None:
        """Where an upload stands."""
        return next((row for row, item in enumerate(self._items) if item.id == upload_id), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """How many wait."""
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Names for screen readers; the delegate paints the item itself."""
        item = self._items[index.row()]
        if role == _ITEM:
            return item
        if role == Qt.ItemDataRole.DisplayRole:
            return source_text(item)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            place = self.tr("{place} of {count}").format(place=index.row() + 1, count=len(self._items))
            return f"{source_text(item)}, {bytes_text(item.size)}, {place}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows can be dragged, and dropped between rows."""
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        """Within the list only."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """Ours alone: files that are dropped here are the window's business."""
        return [_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Which upload is dragged."""
        data = QMimeData()
        data.setData(_MIME, QByteArray(self._items[indexes[0].row()].id.encode()))
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Ask for the new place; the rows move when the queue has moved them."""
        upload_id = bytes(data.data(_MIME).data()).decode()
        target = parent.row() if row < 0 and parent.isValid() else row
        self.ask_to_move(upload_id, len(self._items) if target < 0 else target)
        # False keeps Qt from removing the dragged row itself.
        return False

    def ask_to_move(self, upload_id: str, row: int) -> None:
        """Ask that an upload comes before the one that now stands in `row`."""
        now = self.row_of(upload_id)
        # Before itself, or before the one that follows it already, is where it stands.
        if now is not None and row not in (now, now + 1):
            self.moved.emit(upload_id, self._items[row].id if row < len(self._items) else "")

    def _rearrange(self, items: Sequence[UploadItem]) -> None:
        """Another order, or new ones in the middle; what is chosen stays chosen."""
        self.layoutAboutToBeChanged.emit()
        former = self.persistentIndexList()
        ids = [self._items[index.row()].id for index in former]
        self._items = list(items)
        rows = {item.id: row for row, item in enumerate(self._items)}
        self.changePersistentIndexList(former, [self.index(rows[upload_id]) for upload_id in ids])
        self.layoutChanged.emit()


class _Delegate(QStyledItemDelegate):
    """Paints a row: thumbnail, name, size, and a cross on the row under the pointer or the keyboard."""

    def __init__(self, view: WaitingList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All alike."""
        return QSize(80, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint it in the colours of the moment."""
        tokens, item = theme.current_tokens(), index.data(_ITEM)
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        is_current = bool(state & QStyle.StateFlag.State_Selected) and self._view.hasFocus()
        is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_current or is_hovered:
            painter.setPen(QPen(QColor(tokens.accent_text), 2) if is_current else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.hover))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 6, 6)
        self._paint_thumbnail(painter, area, item)
        right = area.right() - theme.SPACE_S
        if is_current or is_hovered:
            cross = self._view.cross_of(area)
            ratio = painter.device().devicePixelRatio()
            painter.drawPixmap(cross, icons.pixmap("close", QColor(tokens.muted), _CROSS_PX, ratio))
            right = cross.left() - theme.SPACE_S
        painter.setFont(theme.small_font(self._view.font()))
        painter.setPen(QColor(tokens.muted))
        size = bytes_text(item.size)
        width = painter.fontMetrics().horizontalAdvance(size)
        painter.drawText(QRect(right - width, area.top(), width, area.height()), Qt.AlignmentFlag.AlignVCenter, size)
        painter.setFont(self._view.font())
        painter.setPen(QColor(tokens.text))
        left = area.left() + theme.SPACE_S + _THUMBNAIL_PX + theme.SPACE_S
        room = QRect(left, area.top(), right - width - theme.SPACE_S - left, area.height())
        name = painter.fontMetrics().elidedText(source_text(item), Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, area: QRect, item: UploadItem) -> None:
        place = QRect(area.left() + theme.SPACE_S, area.top() + 6, _THUMBNAIL_PX, _THUMBNAIL_PX)
        picture = self._view.picture_of(item)
        if picture is not None:
            painter.drawPixmap(place, picture)
        else:
            tokens = theme.current_tokens()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.hover))
            painter.drawRoundedRect(place, 5, 5)
            ratio = painter.device().devicePixelRatio()
            painter.drawPixmap(place.topLeft() + QPoint(6, 6), icons.pixmap("image", QColor(tokens.muted), 16, ratio))


class WaitingList(QListView):
    """The list. Ctrl+Up and Ctrl+Down move a row, Delete cancels it; a menu says the same."""

    cancel_requested = Signal(str)
    move_requested = Signal(str, str)
    """An upload's id, and the id of the one that it is to come before; empty for the end."""
    thumbnail_requested = Signal(str, object)
    """An upload's id and the Path of its file: answered by `set_thumbnail`, or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self._pictures: dict[UploadId, QPixmap | None] = {}
        """None for those that were asked for."""
        self._model = WaitingModel()
        self._model.moved.connect(self.move_requested)
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setProperty("look", "waiting")
        self.setAccessibleName(self.tr("Waiting uploads"))
        how = self.tr("Drag to reorder, or {ctrl}+Up and {ctrl}+Down. Delete cancels.")
        self.setToolTip(how.format(ctrl=key_name("Ctrl")))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)

    @property
    def items(self) -> tuple[UploadItem, ...]:
        """As they are shown."""
        return self._model.items

    def set_items(self, items: Sequence[UploadItem]) -> None:
        """Show these, in this order."""
        count = len(self.items)
        self._model.set_items(items)
        if len(items) != count:
            kept = {item.id for item in items}
            self._pictures = {key: picture for key, picture in self._pictures.items() if key in kept}
            self.setFixedHeight(min(len(items), MOST_ROWS) * ROW_PX + 2 * self.frameWidth())

    def set_thumbnail(self, upload_id: UploadId, image: QImage) -> None:
        """Show a small picture of an upload, if it still waits."""
        row = self._model.row_of(upload_id)
        if row is not None:
            self._pictures[upload_id] = _square(image, self.devicePixelRatioF())
            self.update(self._model.index(row))

    def picture_of(self, item: UploadItem) -> QPixmap | None:
        """Its small picture; asked for when its row is first painted."""
        if item.id not in self._pictures and item.has_file:
            self._pictures[item.id] = None
            self.thumbnail_requested.emit(item.id, item.path)
        return self._pictures.get(item.id)

    def cross_of(self, row: QRect) -> QRect:
        """Where a row's cross is."""
        top = row.top() + (row.height() - _CROSS_PX) // 2
        return QRect(row.right() - theme.SPACE_M - _CROSS_PX, top, _CROSS_PX, _CROSS_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move or cancel the chosen row."""
        row = self.currentIndex().row()
        keys = event.keyCombination()
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Home: -row, Qt.Key.Key_End: len(self.items)}
        if row >= 0 and keys.keyboardModifiers() == Qt.KeyboardModifier.ControlModifier and keys.key() in steps:
            self._shift(row, steps[keys.key()])
        elif row >= 0 and event.matches(QKeySequence.StandardKey.Delete):
            self.cancel_requested.emit(self.items[row].id)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Begin at the first row, so that the keys do something at once."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.items:
            self.setCurrentIndex(self._model.index(0))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a row's cross cancels it."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and index.isValid():
            near = self.cross_of(self.visualRect(index)).adjusted(-7, -7, 7, 7)
            if near.contains(event.position().toPoint()):
                self.cancel_requested.emit(self.items[index.row()].id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What the keys do, by name."""
        by_keyboard = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_keyboard else self.indexAt(event.pos())
        if not index.isValid():
            return
        self.setCurrentIndex(index)
        place = self.visualRect(index).center() if by_keyboard else event.pos()
        menu = self.make_menu(index.row())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.viewport().mapToGlobal(place))

    def make_menu(self, row: int) -> QMenu:
        """The menu of a row."""
        menu, last, upload_id = QMenu(self), len(self.items) - 1, self.items[row].id
        entries: tuple[tuple[str, str, int], ...] = (
            (self.tr("Send next"), "Ctrl+Home", -row),
            (self.tr("Move up"), "Ctrl+Up", -1),
            (self.tr("Move down"), "Ctrl+Down", 1),
            (self.tr("Send last"), "Ctrl+End", last - row),
        )
        for text, keys, step in entries:
            action = _entry(menu, text, keys)
            action.setEnabled(0 <= row + step <= last and step != 0)
            action.triggered.connect(lambda _=False, chosen=step: self._shift(row, chosen))
        menu.addSeparator()
        _entry(menu, self.tr("Cancel"), "Del").triggered.connect(lambda: self.cancel_requested.emit(upload_id))
        return menu

    def dropEvent(self, event: QDropEvent) -> None:
        """Let the model ask; Qt's own would remove the dragged row."""
        index = self.indexAt(event.position().toPoint())
        row = index.row() if index.isValid() else len(self.items)
        below = index.isValid() and event.position().y() > self.visualRect(index).center().y()
        self._model.dropMimeData(event.mimeData(), event.dropAction(), row + below, 0, QModelIndex())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.viewport().update()

    def _shift(self, row: int, step: int) -> None:
        target = max(0, row + step)
        if row < len(self.items) and target != row:
            # Downwards, the row itself leaves a gap behind.
            self._model.ask_to_move(self.items[row].id, min(target + (step > 0), len(self.items)))


def _entry(menu: QMenu, text: str, keys: str) -> QAction:
    action = menu.addAction(text)
    action.setShortcut(QKeySequence(keys))
    # Shown only: the list itself listens to the keys.
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    return action


def _square(image: QImage, ratio: float) -> QPixmap:
    """The middle of a picture."""
    side = round(_THUMBNAIL_PX * ratio)
    scaled = image.scaled(
        side, side, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
    )
    cut = scaled.copy((scaled.width() - side) // 2, (scaled.height() - side) // 2, side, side)
    pixmap = QPixmap.fromImage(cut)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
