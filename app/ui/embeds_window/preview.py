"""The live card with what is around it: Discord's theme, the picture, and what it is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPainterPath
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.core.imglink import EmbedFields
from app.ui import theme
from app.ui.embeds_window.card import DiscordCard
from app.ui.widgets import heading, label

_SAMPLE = (800, 450)


class PreviewPanel(QWidget):
    """Shows `EmbedFields` as Discord would."""

    picture_chosen = Signal(str)
    """The key of a picture, as given to `set_pictures`; empty for the sample."""

    def __init__(self) -> None:
        super().__init__()
        self.card = DiscordCard()
        self.card.set_image(sample_picture())
        self._dark = _segment(self.tr("Dark"), "left")
        self._light = _segment(self.tr("Light"), "right")
        self._dark.setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self._dark)
        group.addButton(self._light)
        self._dark.toggled.connect(self.card.set_dark)
        self.pictures = QComboBox()
        self.pictures.setAccessibleName(self.tr("Picture in the preview"))
        self.pictures.addItem(self.tr("Sample picture"), "")
        self.pictures.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.pictures.setMinimumContentsLength(12)
        self.pictures.activated.connect(lambda index: self.picture_chosen.emit(self.pictures.itemData(index)))
        self._build()

    def set_fields(self, fields: EmbedFields) -> None:
        """Show these."""
        self.card.set_fields(fields)

    def set_pictures(self, pictures: Sequence[tuple[str, str]]) -> None:
        """Offer these beside the sample, as (key, name)."""
        chosen = self.pictures.currentData()
        while self.pictures.count() > 1:
            self.pictures.removeItem(1)
        for key, name in pictures:
            self.pictures.addItem(name, key)
        self.pictures.setCurrentIndex(max(0, self.pictures.findData(chosen)))

    def set_picture(self, image: QImage) -> None:
        """Show this picture; the sample for a null one."""
        self.card.set_image(sample_picture() if image.isNull() else image)

    def set_dark(self, is_dark: bool) -> None:
        """Choose Discord's theme."""
        (self._dark if is_dark else self._light).setChecked(True)

    def _build(self) -> None:
        toggle = QHBoxLayout()
        toggle.setSpacing(0)
        toggle.addWidget(self._dark)
        toggle.addWidget(self._light)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE_M)
        head.addWidget(heading(self.tr("On Discord"), 1.1))
        head.addStretch(1)
        head.addWidget(self.pictures)
        head.addLayout(toggle)
        inside = QWidget()
        inside.setObjectName("page")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_S)
        column.addWidget(self.card)
        note = self.tr(
            "An approximation, drawn on this computer. Where a field is empty, ImgLink puts in its own text. "
            "Discord keeps the card of a link that was posted before."
        )
        column.addWidget(label(note, tone="muted", small=True, wrap=True))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(theme.SPACE_M)
        outer.addLayout(head)
        outer.addWidget(scroll, 1)


def _segment(text: str, side: str) -> QPushButton:
    made = QPushButton(text)
    made.setCheckable(True)
    made.setAutoExclusive(True)
    made.setAutoDefault(False)
    made.setProperty("look", "segment")
    made.setProperty("side", side)
    made.setAccessibleName(made.tr("Discord's look: {name}").format(name=text))
    return made


def sample_picture() -> QImage:
    """A picture to fill the card with, drawn here: hills at dusk."""
    width, height = _SAMPLE
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    sky = QLinearGradient(0, 0, 0, height)
    sky.setColorAt(0, QColor("#3b4cca"))
    sky.setColorAt(0.55, QColor("#e48fb4"))
    sky.setColorAt(1, QColor("#ffd9a0"))
    painter.fillRect(image.rect(), sky)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#fff1d0"))
    painter.drawEllipse(540, 150, 96, 96)
    hills = (("#6a5a9c", 270, 340, 300), ("#443a72", 350, 290, 360), ("#261f47", 380, 430, 370))
    for color, left, middle, right in hills:
        hill = QPainterPath()
        hill.moveTo(0, left)
        hill.cubicTo(width * 0.3, middle - 130, width * 0.5, middle + 60, width * 0.72, middle - 20)
        hill.quadTo(width * 0.9, middle - 90, width, right)
        hill.lineTo(width, height)
        hill.lineTo(0, height)
        painter.setBrush(QColor(color))
        painter.drawPath(hill)
    painter.end()
    return image
