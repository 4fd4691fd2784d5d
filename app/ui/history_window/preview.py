"""The picture of the entry that is looked at."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui import icons, theme

HEIGHT_PX = 190
WIDTH_PX = 288
"""What is asked for, in logical pixels."""


class Preview(QWidget):
    """The whole picture, as large as the pane allows; a double click or Enter opens its page."""

    activated = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._pixmap: QPixmap | None = None
        self.setFixedHeight(HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_name(self, name: str) -> None:
        """Say what it shows, for screen readers."""
        self.setAccessibleName(self.tr("Picture: {name}. Enter opens its page.").format(name=name))

    def show_pixmap(self, pixmap: QPixmap | None) -> None:
        """Show this; None while there is none."""
        self._pixmap = pixmap
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(WIDTH_PX, HEIGHT_PX)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open the page."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.activated.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The same by keyboard."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The picture in the middle of a soft ground."""
        tokens = theme.current_tokens()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        path = QPainterPath()
        path.addRoundedRect(area, 8, 8)
        painter.fillPath(path, QColor(tokens.hover))
        if self._pixmap is None or self._pixmap.isNull():
            drawing = icons.pixmap("image", QColor(tokens.muted), 32, self.devicePixelRatioF())
            painter.drawPixmap(self.width() // 2 - 16, self.height() // 2 - 16, drawing)
        else:
            painter.save()
            painter.setClipPath(path)
            painter.drawPixmap(self._place(), self._pixmap)
            painter.restore()
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.accent_text), 2))
            painter.drawPath(path)
        painter.end()

    def _place(self) -> QRect:
        assert self._pixmap is not None
        size = self._pixmap.deviceIndependentSize().toSize()
        if size.width() > self.width() or size.height() > self.height():
            size = size.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) // 2, (self.height() - size.height()) // 2
        return QRect(left, top, size.width(), size.height())
