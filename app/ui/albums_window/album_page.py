"""One album: what it is called, what is in it, and what can be done with that."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.core.history import HistoryEntry
from app.core.imglink import Album, ImageId
from app.ui import theme
from app.ui.albums_window import texts
from app.ui.albums_window.cells import PixmapOf, Tile
from app.ui.albums_window.lists import TileGrid
from app.ui.message_page import MessagePage
from app.ui.settings_window.fields import Switch
from app.ui.widgets import ElidedLabel, button, label, plain_tooltip

_INSET = 7
"""How far a picture lies inside its cell: the texts above begin where the pictures do."""
_DESCRIPTION_LINES = 3


class AlbumPage(QWidget):
    """Shows one Album; says what the person wants."""

    add_requested = Signal()
    edit_requested = Signal()
    delete_requested = Signal()
    copy_album_link_requested = Signal()
    default_toggled = Signal(bool)
    remove_requested = Signal(list)
    """The ids of images."""
    copy_links_requested = Signal(list)
    open_requested = Signal(str)
    images_dropped = Signal(list)
    reload_requested = Signal()

    def __init__(self, pixmap_of: PixmapOf) -> None:
        super().__init__()
        self._album: Album | None = None
        self._title = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self._title.setFont(theme.heading_font(self._title.font(), 1.35))
        self._line = label(tone="muted")
        self._description = label(tone="muted", wrap=True)
        self._description.setMaximumHeight(_DESCRIPTION_LINES * self._description.fontMetrics().lineSpacing())
        self._description.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._add = button(self.tr("Add images…"), self.add_requested.emit, look="primary")
        self._copy_link = button(self.tr("Copy album link"), self.copy_album_link_requested.emit)
        self._edit = button(self.tr("Edit…"), self.edit_requested.emit)
        self._delete = button(self.tr("Delete…"), self.delete_requested.emit, look="danger")
        self._default = Switch()
        self._default.setAccessibleName(self.tr("New captures go to this album"))
        self._default.clicked.connect(self.default_toggled)
        self.grid = TileGrid(pixmap_of, takes_drops=True, drags=True)
        self.grid.setAccessibleName(self.tr("Images of the album"))
        self._empty = _DropPage(
            self.tr("Nothing in here yet"), self.tr("Add images, or drag them here from the history.")
        )
        self._loading = MessagePage("retry")
        self._loading.say(self.tr("Reading the album…"), "")
        self._loading.show_progress()
        self._failed = MessagePage("alert", tone="danger")
        self._failed.offer(self.tr("Try again"), self.reload_requested.emit)
        self._stack = QStackedWidget()
        self._selection = _SelectionBar()
        self._build()
        self._connect()
        self._update_selection()

    @property
    def album(self) -> Album | None:
        """The one that is shown."""
        return self._album

    def set_album(self, album: Album, *, is_default: bool) -> None:
        """Show the head of an album; its images come with `set_images`."""
        if self._album is None or album.id != self._album.id:
            self.grid.set_tiles([])
            self.show_loading()
        self._album = album
        self._title.set_text(texts.title_text(album))
        self._line.setText(texts.line_text(album))
        self._description.setText(album.description)
        self._description.setToolTip(plain_tooltip(album.description))
        self._description.setVisible(bool(album.description.strip()))
        self._copy_link.setVisible(album.url is not None)
        self._default.setChecked(is_default)

    def show_loading(self) -> None:
        """The images are on their way."""
        if not self.grid.tiles:
            self._stack.setCurrentWidget(self._loading)

    def set_images(self, album: Album, known: Mapping[ImageId, HistoryEntry]) -> None:
        """Show the images of the album; `known` are the entries of those that are in the history."""
        tiles = [
            Tile(image.id, known[image.id].shown_name, known[image.id])
            if image.id in known
            else Tile(image.id, image.id, image.thumbnail or image.url)
            for image in album.images
        ]
        self.grid.set_tiles(tiles)
        self._stack.setCurrentWidget(self.grid if tiles else self._empty)
        self._update_selection()

    def show_failure(self, text: str) -> None:
        """The images could not be read; those that are shown stay."""
        if not self.grid.tiles:
            self._failed.say(self.tr("The album could not be read"), text)
            self._stack.setCurrentWidget(self._failed)

    @property
    def selected_ids(self) -> list[ImageId]:
        """What is selected."""
        return [ImageId(tile.id) for tile in self.grid.selected]

    def _update_selection(self) -> None:
        self._selection.set_count(len(self.grid.selected))

    def _if_selected(self, signal_name: str) -> None:
        if ids := self.selected_ids:
            getattr(self, signal_name).emit(ids)

    def _connect(self) -> None:
        self.grid.selection_changed.connect(self._update_selection)
        self.grid.opened.connect(self.open_requested)
        self.grid.images_dropped.connect(self.images_dropped)
        self._empty.grid.images_dropped.connect(self.images_dropped)
        self._selection.copy.clicked.connect(lambda: self._if_selected("copy_links_requested"))
        self._selection.remove.clicked.connect(lambda: self._if_selected("remove_requested"))
        self._selection.clear.clicked.connect(self.grid.clearSelection)
        for keys, name in (
            (QKeySequence.StandardKey.Copy, "copy_links_requested"),
            (QKeySequence.StandardKey.Delete, "remove_requested"),
        ):
            shortcut = QShortcut(QKeySequence(keys), self.grid)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(lambda wanted=name: self._if_selected(wanted))

    def _build(self) -> None:
        for page in (self.grid, self._empty, self._loading, self._failed):
            self._stack.addWidget(page)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE_S)
        for each in (self._add, self._copy_link, self._edit, self._delete):
            buttons.addWidget(each)
        buttons.addStretch(1)
        buttons.addWidget(label(self.tr("New captures go to this album"), tone="muted"))
        buttons.addWidget(self._default)
        head = QVBoxLayout()
        head.setContentsMargins(_INSET, 0, 0, 0)
        head.setSpacing(theme.SPACE_S)
        for line in (self._title, self._line, self._description):
            head.addWidget(line)
        head.addLayout(buttons)
        foot = QVBoxLayout()
        foot.setContentsMargins(_INSET, 0, 0, 0)
        foot.addWidget(self._selection)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_L - _INSET, theme.SPACE_L, theme.SPACE_L, theme.SPACE_M)
        column.setSpacing(theme.SPACE_S)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        column.addLayout(foot)


class _DropPage(QWidget):
    """An empty album, on which images can be dropped as well."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        message = MessagePage("image")
        message.say(title, text)
        self.grid = TileGrid(lambda *_: None, takes_drops=True)
        self.grid.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.grid.setAccessibleName(title)
        column = QVBoxLayout(self.grid.viewport())
        column.addWidget(message)
        message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.grid)


class _SelectionBar(QFrame):
    """What can be done with what is selected."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "panel")
        self._text = label()
        self.copy = button(self.tr("Copy links"), lambda: None, look="small")
        self.remove = button(self.tr("Remove from album"), lambda: None, look="small")
        self.clear = button(self.tr("Select none"), lambda: None, look="small")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_S, theme.SPACE_S)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self._text, 1)
        for each in (self.clear, self.copy, self.remove):
            row.addWidget(each)

    def set_count(self, count: int) -> None:
        """Say how many; away when there are none."""
        self.setVisible(count > 0)
        self._text.setText(self.tr("{images} selected").format(images=texts.count_text(count)))
