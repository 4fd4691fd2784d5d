"""Fonts, measures and ready-made pictures for one scale factor, made once and used for every paint."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QImage, QPainter, QPen

from app.ui.overlay import style


class Look:
    """Everything that depends on the scale factor. Sizes are in physical pixels."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.font = _font(style.FONT * scale)
        self.small = _font(style.SMALL_FONT * scale)
        self.metrics = QFontMetricsF(self.font)
        self.small_metrics = QFontMetricsF(self.small)
        self.line_px = self.px(style.LINE)
        self.window_line_px = self.px(style.WINDOW_LINE)
        self.gap_px = self.px(style.GAP)
        self.grip_px = self.px(style.GRIP)
        self.clearance_px = self.px(style.POINTER_CLEARANCE)
        self.zoom = self.px(style.ZOOM)
        self.sample_px = (style.SAMPLE[0] * self.zoom, style.SAMPLE[1] * self.zoom)
        self.pad_px = self.px(6)
        self.row_px = self.px(19)
        self.loupe_size = (
            self.sample_px[0] + 2 * self.pad_px,
            self.sample_px[1] + 3 * self.pad_px + 2 * self.row_px,
        )
        self.grid = self._grid()
        self.grip = self._grip()
        self.loupe_panel = self.panel(*self.loupe_size)
        self._help: dict[style.HelpRows, QImage] = {}
        self._label_panels: dict[tuple[int, int], QImage] = {}

    def px(self, logical: float) -> int:
        """Logical to physical, at least 1."""
        return max(1, round(logical * self.scale))

    def label_size(self, text: str, hint: str) -> tuple[int, int]:
        """How large the size label is with these words."""
        width = self.metrics.horizontalAdvance(text) + 2 * self.px(9)
        if hint:
            width += self.px(10) + self.small_metrics.horizontalAdvance(hint)
        # In steps, so that a few ready-made panels do for all sizes.
        step = self.px(4)
        return -(-round(width) // step) * step, self.px(26)

    def label_panel(self, width: int, height: int) -> QImage:
        """The panel under a size label."""
        if (width, height) not in self._label_panels:
            self._label_panels[width, height] = self.panel(width, height)
        return self._label_panels[width, height]

    def panel(self, width: int, height: int) -> QImage:
        """An empty rounded panel with its edge."""
        image = _transparent(width, height)
        painter = QPainter(image)
        self._paint_panel(painter, QRectF(0, 0, width, height))
        painter.end()
        return image

    def _paint_panel(self, painter: QPainter, rect: QRectF) -> None:
        # A dark rim for white pictures, a light edge for black ones.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line, radius = float(self.line_px), style.RADIUS * self.scale
        for inset, edge, fill in (
            (line / 2, style.PANEL_SHADE, style.PANEL),
            (line * 1.5, style.PANEL_EDGE, QColor(Qt.GlobalColor.transparent)),
        ):
            painter.setPen(QPen(edge, line))
            painter.setBrush(fill)
            inner = rect.adjusted(inset, inset, -inset, -inset)
            painter.drawRoundedRect(inner, radius - inset, radius - inset)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def help(self, rows: style.HelpRows) -> QImage:
        """The help panel: rows of keycaps and what they do."""
        if rows not in self._help:
            self._help[rows] = self._paint_help(rows)
        return self._help[rows]

    def _grip(self) -> QImage:
        """A round handle: accent in the middle, a light ring, a dark rim."""
        image = _transparent(self.grip_px, self.grip_px)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(image.rect())
        for colour, inset in ((style.LINE_DARK, 0), (style.LINE_LIGHT, self.line_px), (style.ACCENT, 2 * self.line_px)):
            painter.setBrush(colour)
            painter.drawEllipse(box.adjusted(inset, inset, -inset, -inset))
        painter.end()
        return image

    def _grid(self) -> QImage:
        image = _transparent(*self.sample_px)
        painter = QPainter(image)
        width, height = self.sample_px
        line = max(1, self.line_px // 2)
        for column in range(1, style.SAMPLE[0]):
            painter.fillRect(column * self.zoom, 0, line, height, style.GRID)
        for row in range(1, style.SAMPLE[1]):
            painter.fillRect(0, row * self.zoom, width, line, style.GRID)
        self._mark_middle(painter)
        painter.end()
        return image

    def _mark_middle(self, painter: QPainter) -> None:
        x, y = style.SAMPLE[0] // 2 * self.zoom, style.SAMPLE[1] // 2 * self.zoom
        band = QColor(style.ACCENT)
        band.setAlpha(64)
        width, height = self.sample_px
        for rect in ((0, y, x, self.zoom), (x + self.zoom, y, width - x - self.zoom, self.zoom)):
            painter.fillRect(*rect, band)
        for rect in ((x, 0, self.zoom, y), (x, y + self.zoom, self.zoom, height - y - self.zoom)):
            painter.fillRect(*rect, band)
        line = self.line_px
        for inset, colour in ((-2 * line, style.LINE_DARK), (-line, style.LINE_LIGHT)):
            painter.setPen(QPen(colour, line, j=Qt.PenJoinStyle.MiterJoin))
            half = line / 2
            painter.drawRect(
                QRectF(x, y, self.zoom, self.zoom).adjusted(inset + half, inset + half, -inset - half, -inset - half)
            )

    def _paint_help(self, rows: style.HelpRows) -> QImage:
        pad, row_height, between, cap_pad = self.px(12), self.px(28), self.px(18), self.px(7)
        metrics, gap = self.small_metrics, self.px(7)

        def cap_width(key: str) -> float:
            return max(metrics.horizontalAdvance(key) + 2 * cap_pad, self.px(20))

        def row_width(row: tuple[tuple[str, str], ...]) -> float:
            words = sum(cap_width(key) + gap + metrics.horizontalAdvance(meaning) for key, meaning in row)
            return words + between * (len(row) - 1)

        width = round(max(row_width(row) for row in rows)) + 2 * pad
        image = self.panel(width, row_height * len(rows) + round(1.5 * pad))
        painter = QPainter(image)
        painter.setFont(self.small)
        for index, row in enumerate(rows):
            x, y = (width - row_width(row)) / 2, 0.75 * pad + index * row_height
            for key, meaning in row:
                cap = QRectF(x, y + self.px(4), cap_width(key), row_height - self.px(8))
                self._paint_keycap(painter, cap, key)
                x += cap.width() + gap
                painter.setPen(style.TEXT_MUTED)
                box = QRectF(x, y, metrics.horizontalAdvance(meaning) + 1, row_height)
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, meaning)
                x += metrics.horizontalAdvance(meaning) + between
        painter.end()
        return image

    def _paint_keycap(self, painter: QPainter, cap: QRectF, key: str) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.KEYCAP)
        painter.drawRoundedRect(cap, self.px(4), self.px(4))
        painter.setPen(style.TEXT)
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, key)


def _font(pixels: float) -> QFont:
    font = QFont(QGuiApplication.font())
    font.setPixelSize(max(1, round(pixels)))
    font.setWeight(QFont.Weight.Medium)
    return font


def _transparent(width: int, height: int) -> QImage:
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    return image
