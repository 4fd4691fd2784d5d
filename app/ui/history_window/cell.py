"""Paints one cell of the grid: picture, name, a small line, and marks for what is special about it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap

from app.core.history import HistoryEntry
from app.core.imglink import Visibility
from app.core.uploads import RemoteState
from app.ui import icons, theme
from app.ui.history_window import texts
from app.ui.history_window.pictures import Pictures

_RADIUS = 8
_MARK_PX = 16
_SYMBOL_PX = 28
_SHARPNESS = 1.3
"""Pictures fill their place, so one side is larger than it."""


@dataclass(frozen=True, slots=True)
class CellState:
    """How a cell stands out."""

    is_selected: bool = False
    is_current: bool = False
    """It has the keyboard."""
    is_hovered: bool = False


class CellPainter:
    """Made once for each painting: fonts and colours are looked up here, not for every cell."""

    def __init__(self, painter: QPainter, font: QFont, pictures: Pictures, ratio: float) -> None:
        self._painter = painter
        tokens = theme.current_tokens()
        self._pictures = pictures
        self._ratio = ratio
        self._font, self._small = font, theme.small_font(font)
        self._metrics, self._small_metrics = QFontMetrics(self._font), QFontMetrics(self._small)
        self._colors = {name: QColor(getattr(tokens, name)) for name in _COLORS}

    @staticmethod
    def text_height(font: QFont) -> int:
        """The room that the two lines below a picture need."""
        return QFontMetrics(font).height() + QFontMetrics(theme.small_font(font)).height() + theme.SPACE_S + 6

    def paint_heading(self, rect: QRect, text: str, count: int) -> None:
        """A day."""
        painter = self._painter
        heading = theme.heading_font(self._font)
        base = rect.bottom() - theme.SPACE_S - QFontMetrics(heading).descent()
        painter.setFont(heading)
        painter.setPen(self._colors["text"])
        painter.drawText(rect.left(), base, text)
        left = rect.left() + QFontMetrics(heading).horizontalAdvance(text) + theme.SPACE_S
        painter.setFont(self._small)
        painter.setPen(self._colors["muted"])
        painter.drawText(left, base, texts.number_text(count))

    def paint(self, rect: QRect, picture_height: int, entry: HistoryEntry | None, state: CellState) -> None:
        """A cell; `entry` None while it is being read."""
        picture = QRect(rect.left(), rect.top(), rect.width(), picture_height)
        self._paint_ground(rect, state)
        inner = picture.adjusted(5, 5, -5, -3)
        self._paint_picture(inner, entry)
        if entry is not None:
            self._paint_marks(inner, entry)
            self._paint_texts(rect.adjusted(9, picture_height, -9, 0), entry)

    def _paint_ground(self, rect: QRect, state: CellState) -> None:
        painter, colors = self._painter, self._colors
        if not (state.is_selected or state.is_current or state.is_hovered):
            return
        if state.is_selected or state.is_current:
            painter.setPen(QPen(colors["accent_text"], 2 if state.is_current else 1))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors["accent_soft"] if state.is_selected else colors["hover"])
        painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), _RADIUS + 2, _RADIUS + 2)

    def _paint_picture(self, area: QRect, entry: HistoryEntry | None) -> None:
        painter, colors = self._painter, self._colors
        path = QPainterPath()
        path.addRoundedRect(QRectF(area), _RADIUS, _RADIUS)
        painter.fillPath(path, colors["hover"])
        if entry is None:
            return
        pixmap = self._pictures.pixmap(entry, round(_SHARPNESS * area.width()), self._ratio)
        if pixmap is None or pixmap.isNull():
            drawing = self._pictures.placeholder(entry, _SYMBOL_PX, self._ratio)
            painter.drawPixmap(_middle(area, QSize(_SYMBOL_PX, _SYMBOL_PX)), drawing)
            return
        painter.save()
        painter.setClipPath(path)
        painter.setOpacity(0.45 if entry.remote_state is RemoteState.GONE else 1.0)
        paint_filling(painter, area, pixmap)
        painter.restore()
        painter.setPen(colors["border"])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    def _paint_marks(self, area: QRect, entry: HistoryEntry) -> None:
        marks = [("star-filled", "warning")] if entry.favourite else []
        if entry.visibility is Visibility.PRIVATE:
            marks.append(("lock", "muted"))
        right = area.right() - 5
        for symbol, tone in marks:
            spot = QRect(right - _MARK_PX - 5, area.top() + 6, _MARK_PX + 6, _MARK_PX + 6)
            self._painter.setPen(self._colors["border"])
            self._painter.setBrush(self._colors["raised"])
            self._painter.drawRoundedRect(spot, 6, 6)
            drawing = icons.pixmap(symbol, self._colors[tone], _MARK_PX, self._ratio)
            self._painter.drawPixmap(_middle(spot, QSize(_MARK_PX, _MARK_PX)), drawing)
            right = spot.left() - 4
        if entry.remote_state is RemoteState.GONE:
            self._paint_badge(area, texts.tr("Gone from ImgLink"))

    def _paint_badge(self, area: QRect, text: str) -> None:
        painter, metrics = self._painter, self._small_metrics
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() - 24)
        size = QSize(metrics.horizontalAdvance(shown) + 14, metrics.height() + 6)
        spot = QRect(area.left() + 6, area.bottom() - size.height() - 5, size.width(), size.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colors["danger_soft"])
        painter.drawRoundedRect(spot, 6, 6)
        painter.setFont(self._small)
        painter.setPen(self._colors["danger"])
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, shown)

    def _paint_texts(self, area: QRect, entry: HistoryEntry) -> None:
        painter = self._painter
        name = self._metrics.elidedText(texts.name_text(entry), Qt.TextElideMode.ElideMiddle, area.width())
        line = self._small_metrics.elidedText(texts.second_line(entry), Qt.TextElideMode.ElideRight, area.width())
        top = area.top() + 3
        painter.setFont(self._font)
        painter.setPen(self._colors["text"])
        painter.drawText(area.left(), top + self._metrics.ascent(), name)
        painter.setFont(self._small)
        painter.setPen(self._colors["muted"])
        painter.drawText(area.left(), top + self._metrics.height() + self._small_metrics.ascent() + 1, line)


_COLORS = (
    "text", "muted", "hover", "border", "raised", "accent_text", "accent_soft", "warning", "danger", "danger_soft",
)  # fmt: skip


def paint_filling(painter: QPainter, area: QRect, pixmap: QPixmap) -> None:
    """Fill `area` with the middle of a picture; small ones are not blown up."""
    size = pixmap.deviceIndependentSize()
    if size.width() <= area.width() and size.height() <= area.height():
        painter.drawPixmap(_middle(area, size.toSize()), pixmap)
        return
    factor = min(pixmap.width() / max(1, area.width()), pixmap.height() / max(1, area.height()))
    width, height = area.width() * factor, area.height() * factor
    middle = QRectF((pixmap.width() - width) / 2, (pixmap.height() - height) / 2, width, height)
    painter.drawPixmap(QRectF(area), pixmap, middle)


def _middle(area: QRect, size: QSize) -> QRect:
    left = area.left() + (area.width() - size.width()) // 2
    return QRect(left, area.top() + (area.height() - size.height()) // 2, size.width(), size.height())
