"""What stands beside the list when not exactly one entry is chosen."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.links import LinkForm
from app.ui import theme
from app.ui.history_window import texts
from app.ui.texts import bytes_text
from app.ui.widgets import Symbol, button, heading, label


class Summary(QWidget):
    """How many are chosen, how large they are, and what can be done with all of them."""

    copy_requested = Signal(object)
    """A LinkForm."""
    default_copy_requested = Signal()
    """In the form of the settings."""
    favourite_requested = Signal(bool)
    albums_requested = Signal()
    embed_requested = Signal()
    export_requested = Signal()
    forget_requested = Signal()
    delete_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._count = heading("", 1.1)
        self._sizes = label(tone="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_L)
        column.setSpacing(theme.SPACE_S)
        column.addWidget(self._count)
        column.addWidget(self._sizes)
        column.addSpacing(theme.SPACE_S)
        column.addWidget(button(self.tr("Copy links"), self.default_copy_requested.emit, look="primary"))
        column.addWidget(button(self.tr("Copy as Markdown"), lambda: self.copy_requested.emit(LinkForm.MARKDOWN)))
        column.addWidget(button(self.tr("Make favourites"), lambda: self.favourite_requested.emit(True)))
        column.addWidget(button(self.tr("Add to album…"), self.albums_requested.emit))
        column.addWidget(button(self.tr("Embed profile…"), self.embed_requested.emit))
        column.addWidget(button(self.tr("Export…"), self.export_requested.emit))
        column.addSpacing(theme.SPACE_M)
        column.addWidget(button(self.tr("Forget here"), self.forget_requested.emit))
        column.addWidget(button(self.tr("Delete on ImgLink"), self.delete_requested.emit, look="danger"))
        column.addStretch(1)

    def show_count(self, count: int, known_bytes: int | None) -> None:
        """Show how many; `known_bytes` None when they are too many to add up."""
        self._count.setText(texts.counted(count, self.tr("1 image chosen"), self.tr("{count} images chosen")))
        self._sizes.setText(
            "" if known_bytes is None else self.tr("{size} in all").format(size=bytes_text(known_bytes))
        )
        self._sizes.setVisible(known_bytes is not None)

    def sizeHint(self) -> QSize:
        """As the details."""
        return QSize(320, 560)


class NothingChosen(QWidget):
    """Beside a list of which nothing is chosen."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL)
        column.setSpacing(theme.SPACE_S)
        self._symbol = Symbol("image", size=28)
        self._text = label(self.tr("Choose an image to see its links and details."), tone="muted", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        column.addWidget(self._symbol, 0, Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._text)
        column.addStretch(1)

    def set_hint(self, is_shown: bool) -> None:
        """Without a list, there is nothing to choose."""
        self._symbol.setVisible(is_shown)
        self._text.setVisible(is_shown)
