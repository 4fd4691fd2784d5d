"""The dialog in which an album is chosen for images that are selected elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.core.imglink import Album
from app.ui import theme
from app.ui.albums_window import texts
from app.ui.albums_window.cells import PixmapOf
from app.ui.albums_window.lists import AlbumList
from app.ui.widgets import button, label


class AlbumChooser(QDialog):
    """Lists the albums; says which one is wanted."""

    chosen = Signal(object)
    """An AlbumId."""
    manage_requested = Signal()
    """The albums' window is wanted, as to make one."""

    def __init__(self, parent: QWidget | None, albums: Sequence[Album], count: int, pixmap_of: PixmapOf) -> None:
        """`count` images are to go into it."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Add to album"))
        self.list = AlbumList(pixmap_of)
        self.list.set_albums(albums)
        self._add = button(self.tr("Add"), self._enter, look="primary")
        self._add.setEnabled(bool(albums))
        none = self.tr("There are no albums yet.")
        words = self.tr("Add {images} to which album?").format(images=texts.count_text(count)) if albums else none
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE_S)
        buttons.addWidget(button(self.tr("Albums…"), self._manage))
        buttons.addStretch(1)
        buttons.addWidget(button(self.tr("Cancel"), self.reject))
        buttons.addWidget(self._add)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_M)
        column.setSpacing(theme.SPACE_M)
        column.addWidget(label(words, wrap=True))
        column.addWidget(self.list, 1)
        column.addLayout(buttons)
        self.list.activated.connect(lambda _: self._enter())
        if albums:
            self.list.choose(albums[0].id)
        self.list.setFocus()

    def sizeHint(self) -> QSize:
        """Room for five."""
        return QSize(420, 460)

    def _enter(self) -> None:
        if self.list.current is not None:
            self.chosen.emit(self.list.current.id)
            self.accept()

    def _manage(self) -> None:
        self.reject()
        self.manage_requested.emit()
