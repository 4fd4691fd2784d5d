"""The small pictures over the frozen frame, size label and magnifier: drawn once for what they say, then copied."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from app.core.geometry import Rect
from app.ui.overlay import style
from app.ui.overlay.look import Look
from app.ui.overlay.picture import Picture, qrect
from app.ui.overlay.scene import Label, Loupe

_MIDDLE, _LEFT, _RIGHT = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight


class Panels:
    """The panels of one window. They are drawn apart, because text is slow under the clip of a small repaint."""

    def __init__(self, look: Look, picture: Picture) -> None:
        self._look = look
        self._picture = picture
        self._label: tuple[object, QImage] | None = None
        self._loupe: tuple[object, QImage] | None = None
        self._loupe_grounds: dict[str, QImage] = {}

    def label(self, label: Label) -> QImage:
        """The picture of a size label."""
        key = (label.text, label.hint, label.rect_px.width)
        if self._label is None or self._label[0] != key:
            self._label = (key, self._paint_label(label))
        return self._label[1]

    def loupe(self, loupe: Loupe) -> QImage:
        """The picture of the magnifier."""
        key = (loupe.at, loupe.hint)
        if self._loupe is None or self._loupe[0] != key:
            self._loupe = (key, self._paint_loupe(loupe))
        return self._loupe[1]

    def _paint_label(self, label: Label) -> QImage:
        look, box = self._look, label.rect_px
        image = look.label_panel(box.width, box.height).copy()
        painter = QPainter(image)
        words = QRectF(look.px(9), 0, box.width - 2 * look.px(9), box.height)
        painter.setFont(look.font)
        painter.setPen(style.TEXT)
        painter.drawText(words, _MIDDLE | _LEFT, label.text)
        if label.hint:
            painter.setFont(look.small)
            painter.setPen(style.TEXT_MUTED)
            painter.drawText(words, _MIDDLE | _RIGHT, label.hint)
        painter.end()
        return image

    def _loupe_ground(self, hint: str) -> QImage:
        if hint not in self._loupe_grounds:
            look = self._look
            image = look.loupe_panel.copy()
            painter = QPainter(image)
            painter.setFont(look.small)
            painter.setPen(style.TEXT_MUTED)
            painter.drawText(self._row().translated(0, look.row_px), _MIDDLE | _LEFT, hint)
            painter.end()
            self._loupe_grounds[hint] = image
        return self._loupe_grounds[hint]

    def _row(self) -> QRectF:
        look = self._look
        return QRectF(look.pad_px, 1.5 * look.pad_px + look.sample_px[1], look.sample_px[0], look.row_px)

    def _paint_loupe(self, loupe: Loupe) -> QImage:
        look, pad, row = self._look, self._look.pad_px, self._row()
        image = self._loupe_ground(loupe.hint).copy()
        painter = QPainter(image)
        painter.drawImage(QRect(pad, pad, *look.sample_px), self._sample(loupe))
        painter.drawImage(pad, pad, look.grid)
        swatch = look.px(12)
        patch = QRect(pad, round(row.center().y() - swatch / 2), swatch, swatch)
        rim = look.line_px
        painter.fillRect(patch, style.LINE_LIGHT)
        painter.fillRect(patch.adjusted(rim, rim, -rim, -rim), QColor(loupe.colour or "#000000"))
        painter.setFont(look.font)
        painter.setPen(style.TEXT)
        painter.drawText(row.adjusted(swatch + look.px(6), 0, 0, 0), _MIDDLE | _LEFT, loupe.colour)
        painter.setFont(look.small)
        painter.setPen(style.TEXT_MUTED)
        painter.drawText(row, _MIDDLE | _RIGHT, f"{loupe.at.x}, {loupe.at.y}")
        painter.end()
        return image

    def _sample(self, loupe: Loupe) -> QImage:
        columns, rows = style.SAMPLE
        sample = Rect(loupe.at.x - columns // 2, loupe.at.y - rows // 2, columns, rows)
        image = QImage(columns, rows, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.black)
        painter = QPainter(image)
        for rect, frame in self._picture.images:
            shown = sample.intersected(rect)
            if not shown.is_empty:
                source = qrect(shown.moved(-rect.x, -rect.y))
                painter.drawImage(QPoint(shown.x - sample.x, shown.y - sample.y), frame, source)
        painter.end()
        # The frames' fourth byte is nobody's; only a conversion makes it the opacity that the panel needs.
        return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
