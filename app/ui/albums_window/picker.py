"""The dialog in which images of the history are picked for an album."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from app.core.history import HistoryEntry
from app.core.imglink import ImageId
from app.ui import theme
from app.ui.albums_window import texts
from app.ui.albums_window.cells import PixmapOf, Tile
from app.ui.albums_window.lists import TileGrid
from app.ui.mac import key_name
from app.ui.message_page import MessagePage
from app.ui.widgets import button, label, make_clearable

_TYPING_MS = 120
_NEAR_END_PX = 400


class Picker(QDialog):
    """Shows entries that it is given, says which are wanted, and keeps what was picked while the search changes."""

    entries_requested = Signal(str, int)
    """What to search for, and how many are shown already; answered by `set_entries`."""
    picked = Signal(list)
    """The ids of images."""

    def __init__(self, parent: QWidget | None, album_title: str, pixmap_of: PixmapOf) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Add images"))
        self._members: frozenset[ImageId] = frozenset()
        self._entries: list[HistoryEntry] = []
        self._picked: dict[str, None] = {}
        """In the order picked; also those that the search hides now."""
        self._has_more = False
        self._is_waiting = True
        self._is_filling = False
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Search by name, id, title or note"))
        self._search.setAccessibleName(self.tr("Search the history"))
        make_clearable(self._search)
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._typing.timeout.connect(self._ask_anew)
        self._search.textChanged.connect(self._typed)
        self._grid = TileGrid(pixmap_of)
        self._grid.setAccessibleName(self.tr("Images of your history"))
        self._grid.selection_changed.connect(self._selection_changed)
        self._grid.verticalScrollBar().valueChanged.connect(self._scrolled)
        self._message = MessagePage("image")
        self._stack = QStackedWidget()
        self._count = label(tone="muted")
        self._add = button(self.tr("Add"), self._enter, look="primary")
        self._build(album_title)
        self._selection_changed()

    def sizeHint(self) -> QSize:
        """Room for four in a row."""
        return QSize(720, 540)

    @property
    def picked_ids(self) -> list[ImageId]:
        """What is picked now."""
        return [ImageId(each) for each in self._picked]

    @property
    def grid(self) -> TileGrid:
        """The pictures."""
        return self._grid

    def set_members(self, members: frozenset[ImageId]) -> None:
        """Mark those that are in the album already."""
        self._members = members
        self._show()

    def set_entries(self, text: str, entries: Sequence[HistoryEntry], *, has_more: bool) -> None:
        """Show what was asked for: more below what is there, or all for another search."""
        if text != self._query:
            return
        known = {entry.id for entry in self._entries}
        self._entries += [entry for entry in entries if entry.id not in known]
        self._has_more, self._is_waiting = has_more, False
        self._show()
        # A tall window may show more than one portion.
        QTimer.singleShot(0, self, lambda: self._scrolled(self._grid.verticalScrollBar().value()))

    def show_problem(self, text: str) -> None:
        """The history could not be read."""
        self._is_waiting = False
        self._message.say(self.tr("The history could not be read"), text)
        self._stack.setCurrentWidget(self._message)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return adds what is picked, wherever the keyboard is."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter()
        else:
            super().keyPressEvent(event)

    @property
    def _query(self) -> str:
        return self._search.text().strip()

    def _typed(self) -> None:
        self._typing.start()

    def _ask_anew(self) -> None:
        self._entries.clear()
        self._has_more, self._is_waiting = False, True
        self.entries_requested.emit(self._query, 0)

    def _scrolled(self, value: int) -> None:
        is_near = value > self._grid.verticalScrollBar().maximum() - _NEAR_END_PX
        if is_near and self._has_more and not self._is_waiting and self.isVisible():
            self._is_waiting = True
            self.entries_requested.emit(self._query, len(self._entries))

    def _show(self) -> None:
        self._is_filling = True
        in_album = texts.tr("In the album")
        self._grid.set_tiles(
            [
                Tile(entry.image_id, entry.shown_name, entry, in_album if entry.image_id in self._members else "")
                for entry in self._entries
            ]
        )
        self._grid.select(list(self._picked))
        self._is_filling = False
        if not self._entries and not self._is_waiting:
            if self._query:
                self._message.say(self.tr("Nothing found"), self.tr("No image of your history has these words."))
            else:
                hint = self.tr("Images that you upload with your account appear here.")
                self._message.say(self.tr("Your history is empty"), hint)
        self._stack.setCurrentWidget(self._grid if self._entries or self._is_waiting else self._message)

    def _selection_changed(self) -> None:
        if self._is_filling:
            return
        shown = {tile.id for tile in self._grid.tiles}
        selected = [tile.id for tile in self._grid.selected]
        kept = [each for each in self._picked if each not in shown or each in set(selected)]
        self._picked = dict.fromkeys([*kept, *selected])
        count = len(self._picked)
        self._add.setEnabled(count > 0)
        self._add.setText(self.tr("Add {images}").format(images=texts.count_text(count)) if count else self.tr("Add"))
        hint = self.tr("{ctrl} or Shift picks several.").format(ctrl=key_name("Ctrl"))
        self._count.setText(hint if not count else self.tr("{images} picked").format(images=texts.count_text(count)))

    def _enter(self) -> None:
        if self._picked:
            self.picked.emit(self.picked_ids)
            self.accept()

    def _build(self, album_title: str) -> None:
        self._stack.addWidget(self._grid)
        self._stack.addWidget(self._message)
        heading = label(self.tr("Pick images of your history for “{album}”.").format(album=album_title), wrap=True)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE_S)
        buttons.addWidget(self._count, 1)
        buttons.addWidget(button(self.tr("Cancel"), self.reject))
        buttons.addWidget(self._add)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_M)
        column.setSpacing(theme.SPACE_M)
        column.addWidget(heading)
        column.addWidget(self._search)
        column.addWidget(self._stack, 1)
        column.addLayout(buttons)
        self._search.setFocus()
