"""The public gallery: everybody's images, newest first, as far as one scrolls."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from app.core.imglink import Image
from app.core.links import LinkForm
from app.ui import icons, theme
from app.ui.gallery_window.grid import GalleryGrid
from app.ui.gallery_window.model import GalleryModel
from app.ui.mac import bring_to_front
from app.ui.message_page import MessagePage
from app.ui.settings_window.fields import Switch, choice_text
from app.ui.thumbnail_loader import ThumbnailLoader
from app.ui.widgets import ElidedLabel, IconButton, button, heading, label, set_tone


class GalleryWindow(QWidget):
    """Shows what it is given and says what is wanted; it asks no service."""

    more_wanted = Signal()
    """The end is near: answered by `add_page` or `show_failure`."""
    refresh_requested = Signal()
    opened = Signal(object)
    """An Image."""
    link_wanted = Signal(object, object)
    """An Image, and the LinkForm or None for the one of the settings."""
    web_requested = Signal()
    closed = Signal()
    """Nobody looks any more: what is on its way may stop."""

    def __init__(self, thumbnails: ThumbnailLoader) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("Gallery"))
        self.setWindowIcon(icons.app_icon())
        self.setMinimumSize(420, 360)
        self.model = GalleryModel()
        self.model.setParent(self)
        self.model.more_wanted.connect(self._more)
        self.grid = GalleryGrid(self.model, thumbnails)
        self.menu: QMenu | None = None
        """The open one."""
        self._count = label(tone="muted", small=True)
        self._status = label(tone="muted", small=True, wrap=True)
        self._said = ElidedLabel()
        self._stack = QStackedWidget()
        self._build()
        self._show_selected()

    def sizeHint(self) -> QSize:
        """Five columns."""
        return QSize(940, 700)

    # --- what the service says ----------------------------------------------------------------------------------------

    def show_loading(self) -> None:
        """The first page is on its way; what was there goes."""
        self.model.reset()
        self._count.setText("")
        self._stack.setCurrentWidget(self._loading)

    def add_page(self, images: Sequence[Image], total: int, *, may_have_more: bool) -> int:
        """Add a page; returns how many of it are new."""
        new = self.model.append(images)
        self.model.set_can_fetch(may_have_more)
        shown = self.model.rowCount()
        if not shown:
            self._stack.setCurrentWidget(self._empty)
            return 0
        if self._stack.currentWidget() is not self._main:
            self._stack.setCurrentWidget(self._main)
            self.grid.setFocus()
        self._count.setText(self.tr("{shown} of {total}, newest first").format(shown=shown, total=max(total, shown)))
        self._say_below("" if may_have_more else self.tr("That is all."))
        self._show_selected()
        QTimer.singleShot(0, self.grid, self.grid.fetch_if_near_end)
        return new

    def show_failure(self, text: str) -> None:
        """A page could not be read."""
        if self.model.rowCount():
            self._say_below(text, is_failure=True)
        else:
            self._failed.say(self.tr("The gallery could not be read"), text)
            self._stack.setCurrentWidget(self._failed)

    def say(self, text: str) -> None:
        """Tell what became of something the person did."""
        self._said.set_text(text)

    # --- inside -------------------------------------------------------------------------------------------------------

    def present(self) -> None:
        """Come to the front."""
        self.show()
        bring_to_front(self)
        self.grid.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of what is on its way."""
        super().hideEvent(event)
        self.closed.emit()

    def _more(self) -> None:
        self._say_below(self.tr("Reading more…"))
        self.more_wanted.emit()

    def _say_below(self, text: str, *, is_failure: bool = False) -> None:
        self._status.setText(text)
        self._status.setVisible(bool(text))
        set_tone(self._status, "danger" if is_failure else "muted")
        self._retry.setVisible(is_failure)

    def _show_selected(self) -> None:
        image = self.grid.current
        for each in (self._open, self._copy):
            each.setEnabled(image is not None)
        self._said.set_text("" if image is None else self._facts(image))

    def _facts(self, image: Image) -> str:
        size = f"{image.width} × {image.height}" if image.width and image.height else ""
        views = "" if image.views is None else self.tr("{count} views").format(count=image.views)
        return " · ".join(part for part in (image.id, size, views) if part)

    def _open_selected(self) -> None:
        if self.grid.current is not None:
            self.opened.emit(self.grid.current)

    def _copy_selected(self) -> None:
        if self.grid.current is not None:
            self.link_wanted.emit(self.grid.current, None)

    def _show_menu(self, image: Image, place: QPoint) -> None:
        menu = self.menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Open")).triggered.connect(lambda: self.opened.emit(image))
        menu.addAction(self.tr("Copy link")).triggered.connect(lambda: self.link_wanted.emit(image, None))
        forms = menu.addMenu(self.tr("Copy as"))
        for form in LinkForm:
            action: QAction = forms.addAction(choice_text(form))
            action.triggered.connect(lambda _=False, chosen=form: self.link_wanted.emit(image, chosen))
        menu.popup(place)

    def _build(self) -> None:
        self._loading = MessagePage("retry")
        self._loading.say(self.tr("Reading the gallery…"), "")
        self._loading.show_progress()
        self._failed = MessagePage("alert", tone="danger")
        self._failed.offer(self.tr("Try again"), self.refresh_requested.emit)
        self._empty = MessagePage("gallery")
        self._empty.say(
            self.tr("Nothing in the gallery yet"), self.tr("Public uploads appear here, yours and everybody's.")
        )
        self._empty.offer(self.tr("Look again"), self.refresh_requested.emit)
        self._main = self._main_page()
        for page in (self._loading, self._failed, self._empty, self._main):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head())
        column.addWidget(self._stack, 1)
        self.grid.opened.connect(self.opened)
        self.grid.menu_wanted.connect(self._show_menu)
        self.grid.selectionModel().currentChanged.connect(lambda *_: self._show_selected())
        self.model.modelReset.connect(self._show_selected)
        for keys, action in (
            (QKeySequence.StandardKey.Copy, self._copy_selected),
            (QKeySequence.StandardKey.Refresh, self.refresh_requested.emit),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(lambda do=action: do())
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self.close)

    def _head(self) -> QHBoxLayout:
        self.nsfw = Switch()
        self.nsfw.setAccessibleName(self.tr("Show what is not safe for work"))
        self.nsfw.clicked.connect(self.model.show_all)
        nsfw_label = label(self.tr("Show NSFW"), tone="muted")
        nsfw_label.setBuddy(self.nsfw)
        refresh = IconButton("retry", self.tr("Read again"))
        refresh.clicked.connect(self.refresh_requested)
        row = QHBoxLayout()
        row.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_M)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(heading(self.tr("Public gallery"), 1.2))
        row.addSpacing(theme.SPACE_S)
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(nsfw_label)
        row.addWidget(self.nsfw)
        row.addWidget(refresh)
        row.addWidget(button(self.tr("Open on the web"), self.web_requested.emit))
        return row

    def _main_page(self) -> QWidget:
        self._retry = button(self.tr("Try again"), self._more, look="small")
        self._retry.hide()
        self._status.hide()
        below = QHBoxLayout()
        below.setContentsMargins(theme.SPACE_L, theme.SPACE_XS, theme.SPACE_L, 0)
        below.addWidget(self._status, 1)
        below.addWidget(self._retry)
        self._open = button(self.tr("Open"), self._open_selected)
        self._copy = button(self.tr("Copy link"), self._copy_selected, look="primary")
        actions = QHBoxLayout()
        actions.setContentsMargins(theme.SPACE_L, theme.SPACE_S, theme.SPACE_L, theme.SPACE_M)
        actions.setSpacing(theme.SPACE_S)
        actions.addWidget(self._said, 1)
        actions.addWidget(self._open)
        actions.addWidget(self._copy)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        grid = QHBoxLayout()
        grid.setContentsMargins(theme.SPACE_S, 0, 0, 0)
        grid.addWidget(self.grid)
        column.addLayout(grid, 1)
        column.addLayout(below)
        column.addLayout(actions)
        return page
