"""The middle of the window: grid and table over one model and one selection, or why there is nothing to list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QMimeData, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QDrag, QGuiApplication
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.core.history import EntryId, HistoryEntry
from app.ui.history_window.drag import make_drag_data
from app.ui.history_window.grid import HistoryGrid
from app.ui.history_window.model import Column, HistoryModel, runs
from app.ui.history_window.pictures import Pictures
from app.ui.history_window.switch import ViewMode
from app.ui.history_window.table import HistoryTable
from app.ui.message_page import MessagePage
from app.ui.texts import shortcut_text

_MOST_KNOWN = 2000
"""Of more chosen ones than so many, not every value is looked at."""
_MOST_DRAGGED = 20
_SETTLED_MS = 80


class ListPane(QStackedWidget):
    """Told of the model's state, it shows the list; what is chosen is chosen in both views."""

    chosen_changed = Signal()
    activated = Signal()
    """Enter or a double click on what is chosen."""
    typed = Signal(str)
    menu_requested = Signal(QPoint)
    retry_requested = Signal()
    clear_requested = Signal()
    """Nothing matches, and everything is to be seen."""
    files_wanted = Signal(list)
    """HistoryEntries that may be dragged in a moment: answered by `set_drag_files`, each time."""
    drag_requested = Signal()
    """What is chosen is to be carried somewhere, and its files are at hand."""
    dragged_out = Signal(list)
    """EntryIds that another program got."""

    def __init__(self, pictures: Pictures) -> None:
        super().__init__()
        self.model = HistoryModel()
        self.model.setParent(self)
        self.grid = HistoryGrid(self.model, pictures)
        self.table = HistoryTable(self.model, pictures)
        self.table.share_selection(self.grid.selectionModel())
        self._pictures = pictures
        self._drag_files: Mapping[EntryId, Path] = {}
        self._preparing = 0
        """How often files were asked for that have not come."""
        self._is_drag_due = False
        self._mode = ViewMode.GRID
        self._blank = QWidget()
        self._loading, self._empty = MessagePage("history"), MessagePage("history")
        self._no_match, self._error = MessagePage("search"), MessagePage("alert", tone="danger")
        self._loading.say(self.tr("Reading the history…"), "")
        self._no_match.say(self.tr("Nothing matches"), self.tr("Try fewer words, or other filters."))
        self._no_match.offer(self.tr("Show everything"), self.clear_requested.emit)
        self._error.offer(self.tr("Try again"), self.retry_requested.emit)
        for page in (self._blank, self._loading, self.grid, self.table, self._empty, self._no_match, self._error):
            self.addWidget(page)
        self._slow = QTimer(self, singleShot=True, interval=400)
        self._slow.timeout.connect(lambda: self.setCurrentWidget(self._loading))
        self._settled = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._settled.timeout.connect(self._forget_far_pictures)
        self._connect()
        self.set_shortcut("")
        self.show_loading()

    # --- what is shown ------------------------------------------------------------------------------------------------

    @property
    def view(self) -> HistoryGrid | HistoryTable:
        """The view of the mode."""
        return self.grid if self._mode is ViewMode.GRID else self.table

    @property
    def mode(self) -> ViewMode:
        """How it is shown."""
        return self._mode

    def set_mode(self, mode: ViewMode) -> None:
        """Show as pictures or as a table; what is chosen stays chosen and seen."""
        had_focus = self.view.hasFocus()
        is_list = self.currentWidget() is self.view
        self._mode = mode
        if is_list:
            self.setCurrentWidget(self.view)
            self.view.scrollTo(self.view.currentIndex())
        if had_focus:
            self.view.setFocus()

    def set_shortcut(self, shortcut: str) -> None:
        """Name the key that takes a region, for when there is nothing yet."""
        keys = shortcut_text(shortcut)
        how = (
            self.tr("Press {keys} and drag.").format(keys=keys)
            if keys
            else self.tr("Capture a region, or drop a file.")
        )
        self._empty.say(self.tr("Nothing uploaded yet"), how)

    def show_loading(self) -> None:
        """Nothing is known yet; said only when that takes a while."""
        self.setCurrentWidget(self._blank)
        self._slow.start()

    def show_error(self, text: str) -> None:
        """The history could not be read."""
        self._slow.stop()
        self._error.say(self.tr("The history cannot be read"), text)
        self.setCurrentWidget(self._error)

    def show_list(self, *, is_restricted: bool) -> None:
        """Show the list, or why it is empty."""
        self._slow.stop()
        if self.model.rowCount():
            self.setCurrentWidget(self.view)
        else:
            self.setCurrentWidget(self._no_match if is_restricted else self._empty)

    def repaint_pictures(self) -> None:
        """A picture has come."""
        self.view.viewport().update()

    def set_drag_files(self, files: Mapping[EntryId, Path]) -> None:
        """These have a file with a sensible name now. A drag that waited for them begins, if it is still wanted."""
        self._drag_files = dict(files)
        self._preparing -= 1
        if self._is_drag_due and not self._preparing:
            self._is_drag_due = False
            if QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
                self.drag_requested.emit()

    def focus_list(self) -> None:
        """Go on in the list by keyboard."""
        if self.model.rowCount():
            if not self.view.currentIndex().isValid():
                self.view.setCurrentIndex(self.model.index(0, 0))
            self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # --- what is chosen -----------------------------------------------------------------------------------------------

    def chosen(self) -> list[EntryId]:
        """What is chosen, in the order of the list."""
        return self.model.ids_of(self.grid.selectionModel().selection())

    def known(self, ids: Sequence[EntryId]) -> list[HistoryEntry]:
        """Those of them whose values are at hand; of very many, the first."""
        return [entry for each in ids[:_MOST_KNOWN] if (entry := self.model.known(each)) is not None]

    def choose(self, ids: Sequence[EntryId], current: EntryId | None = None) -> None:
        """Choose these, as far as they are listed."""
        selection, flag = self.grid.selectionModel(), QItemSelectionModel.SelectionFlag
        wanted, last = QItemSelection(), len(Column) - 1
        for top, bottom in runs(sorted(self.model.rows_of(ids))):
            wanted.select(self.model.index(top, 0), self.model.index(bottom, last))
        selection.select(wanted, flag.ClearAndSelect)
        row = None if current is None else self.model.row_of(current)
        if row is not None:
            selection.setCurrentIndex(self.model.index(row, 0), flag.NoUpdate)

    def current_id(self) -> EntryId | None:
        """The entry that has the keyboard."""
        row = self.grid.currentIndex().row()
        return self.model.ids[row] if 0 <= row < self.model.rowCount() else None

    def drag_data(self, link_of: Mapping[EntryId, str]) -> QMimeData | None:
        """What is dragged out now; None when nothing is at hand."""
        entries = self.known(self.chosen())
        links = "\n".join(link_of.get(entry.id, entry.image.url) for entry in entries)
        return make_drag_data(entries, self._drag_files, links) if entries else None

    def start_drag(self, data: QMimeData) -> None:
        """Let the person carry it somewhere."""
        drag = QDrag(self)
        drag.setMimeData(data)
        entries = self.known(self.chosen()[:1])
        pixmap = self._pictures.pixmap(entries[0], 96, self.devicePixelRatioF()) if entries else None
        if pixmap is not None:
            drag.setPixmap(pixmap)
        ids = [entry.id for entry in self.known(self.chosen())]
        # Qt's only way to drag; it returns when the person lets go.
        if drag.exec(Qt.DropAction.CopyAction) is not Qt.DropAction.IgnoreAction:
            self.dragged_out.emit(ids)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.grid.selectionModel().selectionChanged.connect(lambda *_: self.chosen_changed.emit())
        self.model.modelReset.connect(self.chosen_changed)
        for view in (self.grid, self.table):
            view.activated.connect(lambda _index: self.activated.emit())
            view.typed.connect(self.typed)
            view.menu_requested.connect(self.menu_requested)
            view.pressed.connect(lambda _index: self._prepare_drag())
            view.drag_requested.connect(self._drag_when_ready)
            view.verticalScrollBar().valueChanged.connect(lambda _value: self._settled.start())

    def _prepare_drag(self) -> None:
        self._is_drag_due = False
        ids = self.chosen()
        if 0 < len(ids) <= _MOST_DRAGGED:
            entries = [entry for entry in self.known(ids) if entry.path is not None]
            if entries:
                self._preparing += 1
                self.files_wanted.emit(entries)

    def _drag_when_ready(self) -> None:
        # A slow disk must not turn files into links.
        if self._preparing:
            self._is_drag_due = True
        else:
            self.drag_requested.emit()

    def _forget_far_pictures(self) -> None:
        """What was scrolled past need not be loaded any more."""
        first, behind = self.view.seen_rows()
        self._pictures.keep_only(self.model.ids[first:behind])
