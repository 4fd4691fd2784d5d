"""The list at the left: the profiles, how many there may be, and what can be done with them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeySequence, QPainter, QPixmap, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.core.embed_text import problem
from app.core.imglink import MAX_EMBED_PROFILES, EmbedId, EmbedProfile
from app.ui import theme
from app.ui.widgets import IconButton, button, heading, label, set_tone

_WIDTH = 216
_DOT = 14


class ProfileList(QWidget):
    """Shows names; says which one is wanted and leaves it to the window to go there."""

    wanted = Signal(int)
    """A row that the person chose; `select` goes there."""
    new_wanted = Signal()
    duplicate_wanted = Signal()
    delete_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(_WIDTH)
        self._profiles: tuple[EmbedProfile, ...] = ()
        self._default: EmbedId | None = None
        self._draft_name: str | None = None
        self.count = label(tone="muted", small=True)
        self.list = QListWidget()
        self.list.setProperty("look", "sidebar")
        self.list.setAccessibleName(self.tr("Embed profiles"))
        self.list.setIconSize(QSize(_DOT, _DOT))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._row_changed)
        self._selected = -1
        self.new = button(self.tr("New"), self.new_wanted.emit)
        self.duplicate = IconButton("copy", self.tr("Duplicate"))
        self.delete = IconButton("trash", self.tr("Delete…"))
        self.duplicate.clicked.connect(self.duplicate_wanted)
        self.delete.clicked.connect(self.delete_wanted)
        delete_key = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.list)
        delete_key.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete_key.activated.connect(self.delete.click)
        self._build()

    @property
    def is_full(self) -> bool:
        """True when the service takes no more."""
        return len(self._profiles) >= MAX_EMBED_PROFILES

    def set_profiles(self, profiles: Sequence[EmbedProfile], default: EmbedId | None, draft_name: str | None) -> None:
        """Show these; `draft_name` is that of a profile which is not saved yet, None when there is none."""
        self._profiles, self._default, self._draft_name = tuple(profiles), default, draft_name
        self.list.blockSignals(True)
        self.list.clear()
        for profile in self._profiles:
            self._add(profile.fields.name, profile.fields.color, is_default=profile.id == default)
        if draft_name is not None:
            self._add(draft_name or self.tr("New profile"), "", is_default=False)
        self.list.setCurrentRow(self._selected)
        self.list.blockSignals(False)
        self.count.setText(self.tr("{count} of {most}").format(count=len(profiles), most=MAX_EMBED_PROFILES))
        set_tone(self.count, "warning" if self.is_full else "muted")
        self._enable()

    def select(self, row: int) -> None:
        """Mark a row, without asking."""
        self._selected = row
        self.list.blockSignals(True)
        self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        self._enable()

    def _enable(self) -> None:
        may_add = not self.is_full and self._draft_name is None
        self.new.setEnabled(may_add)
        self.duplicate.setEnabled(may_add and self._selected >= 0)
        self.delete.setEnabled(self._selected >= 0)
        full = self.tr("ImgLink takes {most} profiles: delete one to make another.").format(most=MAX_EMBED_PROFILES)
        self.new.setToolTip(full if self.is_full else "")
        self._full.setVisible(self.is_full)
        self._full.setText(full)

    def _add(self, name: str, color: str, *, is_default: bool) -> None:
        shown = " ".join(name.split()) or self.tr("(no name)")
        item = QListWidgetItem(self.tr("{name} · default").format(name=shown) if is_default else shown)
        item.setIcon(color_dot(color, self.devicePixelRatioF()))
        item.setSizeHint(QSize(0, self.list.fontMetrics().height() + 2 * theme.SPACE_M))
        self.list.addItem(item)

    def _row_changed(self, row: int) -> None:
        if row >= 0 and row != self._selected:
            self.select(self._selected)
            self.wanted.emit(row)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(heading(self.tr("Profiles")))
        head.addStretch(1)
        head.addWidget(self.count)
        self._full = label(tone="warning", small=True, wrap=True)
        self._full.hide()
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE_XS)
        buttons.addWidget(self.new, 1)
        buttons.addWidget(self.duplicate)
        buttons.addWidget(self.delete)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_M, theme.SPACE_L, theme.SPACE_M, theme.SPACE_M)
        column.setSpacing(theme.SPACE_M)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        column.addWidget(self._full)
        column.addLayout(buttons)


def color_dot(color: str, scale: float) -> QIcon:
    """A dot in a profile's colour."""
    picture = QPixmap(QSize(_DOT, _DOT) * scale)
    picture.setDevicePixelRatio(scale)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(theme.current_tokens().outline))
    is_color = bool(color) and not problem("color", color)
    painter.setBrush(QColor(color) if is_color else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(2, 2, _DOT - 4, _DOT - 4)
    painter.end()
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)
    return icon
