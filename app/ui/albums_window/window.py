"""The albums window: the albums on the left, one of them on the right, and below it what is being done with them.

It shows what it is told and says what is wanted; it stores nothing and asks no service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from app.core.history import HistoryEntry
from app.core.imglink import Album, AlbumId, ImageId
from app.core.jobs import Job, JobKind, JobsHold
from app.ui import icons, theme
from app.ui.albums_window import texts
from app.ui.albums_window.album_page import AlbumPage
from app.ui.albums_window.cells import PixmapOf
from app.ui.albums_window.edit_dialog import EditDialog
from app.ui.albums_window.lists import AlbumList
from app.ui.albums_window.picker import Picker
from app.ui.asking import ask
from app.ui.job_bar import JobBar
from app.ui.mac import bring_to_front
from app.ui.message_page import MessagePage
from app.ui.widgets import IconButton, NoticeBar, heading

_SIDEBAR_WIDTH = 280
_MOST_JOBS = 3


class AlbumsWindow(QWidget):
    """Shows albums and says what should happen to them."""

    refresh_requested = Signal()
    sign_in_requested = Signal()
    album_chosen = Signal(object)
    """An AlbumId, whose images are wanted."""
    save_requested = Signal(object, object)
    """An AlbumId, or None for a new album, and AlbumChanges; answered by `show_saved` or `show_refused`."""
    delete_confirmed = Signal(object)
    add_requested = Signal(object, list)
    """An AlbumId and the ids of images."""
    remove_requested = Signal(object, list)
    entries_requested = Signal(str, int)
    """For the picker: what to search for, and how many to leave out; answered by `set_entries`."""
    default_chosen = Signal(object)
    """The AlbumId that new captures go to, or None."""
    copy_requested = Signal(list)
    """Texts to copy, one a line."""
    copy_links_requested = Signal(list)
    """The ids of images of the album that is shown."""
    open_requested = Signal(str)
    """An address."""
    job_cancelled = Signal(str)
    job_retried = Signal(str)
    job_undone = Signal(str)
    job_dismissed = Signal(str)

    def __init__(self, pixmap_of: PixmapOf) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("Albums"))
        self.setWindowIcon(icons.app_icon())
        self.setMinimumSize(760, 480)
        self._pixmap_of = pixmap_of
        self._default: AlbumId | None = None
        self._dialog: EditDialog | None = None
        self._picker: Picker | None = None
        self._bars: dict[str, JobBar] = {}
        self.list = AlbumList(pixmap_of)
        self.page = AlbumPage(pixmap_of)
        self._notice = NoticeBar("error")
        self._top = QWidget()
        self._outer = QStackedWidget()
        self._jobs = QVBoxLayout()
        self._build()
        self._connect()
        self.show_loading()

    def sizeHint(self) -> QSize:
        """Room for four pictures in a row."""
        return QSize(1000, 660)

    def present(self) -> None:
        """Come to the front."""
        self.show()
        bring_to_front(self)

    # --- what the service says ----------------------------------------------------------------------------------------

    def show_loading(self) -> None:
        """The albums are on their way."""
        if not self.list.albums:
            self._outer.setCurrentWidget(self._loading)

    def show_signed_out(self) -> None:
        """Nobody is signed in: say what there would be."""
        self.list.set_albums(())
        self._outer.setCurrentWidget(self._signed_out)

    def show_failure(self, text: str) -> None:
        """The albums could not be read; what is there stays."""
        if self.list.albums:
            self.show_notice(text)
        else:
            self._failed.say(self.tr("The albums could not be read"), text)
            self._outer.setCurrentWidget(self._failed)

    def set_albums(self, albums: Sequence[Album]) -> None:
        """Show these."""
        self.list.set_albums(albums)
        self._outer.setCurrentWidget(self._main if albums else self._empty)
        if albums and self.list.current is None:
            self.list.choose(albums[0].id)
        elif self.list.current is not None:
            self._show_head(self.list.current)

    def set_images(self, album: Album, known: Mapping[ImageId, HistoryEntry]) -> None:
        """Show the images of an album, unless another one was chosen meanwhile."""
        if self.current_id == album.id:
            self._show_head(album)
            self.page.set_images(album, known)
            if self._picker is not None:
                self._picker.set_members(frozenset(image.id for image in album.images))

    def show_album_failure(self, album_id: AlbumId, text: str) -> None:
        """The images of an album could not be read."""
        if self.current_id == album_id:
            if self.page.grid.tiles:
                self.show_notice(text)
            self.page.show_failure(text)

    def show_saved(self, album: Album) -> None:
        """What was entered is stored: show it."""
        if self._dialog is not None:
            self._dialog.accept()
        self.list.choose(album.id)

    def show_refused(self, text: str) -> None:
        """What was entered was not stored; it stays in the dialog."""
        if self._dialog is not None:
            self._dialog.show_problem(text)
        else:
            self.show_notice(text)

    def show_notice(self, text: str) -> None:
        """Say something above everything; nothing to take it away."""
        self._notice.set_text(text)
        self._top.setVisible(bool(text))

    def set_entries(self, text: str, entries: Sequence[HistoryEntry], *, has_more: bool) -> None:
        """Answer the picker."""
        if self._picker is not None:
            self._picker.set_entries(text, entries, has_more=has_more)

    def show_picker_problem(self, text: str) -> None:
        """The history could not be read."""
        if self._picker is not None:
            self._picker.show_problem(text)

    def set_default(self, album_id: AlbumId | None) -> None:
        """Show which album new captures go to."""
        self._default = album_id
        self.list.set_default(album_id)
        if self.page.album is not None:
            self._show_head(self.page.album)

    def set_jobs(self, jobs: Sequence[Job], hold: JobsHold | None) -> None:
        """Show the latest jobs with albums, those that run first."""
        wanted = [job for job in jobs if job.kind is not JobKind.ASSIGN_EMBED]
        wanted.sort(key=lambda job: (job.is_active, bool(job.failed)), reverse=True)
        shown = {job.id: job for job in wanted[:_MOST_JOBS]}
        for job_id in [each for each in self._bars if each not in shown]:
            bar = self._bars.pop(job_id)
            self._jobs.removeWidget(bar)
            bar.hide()
            bar.deleteLater()
        for job in shown.values():
            if job.id not in self._bars:
                self._bars[job.id] = self._make_bar()
            self._bars[job.id].set_job(job, hold)

    def picture_changed(self) -> None:
        """A small picture is there now: paint again."""
        self.list.viewport().update()
        self.page.grid.viewport().update()
        if self._picker is not None:
            self._picker.grid.viewport().update()

    # --- what the person does -----------------------------------------------------------------------------------------

    @property
    def current_id(self) -> AlbumId | None:
        """The album that is shown."""
        return None if self.list.current is None else self.list.current.id

    @property
    def job_bars(self) -> Sequence[JobBar]:
        """What is shown of jobs."""
        return tuple(self._bars.values())

    @property
    def dialog(self) -> EditDialog | None:
        """The dialog for a new or changed album, while it is open."""
        return self._dialog

    @property
    def picker(self) -> Picker | None:
        """The dialog in which images are picked, while it is open."""
        return self._picker

    def start_new(self) -> None:
        """Ask for a new album."""
        self._open_dialog(None)

    def _edit(self) -> None:
        if self.page.album is not None:
            self._open_dialog(self.page.album)

    def _open_dialog(self, album: Album | None) -> None:
        if self._dialog is not None:
            return
        dialog = self._dialog = EditDialog(self, album)
        dialog.entered.connect(lambda changes: self.save_requested.emit(None if album is None else album.id, changes))
        dialog.finished.connect(self._dialog_closed)
        dialog.open()

    def _dialog_closed(self) -> None:
        self._dialog = None

    def _pick(self) -> None:
        album = self.page.album
        if album is None or self._picker is not None:
            return
        picker = self._picker = Picker(self, texts.title_text(album), self._pixmap_of)
        picker.entries_requested.connect(self.entries_requested)
        picker.picked.connect(lambda ids: self.add_requested.emit(album.id, ids))
        picker.finished.connect(self._picker_closed)
        picker.set_members(frozenset(image.id for image in album.images))
        picker.open()
        self.entries_requested.emit("", 0)

    def _picker_closed(self) -> None:
        self._picker = None

    def _ask_to_delete(self) -> QMessageBox | None:
        album = self.page.album
        if album is None:
            return None
        title = self.tr("Delete “{title}”?").format(title=texts.title_text(album))
        text = self.tr("Only the album goes. Its images stay on ImgLink and in your history, and their links work.")
        return ask(
            self,
            self.tr("Delete album"),
            f"{title}\n\n{text}",
            self.tr("Delete album"),
            lambda: self.delete_confirmed.emit(album.id),
        )

    def _toggle_default(self, is_on: bool) -> None:
        if self.page.album is not None:
            self.default_chosen.emit(self.page.album.id if is_on else None)

    def _chosen(self, album: Album) -> None:
        self._show_head(album)
        self.album_chosen.emit(album.id)

    def _show_head(self, album: Album) -> None:
        self.page.set_album(album, is_default=album.id == self._default)

    def _to_current(self, signal_name: str, ids: list[str]) -> None:
        if self.current_id is not None:
            getattr(self, signal_name).emit(self.current_id, ids)

    def _open_image(self, image_id: str) -> None:
        album = self.page.album
        for image in album.images if album is not None else ():
            if image.id == image_id:
                self.open_requested.emit(image.viewer or image.url)

    def _copy_album_link(self) -> None:
        if self.page.album is not None and self.page.album.url is not None:
            self.copy_requested.emit([self.page.album.url])

    def _reload(self) -> None:
        if self.current_id is not None:
            self.page.show_loading()
            self.album_chosen.emit(self.current_id)

    # --- building -----------------------------------------------------------------------------------------------------

    def _make_bar(self) -> JobBar:
        bar = JobBar(texts.job_text, texts.reasons_text, texts.hold_text)
        bar.cancel_requested.connect(self.job_cancelled)
        bar.retry_requested.connect(self.job_retried)
        bar.undo_requested.connect(self.job_undone)
        bar.dismiss_requested.connect(self.job_dismissed)
        bar.sign_in_requested.connect(self.sign_in_requested)
        self._jobs.addWidget(bar)
        return bar

    def _connect(self) -> None:
        self.list.chosen.connect(self._chosen)
        self.list.images_dropped.connect(lambda album, ids: self.add_requested.emit(album.id, ids))
        self._notice.dismissed.connect(self._top.hide)
        page = self.page
        page.add_requested.connect(self._pick)
        page.edit_requested.connect(self._edit)
        page.delete_requested.connect(self._ask_to_delete)
        page.copy_album_link_requested.connect(self._copy_album_link)
        page.default_toggled.connect(self._toggle_default)
        page.copy_links_requested.connect(self.copy_links_requested)
        page.open_requested.connect(self._open_image)
        page.reload_requested.connect(self._reload)
        page.remove_requested.connect(lambda ids: self._to_current("remove_requested", ids))
        page.images_dropped.connect(lambda ids: self._to_current("add_requested", ids))
        for keys, action in (
            (QKeySequence.StandardKey.New, self.start_new),
            (QKeySequence.StandardKey.Refresh, self.refresh_requested.emit),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(lambda do=action: do())
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self.close)

    def _build(self) -> None:
        what = self.tr(
            "An album puts images together under one link, public, private or with a password. Sign in to make "
            "albums, to fill them from your history, and to have new captures go into one by themselves."
        )
        self._signed_out = MessagePage("album")
        self._signed_out.say(self.tr("Your images, put together"), what)
        self._signed_out.offer(self.tr("Sign in…"), self.sign_in_requested.emit)
        self._loading = MessagePage("album")
        self._loading.say(self.tr("Reading the albums…"), "")
        self._loading.show_progress()
        self._failed = MessagePage("alert", tone="danger")
        self._failed.offer(self.tr("Try again"), self.refresh_requested.emit)
        self._empty = MessagePage("album")
        self._empty.say(self.tr("No albums yet"), self.tr("An album puts images together under one link."))
        self._empty.offer(self.tr("Make the first one…"), self.start_new)
        self._main = self._main_page()
        for page in (self._loading, self._signed_out, self._failed, self._empty, self._main):
            self._outer.addWidget(page)
        self._top.hide()
        self._jobs.setContentsMargins(theme.SPACE_L, 0, theme.SPACE_L, theme.SPACE_M)
        self._jobs.setSpacing(theme.SPACE_S)
        inside = QVBoxLayout(self._top)
        inside.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_M)
        inside.addWidget(self._notice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._top)
        column.addWidget(self._outer, 1)

    def _main_page(self) -> QWidget:
        head = QHBoxLayout()
        head.addWidget(heading(self.tr("Albums"), 1.1), 1)
        refresh = IconButton("retry", self.tr("Read them again"))
        refresh.clicked.connect(self.refresh_requested)
        new = IconButton("plus", self.tr("New album"), tone="accent_text")
        new.clicked.connect(self.start_new)
        head.addWidget(refresh)
        head.addWidget(new)
        side = QVBoxLayout()
        side.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_S, theme.SPACE_S)
        side.setSpacing(theme.SPACE_S)
        side.addLayout(head)
        side.addWidget(self.list, 1)
        sidebar = QWidget()
        sidebar.setObjectName("sidebar")
        sidebar.setLayout(side)
        sidebar.setFixedWidth(_SIDEBAR_WIDTH)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.page, 1)
        right.addLayout(self._jobs)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(sidebar)
        row.addLayout(right, 1)
        return page
