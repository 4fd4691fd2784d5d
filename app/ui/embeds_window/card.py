"""The card that Discord draws under a link, drawn here: an approximation from its public look, in its two themes.

Measures are those of Discord's own page, in logical pixels: a bar of 4, padding of 12 left, 16 right and below, 8
above; 8 between the parts; type of 12, 14 and 16; pictures of at most 400 × 300.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPixmap,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core.embed_text import as_shown, problem
from app.core.imglink import EmbedFields


@dataclass(frozen=True, slots=True)
class DiscordColors:
    """One of Discord's themes."""

    chat: str
    card: str
    bar: str
    """Where the profile has no colour."""
    header: str
    text: str
    muted: str
    link: str


DISCORD_DARK = DiscordColors("#313338", "#2b2d31", "#1e1f22", "#f2f3f5", "#dbdee1", "#b5bac1", "#00a8fc")
DISCORD_LIGHT = DiscordColors("#ffffff", "#f2f3f5", "#c4c9ce", "#060607", "#313338", "#4e5058", "#0067dc")

_MARGIN = 16
_BAR = 4
_PAD_LEFT, _PAD_RIGHT, _PAD_TOP, _PAD_BOTTOM = 12, 16, 8, 16
_GAP = 8
_IMAGE_GAP = 16
_RADIUS = 4
_MOST_CONTENT = 400
_MOST_IMAGE_HEIGHT = 300
_LINK_HEIGHT = 22
_MOST_WIDTH = _MARGIN * 2 + _BAR + _PAD_LEFT + _MOST_CONTENT + _PAD_RIGHT


@dataclass(frozen=True, slots=True)
class _Kind:
    """The type of one part of the card."""

    pixels: int
    line_px: int
    weight: QFont.Weight
    color: str
    """A name of `DiscordColors`."""


_PROVIDER = _Kind(12, 16, QFont.Weight.Normal, "muted")
_AUTHOR = _Kind(14, 18, QFont.Weight.DemiBold, "header")
_TITLE = _Kind(16, 20, QFont.Weight.DemiBold, "link")
_TEXT = _Kind(14, 18, QFont.Weight.Normal, "text")


@dataclass(frozen=True, slots=True)
class _Block:
    """A wrapped text at its place below the card's top."""

    layout: QTextLayout
    color: str
    top: float
    height: float
    width: float


