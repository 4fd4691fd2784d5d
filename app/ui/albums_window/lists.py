"""The list of albums and the grids of pictures: Qt's own lists, so that keyboard and screen readers know them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

from app.core.imglink import Album
from app.ui.albums_window import texts
from app.ui.albums_window.cells import TILE_PX, VALUE_ROLE, AlbumDelegate, PixmapOf, Tile, TileDelegate
from app.ui.image_drag import IMAGES_MIME, images_in, put_images

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


class ValuesModel(QAbstractListModel):
    """A list of Albums or Tiles. Those that stay keep their selection."""

    def __init__(self, name_of: Callable[[Any], str], drags: bool = False) -> None:
        super().__init__()
        self._name_of = name_of
        self._drags = drags
        self._values: list[Any] = []

    @property
    def values(self) -> Sequence[Any]:
        """What is shown."""
        return self._values

    def set_values(self, values: Sequence[Any]) -> None:
        """Show these."""
        new, old = [value.id for value in values], [value.id for value in self._values]
        if new == old:
            self._values = list(values)
            if new:
                self.dataChanged.emit(self.index(0), self.index(len(new) - 1))
            return
        if new[: len(old)] == old:
            self.beginInsertRows(_NO_INDEX, len(old), len(new) - 1)
            self._values = list(values)
            self.endInsertRows()
            return
        self.layoutAboutToBeChanged.emit()
        former = self.persistentIndexList()
        ids = [self._values[index.row()].id for index in former]
        self._values = list(values)
        rows = {each: row for row, each in enumerate(new)}
        self.changePersistentIndexList(
            former, [self.index(rows[each]) if each in rows else QModelIndex() for each in ids]
        )
        self.layoutChanged.emit()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """How many."""
        return 0 if parent.isValid() else len(self._values)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The value itself, and its name for screen readers and tool tips."""
        if not index.isValid() or index.row() >= len(self._values):
            return None
        value = self._values[index.row()]
        if role == VALUE_ROLE:
            return value
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._name_of(value)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Pictures can be dragged away."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if self._drags and index.isValid() else flags

    def mimeTypes(self) -> list[str]:
        """See `IMAGES_MIME`."""
        return [IMAGES_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The ids of what is dragged."""
        return put_images(QMimeData(), [self._values[index.row()].id for index in indexes])


class AlbumList(QListView):
    """One album is chosen; pictures can be dropped on any."""

    chosen = Signal(object)
    """The Album that is shown now."""
    images_dropped = Signal(object, list)
    """An Album and the ids of images."""

    def __init__(self, pixmap_of: PixmapOf) -> None:
        super().__init__()
        self._model = ValuesModel(lambda album: f"{texts.title_text(album)}, {texts.line_text(album)}")
        self._delegate = AlbumDelegate(pixmap_of)
        self._is_setting = False
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setProperty("look", "waiting")
        self.setAccessibleName(self.tr("Albums"))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(True)
        self.selectionModel().currentChanged.connect(self._current_changed)

    @property
    def albums(self) -> Sequence[Album]:
        """Those in the list."""
        return self._model.values

    @property
    def current(self) -> Album | None:
        """The one that is shown."""
        album: Album | None = self.currentIndex().data(VALUE_ROLE)
        return album

    def set_albums(self, albums: Sequence[Album]) -> None:
        """Show these; the chosen one stays chosen while it is there."""
        before = self.current
        self._is_setting = True
        self._model.set_values(albums)
        rows = {album.id: row for row, album in enumerate(albums)}
        row = rows.get(before.id, -1) if before is not None else -1
        self.setCurrentIndex(self._model.index(row) if row >= 0 else QModelIndex())
        self._is_setting = False

    def choose(self, album_id: str) -> None:
        """Show one, if it is there."""
        for row, album in enumerate(self.albums):
            if album.id == album_id:
                self.setCurrentIndex(self._model.index(row))

    def set_default(self, album_id: str | None) -> None:
        """Mark the album that new captures go to."""
        self._delegate.default_id = album_id
        self.viewport().update()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take images of ours."""
        event.setAccepted(event.mimeData().hasFormat(IMAGES_MIME))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Take them on an album, not beside it."""
        index = self.indexAt(event.position().toPoint())
        event.setAccepted(index.isValid() and event.mimeData().hasFormat(IMAGES_MIME))
        if event.isAccepted():
            event.setDropAction(Qt.DropAction.CopyAction)

    def dropEvent(self, event: QDropEvent) -> None:
        """Say what goes where."""
        album, ids = self.indexAt(event.position().toPoint()).data(VALUE_ROLE), images_in(event.mimeData())
        if album is not None and ids:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.images_dropped.emit(album, ids)

    def _current_changed(self, current: QModelIndex) -> None:
        if not self._is_setting and current.isValid():
            self.chosen.emit(current.data(VALUE_ROLE))


class TileGrid(QListView):
    """Pictures in rows, any number of them selected."""

    selection_changed = Signal()
    opened = Signal(str)
    """The id of the one that was double-clicked, or on which Return was pressed."""
    images_dropped = Signal(list)

    def __init__(self, pixmap_of: PixmapOf, *, takes_drops: bool = False, drags: bool = False) -> None:
        super().__init__()
        self._model = ValuesModel(lambda tile: ", ".join(filter(None, (tile.name, tile.mark))), drags)
        self._takes_drops = takes_drops
        self.setModel(self._model)
        self._tile_delegate = TileDelegate(pixmap_of)
        self.setItemDelegate(self._tile_delegate)
        self.setProperty("look", "waiting")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(drags)
        self.setDragDropMode(self.drag_mode(takes_drops, drags))
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.setAcceptDrops(takes_drops)
        self.activated.connect(lambda index: self.opened.emit(index.data(VALUE_ROLE).id))
        self.selectionModel().selectionChanged.connect(self._tell_selection)
        self._model.layoutChanged.connect(self._tell_selection)

    @staticmethod
    def drag_mode(takes_drops: bool, drags: bool) -> QAbstractItemView.DragDropMode:
        """Which way pictures may go."""
        modes = QAbstractItemView.DragDropMode
        return {
            (True, True): modes.DragDrop, (True, False): modes.DropOnly, (False, True): modes.DragOnly,
        }.get((takes_drops, drags), modes.NoDragDrop)  # fmt: skip

    @property
    def tiles(self) -> Sequence[Tile]:
        """Those in the grid."""
        return self._model.values

    @property
    def selected(self) -> list[Tile]:
        """What is selected, in the order of the grid."""
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return [self._model.values[row] for row in rows]

    def set_tiles(self, tiles: Sequence[Tile]) -> None:
        """Show these; what is selected stays selected while it is there."""
        self._model.set_values(tiles)

    def select(self, ids: Sequence[str]) -> None:
        """Select these."""
        wanted = set(ids)
        for row, tile in enumerate(self.tiles):
            if tile.id in wanted:
                self.selectionModel().select(self._model.index(row), QItemSelectionModel.SelectionFlag.Select)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the columns fill the width."""
        # With room for the scroll bar, whether or not it is there, the columns keep their places.
        room = self.width() - self.verticalScrollBar().sizeHint().width() - 1
        width = room // max(1, room // TILE_PX)
        if width != self._tile_delegate.width:
            self._tile_delegate.width = width
            self.scheduleDelayedItemsLayout()
        super().resizeEvent(event)

    def viewportSizeHint(self) -> QSize:
        """Room for three."""
        return QSize(3 * TILE_PX, 2 * TILE_PX)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take images of ours, but not those that come from here."""
        event.setAccepted(self._takes(event))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """The same, anywhere."""
        event.setAccepted(self._takes(event))
        if event.isAccepted():
            event.setDropAction(Qt.DropAction.CopyAction)

    def dropEvent(self, event: QDropEvent) -> None:
        """Say what was dropped."""
        ids = images_in(event.mimeData()) if self._takes(event) else []
        if ids:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.images_dropped.emit(ids)

    def _tell_selection(self) -> None:
        self.selection_changed.emit()

    def _takes(self, event: QDropEvent) -> bool:
        return self._takes_drops and event.source() is not self and event.mimeData().hasFormat(IMAGES_MIME)
