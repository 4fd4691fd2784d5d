"""The grid of thumbnails: tiles of one size, loaded as they come into sight."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QPainter, QPainterPath, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.core.imglink import Image
from app.ui import icons, theme
from app.ui.gallery_window.model import GalleryModel, Role
from app.ui.thumbnail_loader import ThumbnailLoader

_Index = QModelIndex | QPersistentModelIndex

_TILE = 176
_LEAST_GAP = 6
_RADIUS = 8
_VEIL_PX = 6
"""So few pixels a side are left of a veiled picture."""
_SETTLE_MS = 120
_ROWS_AHEAD = 2


def preview_of(image: Image) -> str:
    """The address of its small picture."""
    return image.thumbnail or image.url


class GalleryDelegate(QStyledItemDelegate):
    """Paints one tile."""

    def __init__(self, thumbnails: ThumbnailLoader, parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        """All alike; the grid places them."""
        return QSize(_TILE, _TILE)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """The picture filling a square, its frame, and the veil."""
        image: Image = index.data(Role.IMAGE)
        cell: QRect = option.rect
        state: QStyle.StateFlag = option.state
        area = QRectF(0, 0, _TILE - 2 * _LEAST_GAP, _TILE - 2 * _LEAST_GAP)
        area.moveCenter(QRectF(cell).center())
        tokens = theme.current_tokens()
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        shape = QPainterPath()
        shape.addRoundedRect(area, _RADIUS, _RADIUS)
        painter.fillPath(shape, QColor(tokens.hover))
        dpr = painter.device().devicePixelRatioF()
        is_veiled = bool(index.data(Role.IS_VEILED))
        pixmap = self._thumbnails.pixmap(preview_of(image), 2 * _TILE, dpr)
        if pixmap is None:
            drawing = self._thumbnails.placeholder(preview_of(image), 24, dpr)
            painter.drawPixmap(area.center().toPoint() - QRect(0, 0, 24, 24).center(), drawing)
        else:
            painter.setClipPath(shape)
            shown = _blurred(pixmap) if is_veiled else pixmap
            painter.drawPixmap(area, shown, _middle(shown))
            painter.setClipping(False)
        if is_veiled:
            self._paint_veil(painter, area, dpr)
        self._paint_frame(painter, shape, state)
        painter.restore()

    def _paint_veil(self, painter: QPainter, area: QRectF, dpr: float) -> None:
        shade = QPainterPath()
        shade.addRoundedRect(area, _RADIUS, _RADIUS)
        painter.fillPath(shade, QColor(0, 0, 0, 120))
        middle = area.center().toPoint()
        painter.drawPixmap(middle.x() - 11, middle.y() - 26, icons.pixmap("eye", QColor("#ffffff"), 22, dpr))
        painter.setPen(QColor("#ffffff"))
        below = QRectF(area.left(), middle.y(), area.width(), 40)
        painter.drawText(
            below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, self.tr("NSFW\nClick to show")
        )

    @staticmethod
    def _paint_frame(painter: QPainter, shape: QPainterPath, state: QStyle.StateFlag) -> None:
        tokens = theme.current_tokens()
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(QPen(QColor(tokens.accent_text), 3))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(QColor(tokens.outline), 1.5))
        else:
            painter.setPen(QPen(QColor(tokens.border), 1))
        painter.drawPath(shape)


class GalleryGrid(QListView):
    """Shows a GalleryModel; says which image was opened, or asked about."""

    opened = Signal(object)
    """An Image."""
    menu_wanted = Signal(object, object)
    """An Image, and where on the screen (a QPoint)."""

    def __init__(self, model: GalleryModel, thumbnails: ThumbnailLoader) -> None:
        super().__init__()
        self._gallery = model
        self._thumbnails = thumbnails
        self.setModel(model)
        self.setItemDelegate(GalleryDelegate(thumbnails, self))
        self.setProperty("look", "gallery")
        self.setAccessibleName(self.tr("Images of the gallery"))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(_TILE // 3)
        # Endless scrolling must not change the width, and with it all places.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._settle = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._settle.timeout.connect(self._give_up_unseen)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._scrolled())
        thumbnails.ready.connect(self._picture_ready)
        self.clicked.connect(self._clicked)
        self.activated.connect(self._activated)

    @property
    def current(self) -> Image | None:
        """The image that is selected."""
        return self._gallery.image(self.currentIndex())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the width with whole tiles."""
        width = self.viewport().width()
        columns = max(1, width // _TILE)
        self.setGridSize(QSize(width // columns, _TILE))
        super().resizeEvent(event)
        self.fetch_if_near_end()

    def fetch_if_near_end(self) -> None:
        """Have the next page read before the person is at the end; also where a large window is not full yet."""
        self.executeDelayedItemsLayout()
        bar = self.verticalScrollBar()
        if self.isVisible() and bar.value() >= bar.maximum() - _ROWS_AHEAD * _TILE:
            self._gallery.fetchMore(self.rootIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space shows what is veiled, as a click does."""
        if event.key() == Qt.Key.Key_Space and self.currentIndex().data(Role.IS_VEILED):
            self._gallery.unveil(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """For the image under the pointer, or the selected one."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        image = self._gallery.image(index)
        if image is not None:
            place = self.visualRect(index).center() if by_key else event.pos()
            self.menu_wanted.emit(image, self.viewport().mapToGlobal(place))

    def _clicked(self, index: QModelIndex) -> None:
        if index.data(Role.IS_VEILED):
            self._gallery.unveil(index)

    def _activated(self, index: QModelIndex) -> None:
        image = self._gallery.image(index)
        if image is None:
            return
        if index.data(Role.IS_VEILED):
            self._gallery.unveil(index)
        else:
            self.opened.emit(image)

    def _picture_ready(self, key: object) -> None:
        for row in self._seen_rows():
            if preview_of(self._gallery.images[row]) == key:
                self.update(self._gallery.index(row))

    def _scrolled(self) -> None:
        self._settle.start()
        self.fetch_if_near_end()

    def _give_up_unseen(self) -> None:
        seen = self._seen_rows()
        self._thumbnails.forget(preview_of(image) for row, image in enumerate(self._gallery.images) if row not in seen)

    def _seen_rows(self) -> range:
        count = self._gallery.rowCount()
        columns = max(1, self.viewport().width() // max(1, self.gridSize().width()))
        first = max(0, self.verticalScrollBar().value() // _TILE - 1) * columns
        return range(min(first, count), min(count, first + (self.viewport().height() // _TILE + 4) * columns))


def _middle(pixmap: QPixmap) -> QRectF:
    side = min(pixmap.width(), pixmap.height())
    part = QRectF(0, 0, side, side)
    part.moveCenter(QRectF(pixmap.rect()).center())
    return part


def _blurred(pixmap: QPixmap) -> QPixmap:
    mode = Qt.TransformationMode.SmoothTransformation
    small = pixmap.scaled(_VEIL_PX, _VEIL_PX, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    return small.scaled(_TILE, _TILE, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