class DiscordCard(QWidget):
    """A link in a chat with its card. Shows texts as plain text, cut where Discord cuts them."""

    def __init__(self) -> None:
        super().__init__()
        self._fields = EmbedFields("")
        self._image = QImage()
        self._scaled = QPixmap()
        self._colors = DISCORD_DARK
        self._link = "https://imglink.cc/i/_RxgFRvwh9"
        self._blocks: list[_Block] = []
        self._blocks_for = -1.0
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(220)
        self._describe()

    @property
    def is_dark(self) -> bool:
        """Which of the two themes."""
        return self._colors is DISCORD_DARK

    def set_fields(self, fields: EmbedFields) -> None:
        """Show these."""
        if fields != self._fields:
            self._fields = fields
            self._changed()

    def set_image(self, image: QImage) -> None:
        """Show this picture below the texts; none for a null one."""
        self._image = image
        self._scaled = QPixmap()
        self._changed()

    def set_link(self, link: str) -> None:
        """Show this address above the card."""
        self._link = link
        self._changed()

    def set_dark(self, is_dark: bool) -> None:
        """Choose Discord's theme, which need not be this program's."""
        self._colors = DISCORD_DARK if is_dark else DISCORD_LIGHT
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the widest card."""
        return QSize(_MOST_WIDTH, self.heightForWidth(_MOST_WIDTH))

    def minimumSizeHint(self) -> QSize:
        """As high as it is at its width."""
        return QSize(self.minimumWidth(), 0)

    def hasHeightForWidth(self) -> bool:
        """Texts wrap."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How high it is."""
        return int(2 * _MARGIN + _LINK_HEIGHT + _GAP / 2 + self._card_height(self._content_width(width))) + 1

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The chat, the link, the card."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        back = QPainterPath()
        back.addRoundedRect(QRectF(self.rect()), 8, 8)
        painter.fillPath(back, QColor(self._colors.chat))
        width = self._content_width(self.width())
        self._paint_link(painter)
        self._paint_card(painter, width, QPointF(_MARGIN, _MARGIN + _LINK_HEIGHT + _GAP / 2))
        painter.end()

    # --- measuring ----------------------------------------------------------------------------------------------------

    @staticmethod
    def _content_width(width: int) -> float:
        return float(max(80, min(_MOST_CONTENT, width - (_MOST_WIDTH - _MOST_CONTENT))))

    def _card_height(self, width: float) -> float:
        blocks, image = self._laid_out(width), self._image_size(width)
        bottom = blocks[-1].top + blocks[-1].height if blocks else 0.0
        if image.isEmpty():
            return (bottom or float(_PAD_TOP)) + _PAD_BOTTOM
        return (bottom or float(_PAD_TOP) - _IMAGE_GAP / 2) + _IMAGE_GAP + image.height() + _PAD_BOTTOM

    def _image_size(self, width: float) -> QSize:
        if self._image.isNull():
            return QSize()
        most = QSize(int(width), _MOST_IMAGE_HEIGHT)
        size = self._image.size()
        fits = size.width() <= most.width() and size.height() <= most.height()
        return size if fits else size.scaled(most, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))

    def _laid_out(self, width: float) -> list[_Block]:
        if self._blocks_for != width:
            self._blocks_for = width
            self._blocks = []
            top = float(_PAD_TOP)
            for kind, text in self._texts():
                block = self._lay_out(kind, text, width, top + (_GAP if self._blocks else _GAP / 2))
                self._blocks.append(block)
                top = block.top + block.height
        return self._blocks

    def _texts(self) -> list[tuple[_Kind, str]]:
        fields = self._fields
        parts = (
            (_PROVIDER, _one_line(fields.site_name)),
            (_AUTHOR, _one_line(fields.author_name)),
            (_TITLE, _one_line(as_shown("title", fields.title))),
            (_TEXT, as_shown("description", fields.description).strip()),
        )
        return [(kind, text) for kind, text in parts if text]

    def _lay_out(self, kind: _Kind, text: str, width: float, top: float) -> _Block:
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout = QTextLayout(text.replace("\n", "\u2028"), self._font(kind))
        layout.setTextOption(option)
        layout.beginLayout()
        height, widest = 0.0, 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, height + (kind.line_px - line.height()) / 2))
            widest = max(widest, line.naturalTextWidth())
            height += kind.line_px
        layout.endLayout()
        return _Block(layout, kind.color, top, height, widest)

    def _font(self, kind: _Kind) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(kind.pixels)
        font.setWeight(kind.weight)
        return font

    # --- painting -----------------------------------------------------------------------------------------------------

    def _paint_link(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(15)
        area = QRectF(_MARGIN, _MARGIN, self.width() - 2 * _MARGIN, _LINK_HEIGHT)
        shown = QFontMetricsF(font).elidedText(self._link, Qt.TextElideMode.ElideMiddle, area.width())
        painter.setFont(font)
        painter.setPen(QColor(self._colors.link))
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _paint_card(self, painter: QPainter, width: float, corner: QPointF) -> None:
        blocks, image = self._laid_out(width), self._image_size(width)
        content = max([image.width(), *(block.width for block in blocks)], default=0)
        height = self._card_height(width)
        frame = QRectF(corner.x(), corner.y(), _BAR + _PAD_LEFT + max(content, 60.0) + _PAD_RIGHT, height)
        shape = QPainterPath()
        shape.addRoundedRect(frame, _RADIUS, _RADIUS)
        painter.fillPath(shape, QColor(self._colors.card))
        bar = QPainterPath()
        bar.addRect(QRectF(frame.left(), frame.top(), _BAR, frame.height()))
        painter.fillPath(bar.intersected(shape), QColor(self._bar_color()))
        left = frame.left() + _BAR + _PAD_LEFT
        for block in blocks:
            painter.setPen(QColor(getattr(self._colors, block.color)))
            block.layout.draw(painter, QPointF(left, frame.top() + block.top))
        if not image.isEmpty():
            self._paint_image(painter, QRectF(left, frame.bottom() - _PAD_BOTTOM - image.height(), 0, 0), image)

    def _bar_color(self) -> str:
        color = self._fields.color
        return color if color and not problem("color", color) else self._colors.bar

    def _paint_image(self, painter: QPainter, area: QRectF, size: QSize) -> None:
        area.setSize(size)
        wanted = size * self.devicePixelRatioF()
        if self._scaled.size() != wanted:
            aspect, mode = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
            self._scaled = QPixmap.fromImage(self._image.scaled(wanted, aspect, mode))
        clip = QPainterPath()
        clip.addRoundedRect(area, _RADIUS, _RADIUS)
        painter.save()
        painter.setClipPath(clip)
        painter.drawPixmap(area, self._scaled, QRectF(self._scaled.rect()))
        painter.restore()

    def _changed(self) -> None:
        self._blocks_for = -1.0
        self._describe()
        self.updateGeometry()
        self.update()

    def _describe(self) -> None:
        self.setAccessibleName(self.tr("Approximate preview on Discord"))
        self.setAccessibleDescription(". ".join(text for _, text in self._texts()))


def _one_line(text: str) -> str:
    return " ".join(text.split())
