"""The history window: filters, grid or table, details. It shows and asks; `app.ui.history_controller` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMenu, QScrollArea, QSplitter, QVBoxLayout, QWidget

from app.core.history import EntryId, HistoryQuery, HistoryStatistics
from app.core.imglink import AlbumId, EmbedId
from app.core.links import LinkForm
from app.core.uploads import UploadItem
from app.ui import icons, theme
from app.ui.history_window import texts
from app.ui.history_window.bars import ActionBar, ResultBar, StatisticsStrip
from app.ui.history_window.details import Details, NoteField, TitleField
from app.ui.history_window.filters import FilterBar
from app.ui.history_window.keys import add_keys
from app.ui.history_window.listing import ListPane
from app.ui.history_window.menu import make_menu, why_not_deletable
from app.ui.history_window.pictures import Pictures
from app.ui.history_window.side import LinksOf, SidePane
from app.ui.history_window.switch import ViewMode, ViewSwitch
from app.ui.mac import bring_to_front
from app.ui.tray_window.uploads import UploadsView
from app.ui.widgets import IconButton, line

_WAITING_PX = 220


class HistoryWindow(QWidget):
    """Every wish is a signal; those about what is chosen carry EntryIds in the order of the list."""

    query_changed = Signal(object)
    """A HistoryQuery."""
    retry_requested = Signal()
    """Read the list again."""
    copy_requested = Signal(list, object)
    """EntryIds, and a LinkForm, or None for the one of the settings."""
    delete_link_requested = Signal(list)
    """The EntryId whose delete link is to be copied."""
    open_requested = Signal(list, bool)
    """EntryIds, and True for the direct links."""
    favourite_requested = Signal(list, bool)
    title_edited = Signal(object, str)
    """An EntryId and its new title."""
    note_edited = Signal(object, str)
    refresh_requested = Signal(object)
    """An EntryId: the service is to be asked about it."""
    albums_requested = Signal(list)
    embed_requested = Signal(list)
    upload_again_requested = Signal(list)
    edit_requested = Signal(list)
    folder_requested = Signal(list)
    export_requested = Signal(list)
    """EntryIds; none for all that is listed."""
    import_requested = Signal()
    forget_requested = Signal(list)
    delete_requested = Signal(list)
    undo_requested = Signal()
    files_wanted = Signal(list)
    """HistoryEntries that may be dragged in a moment: answered by `set_drag_files`, each time."""
    dragged_out = Signal(list)
    """EntryIds that another program got."""
    closed = Signal()

    def __init__(self, pictures: Pictures) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("ImgLink history"))
        self.setWindowIcon(icons.app_icon())
        self.setMinimumSize(600, 420)
        # By itself, Qt would give two thirds of the screen at most.
        self.resize(self.sizeHint().boundedTo(self.screen().availableSize() * 0.9))
        self.filters = FilterBar()
        self.listing, self.side = ListPane(pictures), SidePane(pictures)
        self.model = self.listing.model
        self.waiting = UploadsView()
        self.action, self.results = ActionBar(), ResultBar()
        self._switch = ViewSwitch()
        self._more = IconButton("more", self.tr("More"))
        self._statistics = StatisticsStrip()
        self._waiting_area = QScrollArea()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self._default_form = LinkForm.VIEWER
        self._links_of: LinksOf = lambda _: {}
        self._is_complete = True
        self._lay_out()
        self._connect()
        add_keys(self)
        self.set_mode(ViewMode.GRID)
        self._show_chosen()

    def sizeHint(self) -> QSize:
        """Four columns of pictures beside the details."""
        return QSize(1160, 760)

    @property
    def details(self) -> Details:
        """Everything about the one that is chosen."""
        return self.side.details

    # --- what is shown ------------------------------------------------------------------------------------------------

    def set_links(self, default: LinkForm, links_of: LinksOf) -> None:
        """Tell how links are written, and which form is copied unless another is chosen."""
        self._default_form, self._links_of = default, links_of
        self.side.set_links(links_of)
        self._show_chosen()

    def set_shortcut(self, shortcut: str) -> None:
        """Name the key that takes a region, for when there is nothing yet."""
        self.listing.set_shortcut(shortcut)

    def set_statistics(self, statistics: HistoryStatistics) -> None:
        """Show what it all adds up to."""
        self._statistics.show_statistics(statistics)

    def set_uploads(self, items: Sequence[UploadItem]) -> None:
        """Show these above the list: what waits, failed or is uncertain."""
        self.waiting.set_uploads(items)
        self._waiting_area.setVisible(not self.waiting.is_empty)
        self._waiting_area.setFixedHeight(min(_WAITING_PX, self.waiting.sizeHint().height() + theme.SPACE_M))

    def set_albums(self, titles: Mapping[AlbumId, str]) -> None:
        """Tell what albums are called, and offer them as filters."""
        self.filters.set_albums(titles)
        self.model.set_album_titles(titles)

    def set_embeds(self, names: Mapping[EmbedId, str]) -> None:
        """Tell what embed profiles are called, and offer them as filters."""
        self.filters.set_embeds(names)
        self.side.set_embeds(names)
        self._show_chosen()

    def show_loading(self) -> None:
        """Nothing is known yet."""
        self.listing.show_loading()

    def show_error(self, text: str) -> None:
        """The history could not be read."""
        self.listing.show_error(text)

    def show_list(self, *, complete: bool) -> None:
        """Show the model; `complete` when all that matches is in it."""
        self._is_complete = complete
        # When this has been painted.
        QTimer.singleShot(0, self.side, self.side.warm_up)
        self.listing.show_list(is_restricted=self.filters.is_restricted)
        self._show_chosen()

    def set_drag_files(self, files: Mapping[EntryId, Path]) -> None:
        """These have a file with a sensible name now."""
        self.listing.set_drag_files(files)

    def repaint_pictures(self) -> None:
        """A picture has come."""
        self.listing.repaint_pictures()
        self.side.show_picture()

    def set_mode(self, mode: ViewMode) -> None:
        """Show as pictures or as a table."""
        self._switch.show_mode(mode)
        self.listing.set_mode(mode)

    def present(self) -> None:
        """Come to the front, ready for the keyboard."""
        self.show()
        bring_to_front(self)
        if self.focusWidget() is None:
            self.filters.search.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Lose nothing that was typed."""
        self.side.save()
        super().closeEvent(event)
        self.closed.emit()

    # --- wishes about what is chosen: the menu's and the keys' --------------------------------------------------------

    def copy(self, form: LinkForm | None) -> None:
        """Its links."""
        self._emit(self.copy_requested, form)

    def open(self, *, direct: bool) -> None:
        """Its pages."""
        self._emit(self.open_requested, direct)

    def set_favourite(self, favourite: bool) -> None:
        """A star, or none."""
        self._emit(self.favourite_requested, favourite)

    def edit_title(self) -> None:
        """Let a title be typed."""
        if len(self.listing.chosen()) == 1:
            self.side.show()
            self.details.edit_title()

    def edit_note(self) -> None:
        """Let a note be typed."""
        if len(self.listing.chosen()) == 1:
            self.side.show()
            self.details.note.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def add_to_album(self) -> None:
        """Which albums?"""
        self._emit(self.albums_requested)

    def choose_embed(self) -> None:
        """Which embed profile?"""
        self._emit(self.embed_requested)

    def upload_again(self) -> None:
        """The local copies, once more."""
        self._emit(self.upload_again_requested)

    def edit_file(self) -> None:
        """The local copy, in a program."""
        self._emit(self.edit_requested)

    def show_in_folder(self) -> None:
        """The local copy, in the file manager."""
        self._emit(self.folder_requested)

    def export(self) -> None:
        """To a file."""
        self._emit(self.export_requested)

    def forget(self) -> None:
        """Leave it out of the history."""
        self._emit(self.forget_requested)

    def delete(self) -> None:
        """From the service."""
        ids = self.listing.chosen()
        reason = why_not_deletable(self.listing.known(ids), len(ids))
        if reason:
            self.results.show_results(reason, [])
        else:
            self._emit(self.delete_requested)

    def make_menu(self) -> QMenu:
        """The menu of what is chosen."""
        ids = self.listing.chosen()
        return make_menu(self, self, len(ids), self.listing.known(ids), self._default_form)

    def make_more_menu(self) -> QMenu:
        """What is about the history as a whole."""
        menu = QMenu(self)
        menu.addAction(self.tr("Import…")).triggered.connect(self.import_requested)
        export = menu.addAction(self.tr("Export what is listed…"))
        export.setEnabled(self.model.rowCount() > 0)
        export.triggered.connect(lambda: self.export_requested.emit([]))
        menu.addSeparator()
        side = menu.addAction(self.tr("Show details"))
        side.setCheckable(True)
        side.setChecked(not self.side.isHidden())
        side.toggled.connect(self.side.setVisible)
        return menu

    def _emit(self, signal: SignalInstance, *values: object) -> None:
        ids = self.listing.chosen()
        if ids:
            signal.emit(ids, *values)

    def toggle_favourite(self) -> None:
        """A star for all, or none when all have one."""
        known = self.listing.known(self.listing.chosen())
        self.set_favourite(not (known and all(entry.favourite for entry in known)))

    # --- inside -------------------------------------------------------------------------------------------------------

    def _show_chosen(self) -> None:
        ids = self.listing.chosen()
        if len(ids) == 1:
            row = self.model.row_of(ids[0])
            entry = None if row is None else self.model.entry(row)
            # One that is still being read is shown when it comes.
            if entry is not None:
                self.side.show_entry(entry, self.model.album_text(entry))
        elif ids:
            self.side.show_several(len(ids), self.listing.known(ids))
        else:
            self.side.show_nothing(has_list=self.model.rowCount() > 0)
        self._show_found()

    def _show_found(self) -> None:
        chosen, count, text = len(self.listing.chosen()), self.model.rowCount(), ""
        if chosen > 1:
            text = self.tr("{count} of {total} chosen")
            text = text.format(count=texts.number_text(chosen), total=texts.number_text(count))
        elif self.filters.is_restricted and self._is_complete:
            text = texts.counted(count, self.tr("1 found"), self.tr("{count} found"))
        self._statistics.show_found(text)

    def _drag(self) -> None:
        known = self.listing.known(self.listing.chosen())
        links = {entry.id: self._links_of(entry).get(self._default_form, entry.image.url) for entry in known}
        data = self.listing.drag_data(links)
        if data is not None:
            self.listing.start_drag(data)

    def _show_menu(self, place: QPoint) -> None:
        if self.listing.chosen():
            _pop_up(self.make_menu(), place)

    def _query_changed(self, query: HistoryQuery) -> None:
        self.listing.table.show_sort(query.sort)
        self.query_changed.emit(query)

    def escape(self) -> None:
        """One step back: what is being typed, the search, the choice, the window."""
        field = self.focusWidget()
        if isinstance(field, TitleField | NoteField):
            field.revert()
            self.listing.focus_list()
        elif self.filters.search.text():
            self.filters.search.clear()
        elif len(self.listing.chosen()) > 1:
            self.listing.grid.selectionModel().clearSelection()
        else:
            self.close()

    # --- how it is built ----------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.filters.add_at_end(self._switch, self._more)
        page = QWidget()
        page.setObjectName("page")
        inner = QVBoxLayout(page)
        inner.setContentsMargins(theme.SPACE_L, 0, theme.SPACE_L, theme.SPACE_S)
        inner.addWidget(self.waiting)
        self._waiting_area.setWidget(page)
        self._waiting_area.setWidgetResizable(True)
        self._waiting_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._waiting_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._waiting_area.hide()
        self.splitter.addWidget(self.listing)
        self.splitter.addWidget(self.side)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        self.splitter.setSizes([840, 320])
        notices = QVBoxLayout()
        notices.setContentsMargins(theme.SPACE_L, 0, theme.SPACE_L, 0)
        notices.setSpacing(0)
        notices.addWidget(self.results)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.filters)
        column.addWidget(self._waiting_area)
        column.addLayout(notices)
        column.addWidget(line())
        column.addWidget(self.splitter, 1)
        column.addWidget(self.action)
        column.addWidget(line())
        column.addWidget(self._statistics)

    def _connect(self) -> None:
        listing, side = self.listing, self.side
        self.filters.query_changed.connect(self._query_changed)
        self.filters.left_downwards.connect(listing.focus_list)
        self._switch.mode_changed.connect(self.set_mode)
        self._more.clicked.connect(
            lambda: _pop_up(self.make_more_menu(), self._more.mapToGlobal(self._more.rect().bottomLeft()))
        )
        listing.chosen_changed.connect(self._show_chosen)
        listing.activated.connect(lambda: self.open(direct=False))
        listing.typed.connect(lambda letters: self.filters.type(letters) if letters.strip() else None)
        listing.menu_requested.connect(self._show_menu)
        listing.retry_requested.connect(self.retry_requested)
        listing.clear_requested.connect(self.filters.clear)
        listing.files_wanted.connect(self.files_wanted)
        listing.drag_requested.connect(self._drag)
        listing.dragged_out.connect(self.dragged_out)
        listing.table.sort_requested.connect(self.filters.set_sort)
        self.model.dataChanged.connect(lambda *_: self._show_chosen())
        side.title_edited.connect(self.title_edited)
        side.note_edited.connect(self.note_edited)
        side.refresh_requested.connect(self.refresh_requested)
        side.copy_requested.connect(
            lambda form: self._emit(self.delete_link_requested) if form is None else self.copy(form)
        )
        side.default_copy_requested.connect(lambda: self.copy(None))
        side.favourite_requested.connect(self.set_favourite)
        side.open_requested.connect(lambda: self.open(direct=False))
        side.albums_requested.connect(self.add_to_album)
        side.embed_requested.connect(self.choose_embed)
        side.export_requested.connect(self.export)
        side.forget_requested.connect(self.forget)
        side.delete_requested.connect(self.delete)
        self.action.pressed.connect(self.undo_requested)


def _pop_up(menu: QMenu, place: QPoint) -> None:
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(place)
