"""Paints one row of the list of albums, and one picture of a grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.core.history import HistoryEntry
from app.core.imglink import Album
from app.ui import icons, theme
from app.ui.albums_window import texts

Index = QModelIndex | QPersistentModelIndex
VALUE_ROLE = Qt.ItemDataRole.UserRole
"""An Album, or a Tile."""

PixmapOf = Callable[[HistoryEntry | str, int, float], QPixmap | None]
"""A small picture of an entry or at an address, in a square of so many logical pixels; None while there is none."""

COVER_PX = 48
TILE_PX = 148
_RADIUS = 7
_SYMBOL_PX = 24
_MARK_PX = 16


@dataclass(frozen=True, slots=True)
class Tile:
    """One image in a grid."""

    id: str
    name: str
    source: HistoryEntry | str | None
    """Where its picture comes from; None for nowhere."""
    mark: str = ""
    """A word on it, such as that it is in the album already."""


class AlbumDelegate(QStyledItemDelegate):
    """Cover, title, and below it count and visibility."""

    def __init__(self, pixmap_of: PixmapOf) -> None:
        super().__init__()
        self._pixmap_of = pixmap_of
        self.default_id: str | None = None
        """The album that new captures go to."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """The cover and its margins."""
        return QSize(0, COVER_PX + 2 * theme.SPACE_S)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint it."""
        album = index.data(VALUE_ROLE)
        assert isinstance(album, Album)
        tokens, rect = theme.current_tokens(), option.rect.adjusted(2, 1, -2, -1)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        _paint_ground(painter, rect, option, tokens)
        cover = QRect(rect.left() + theme.SPACE_S, rect.top() + theme.SPACE_S - 1, COVER_PX, COVER_PX)
        ratio = painter.device().devicePixelRatio()
        pixmap = self._pixmap_of(album.cover, 2 * COVER_PX, ratio) if album.cover else None
        paint_picture(painter, cover, pixmap, "album", ratio)
        area = rect.adjusted(COVER_PX + theme.SPACE_S + theme.SPACE_M, 0, -theme.SPACE_S, 0)
        self._paint_texts(painter, area, album, option)
        painter.restore()

    def _paint_texts(self, painter: QPainter, area: QRect, album: Album, option: QStyleOptionViewItem) -> None:
        tokens, ratio = theme.current_tokens(), painter.device().devicePixelRatio()
        font = option.font
        small = theme.small_font(font)
        metrics, small_metrics = QFontMetrics(font), QFontMetrics(small)
        height = metrics.height() + 2 + small_metrics.height()
        top = area.top() + (area.height() - height) // 2
        title = metrics.elidedText(texts.title_text(album), Qt.TextElideMode.ElideRight, area.width())
        painter.setFont(font)
        painter.setPen(QColor(tokens.text))
        painter.drawText(area.left(), top + metrics.ascent(), title)
        left, line_top = area.left(), top + metrics.height() + 2
        if album.id == self.default_id:
            mark = icons.pixmap("camera", QColor(tokens.accent_text), _MARK_PX, ratio)
            painter.drawPixmap(left, line_top + (small_metrics.height() - _MARK_PX) // 2, mark)
            left += _MARK_PX + theme.SPACE_XS
        line = small_metrics.elidedText(texts.line_text(album), Qt.TextElideMode.ElideRight, area.right() - left)
        painter.setFont(small)
        painter.setPen(QColor(tokens.muted))
        painter.drawText(left, line_top + small_metrics.ascent(), line)


class TileDelegate(QStyledItemDelegate):
    """A picture with its name below."""

    def __init__(self, pixmap_of: PixmapOf) -> None:
        super().__init__()
        self._pixmap_of = pixmap_of
        self.width = TILE_PX
        """Of every cell, in logical pixels."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        """The same for all."""
        return QSize(self.width, self.width * 3 // 4 + QFontMetrics(theme.small_font(option.font)).height() + 18)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint it."""
        tile = index.data(VALUE_ROLE)
        assert isinstance(tile, Tile)
        tokens, rect = theme.current_tokens(), option.rect.adjusted(1, 1, -1, -1)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        _paint_ground(painter, rect, option, tokens)
        ratio = painter.device().devicePixelRatio()
        small = theme.small_font(option.font)
        metrics = QFontMetrics(small)
        picture = rect.adjusted(6, 6, -6, -metrics.height() - 12)
        pixmap = None if tile.source is None else self._pixmap_of(tile.source, 2 * TILE_PX, ratio)
        paint_picture(painter, picture, pixmap, "image", ratio)
        if tile.mark:
            self._paint_mark(painter, picture, tile.mark, option)
        painter.setFont(small)
        painter.setPen(QColor(tokens.text))
        name = metrics.elidedText(tile.name, Qt.TextElideMode.ElideMiddle, rect.width() - 16)
        painter.drawText(
            QRect(rect.left() + 8, picture.bottom() + 4, rect.width() - 16, metrics.height() + 2),
            Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextSingleLine, name,
        )  # fmt: skip
        painter.restore()

    @staticmethod
    def _paint_mark(painter: QPainter, picture: QRect, text: str, option: QStyleOptionViewItem) -> None:
        tokens, small = theme.current_tokens(), theme.small_font(option.font)
        metrics = QFontMetrics(small)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, picture.width() - 20)
        spot = QRect(picture.left() + 5, picture.top() + 5, metrics.horizontalAdvance(shown) + 12, metrics.height() + 4)
        painter.setPen(QColor(tokens.border))
        painter.setBrush(QColor(tokens.raised))
        painter.drawRoundedRect(spot, 5, 5)
        painter.setFont(small)
        painter.setPen(QColor(tokens.muted))
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, shown)


def paint_picture(painter: QPainter, area: QRect, pixmap: QPixmap | None, symbol: str, ratio: float) -> None:
    """Fill an area with the middle of a picture, or with a drawing in its place."""
    tokens = theme.current_tokens()
    path = QPainterPath()
    path.addRoundedRect(QRectF(area), _RADIUS, _RADIUS)
    painter.fillPath(path, QColor(tokens.pressed))
    if pixmap is None or pixmap.isNull():
        drawing = icons.pixmap(symbol, QColor(tokens.muted), _SYMBOL_PX, ratio)
        painter.drawPixmap(area.center().x() - _SYMBOL_PX // 2 + 1, area.center().y() - _SYMBOL_PX // 2 + 1, drawing)
        return
    factor = min(pixmap.width() / area.width(), pixmap.height() / area.height())
    width, height = area.width() * factor, area.height() * factor
    part = QRectF((pixmap.width() - width) / 2, (pixmap.height() - height) / 2, width, height)
    painter.save()
    painter.setClipPath(path)
    painter.drawPixmap(QRectF(area), pixmap, part)
    painter.restore()
    painter.setPen(QColor(tokens.border))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)


def _paint_ground(painter: QPainter, rect: QRect, option: QStyleOptionViewItem, tokens: theme.Tokens) -> None:
    state: QStyle.StateFlag = option.state
    is_selected = bool(state & QStyle.StateFlag.State_Selected)
    has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
    if is_selected or state & QStyle.StateFlag.State_MouseOver:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.accent_soft if is_selected else tokens.hover))
        painter.drawRoundedRect(QRectF(rect), _RADIUS + 2, _RADIUS + 2)
    if has_focus:
        painter.setPen(QPen(QColor(tokens.accent_text), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), _RADIUS + 1, _RADIUS + 1)
