"""The tray window: main window where there is no tray, drop target everywhere.

A QSystemTrayIcon takes no drops, so this window does. It is an ordinary window that stays open when it loses the focus:
dragging something into it from a file manager takes the focus away first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeySequence,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QFileDialog, QLayout, QScrollArea, QVBoxLayout, QWidget

from app.core.uploads import QueueState, UploadId, UploadItem
from app.ui import icons, theme
from app.ui.account_view import AccountView
from app.ui.mac import bring_to_front
from app.ui.tray_view import Refusal, UnsavedView
from app.ui.tray_window.bars import QueueBar, UnsavedBars
from app.ui.tray_window.incoming import Incoming, is_welcome, read_incoming
from app.ui.tray_window.parts import CaptureButtons, DropZone, Footer, Welcome
from app.ui.tray_window.refusals import RefusalList
from app.ui.tray_window.uploads import UploadsView
from app.ui.widgets import line

_MARGIN = 8


class TrayWindow(QWidget):
    """Shows uploads and takes pictures; every wish is a signal."""

    capture_requested = Signal(str)
    """A workflow's id."""
    files_dropped = Signal(list)
    """Paths as they were dropped, pasted or chosen, unchecked: `add_refusals` lists what is not taken."""
    doctor_requested = Signal(object)
    """With the Part that failed."""
    system_settings_requested = Signal(str)
    """An address that opens a page of the system's own settings."""
    image_dropped = Signal(bytes)
    """An encoded picture that is no file."""
    cancel_requested = Signal(str)
    """An upload's id, as in the next ones."""
    retry_requested = Signal(str)
    dismiss_requested = Signal(str)
    mark_done_requested = Signal(str)
    dismiss_failed_requested = Signal(list)
    """The ids of uploads that failed; their files would be lost."""
    move_requested = Signal(str, str)
    """An upload's id, and the id of the one that it is to come before; empty for the end."""
    clear_requested = Signal()
    """Leave the latest uploads out of the list; they stay in the history."""
    unsaved_copy_requested = Signal(int)
    """The number of a picture that was not saved, as in the next ones."""
    unsaved_save_requested = Signal(int)
    unsaved_retry_requested = Signal(int)
    unsaved_discard_requested = Signal(int)
    copy_link_requested = Signal(str)
    open_requested = Signal(str)
    thumbnail_requested = Signal(str, object)
    """An upload's id and the Path of its file: answered by `set_thumbnail`, or not at all."""
    history_requested = Signal()
    gallery_requested = Signal()
    account_requested = Signal()
    settings_requested = Signal()
    quit_requested = Signal()
    resume_requested = Signal()
    closed = Signal()
    seen = Signal()
    """It appears, or comes to the front: time to say how things stand."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("ImgLink")
        self.setWindowIcon(icons.app_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(360, 420)
        # So that no button looks chosen before the keyboard is used.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._captures = CaptureButtons()
        self._zone = DropZone()
        self._queue = QueueBar()
        self._unsaved = UnsavedBars()
        self._refusals = RefusalList()
        self._refusals.doctor_requested.connect(self.doctor_requested)
        self._refusals.system_settings_requested.connect(self.system_settings_requested)
        self._uploads = UploadsView()
        self._welcome = Welcome()
        self._footer = Footer()
        self._lay_out()
        self._connect()
        self.set_shortcuts({})
        self._refresh()

    def sizeHint(self) -> QSize:
        """Room for the five latest."""
        return QSize(400, 620)

    # --- what is shown ------------------------------------------------------------------------------------------------

    def set_shortcuts(self, shortcuts: Mapping[str, str]) -> None:
        """Show the keys (workflow id → shortcut)."""
        self._captures.set_shortcuts(shortcuts)
        self._welcome.set_shortcut(shortcuts.get("region", ""))

    def set_has_tray(self, has_tray: bool) -> None:
        """Tell whether there is a tray menu; without one, this window offers to quit."""
        self._footer.set_has_tray(has_tray)

    def set_account(self, account: AccountView) -> None:
        """Show whose account it is."""
        self._footer.set_account(account)
        self._welcome.set_account(account)

    def set_queue(self, state: QueueState) -> None:
        """Say why nothing is sent, when that is so."""
        self._queue.show_state(state)

    def set_unsaved(self, pictures: Sequence[UnsavedView]) -> None:
        """Show exactly these as in memory alone."""
        self._unsaved.show_pictures(pictures)

    def show_unsaved_copied(self, number: int) -> None:
        """Say that one of those is on the clipboard."""
        self._unsaved.show_copied(number)

    def set_uploads(self, items: Sequence[UploadItem]) -> None:
        """Show exactly these as not finished, in the order of sending; only what differs is painted again."""
        self._uploads.set_uploads(items)
        self._refresh()

    def set_recent(self, items: Sequence[UploadItem]) -> None:
        """Show the latest finished uploads, newest first; only the first five count."""
        self._uploads.set_recent(items)
        self._refresh()

    def set_thumbnail(self, upload_id: UploadId, image: QImage) -> None:
        """Show a small picture of an upload."""
        self._uploads.set_thumbnail(upload_id, image)

    def show_copied(self, upload_id: UploadId) -> None:
        """Say that a link is on the clipboard. Call it after the clipboard was read back."""
        self._uploads.show_copied(upload_id)

    def add_refusals(self, refusals: Iterable[Refusal]) -> None:
        """List files that were not taken."""
        self._refusals.add(refusals)
        self._refresh()

    # --- where it is --------------------------------------------------------------------------------------------------

    def open_near(self, icon_rect: QRect) -> None:
        """Appear beside the tray icon, or where the desktop puts it, and come to the front."""
        if not self.isVisible():
            self.adjustSize()
            if not icon_rect.isEmpty():
                self.move(_beside(icon_rect, self.frameSize()).topLeft())
            self.setFocus()
        # Where there is no tray, it may be in the task bar.
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        bring_to_front(self)

    def open_quietly(self, icon_rect: QRect) -> None:
        """Appear without taking the keyboard away from what the person is doing, be it a film."""
        if self.isVisible():
            return
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.adjustSize()
        if not icon_rect.isEmpty():
            self.move(_beside(icon_rect, self.frameSize()).topLeft())
        self.setFocus()
        self.show()
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, False)

    def toggle_near(self, icon_rect: QRect) -> None:
        """Appear, or go away when it is in front already."""
        if self.isVisible() and self.isActiveWindow():
            self.close()
        else:
            self.open_near(icon_rect)

    def choose_files(self) -> None:
        """Let the person pick files; they come as if dropped."""
        dialog = QFileDialog(self, self.tr("Upload files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        patterns = "*.png *.jpg *.jpeg *.gif *.webp *.svg *.bmp *.ico *.tif *.tiff *.avif"
        dialog.setNameFilters([self.tr("Images ({patterns})").format(patterns=patterns), self.tr("All files (*)")])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.files_dropped.emit([Path(name) for name in names]))
        dialog.open()

    def paste(self) -> bool:
        """Take what the clipboard holds; False when something of it is refused, and listed with its reason."""
        return not self.take(QGuiApplication.clipboard().mimeData())

    def take(self, mime: QMimeData) -> Sequence[Refusal]:
        """Take what was dropped or copied; returns what of it is refused, and listed with its reason."""
        incoming = read_incoming(mime)
        self._take(incoming)
        return incoming.refused

    def showEvent(self, event: QShowEvent) -> None:
        """Ask how things stand."""
        super().showEvent(event)
        self.seen.emit()

    def changeEvent(self, event: QEvent) -> None:
        """The same when it comes to the front."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and self.isActiveWindow():
            self.seen.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Only the window goes; the program stays."""
        super().closeEvent(event)
        self.closed.emit()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go on in the order that is seen: rows that came later would else be reached last of all."""
        for first, second in pairwise(_in_order(self)):
            QWidget.setTabOrder(first, second)
        return super().focusNextPrevChild(forward)

    # --- drag and drop ------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take part in the drag when there is something to look at."""
        if is_welcome(event.mimeData()):
            self._zone.light(True)
            _accept_as_copy(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Go on taking part."""
        _accept_as_copy(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Nothing comes."""
        self._zone.light(False)
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what was dropped."""
        self._zone.light(False)
        _accept_as_copy(event)
        self.take(event.mimeData())

    def _take(self, incoming: Incoming) -> None:
        if incoming.refused:
            self.add_refusals(incoming.refused)
        if incoming.files:
            self.files_dropped.emit(list(incoming.files))
        if incoming.picture:
            self.image_dropped.emit(incoming.picture)

    # --- how it is built ----------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        content = QWidget()
        content.setObjectName("page")
        listing = QVBoxLayout(content)
        listing.setContentsMargins(theme.SPACE_L, 0, theme.SPACE_L, theme.SPACE_S)
        listing.setSpacing(theme.SPACE_M)
        listing.addWidget(self._unsaved)
        listing.addWidget(self._queue)
        listing.addWidget(self._refusals)
        listing.addWidget(self._uploads, 1)
        listing.addWidget(self._welcome, 1)
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        top = QVBoxLayout()
        top.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_M)
        top.setSpacing(theme.SPACE_M)
        top.addWidget(self._captures)
        top.addWidget(self._zone)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(scroll, 1)
        column.addWidget(line())
        column.addWidget(self._footer)

    def _connect(self) -> None:
        self._captures.capture_requested.connect(self.capture_requested)
        self._zone.choose_requested.connect(self.choose_files)
        self._zone.paste_requested.connect(self.paste)
        self._welcome.add_key_requested.connect(self.account_requested)
        self._footer.account_requested.connect(self.account_requested)
        self._footer.settings_requested.connect(self.settings_requested)
        self._footer.quit_requested.connect(self.quit_requested)
        for source, target in (
            (self._uploads.cancel_requested, self.cancel_requested),
            (self._uploads.retry_requested, self.retry_requested),
            (self._uploads.dismiss_requested, self.dismiss_requested),
            (self._uploads.mark_done_requested, self.mark_done_requested),
            (self._uploads.dismiss_failed_requested, self.dismiss_failed_requested),
            (self._uploads.move_requested, self.move_requested),
            (self._uploads.clear_requested, self.clear_requested),
            (self._queue.resume_requested, self.resume_requested),
            (self._queue.key_requested, self.account_requested),
            (self._unsaved.copy_requested, self.unsaved_copy_requested),
            (self._unsaved.save_requested, self.unsaved_save_requested),
            (self._unsaved.retry_requested, self.unsaved_retry_requested),
            (self._unsaved.discard_requested, self.unsaved_discard_requested),
            (self._uploads.copy_link_requested, self.copy_link_requested),
            (self._uploads.open_requested, self.open_requested),
            (self._uploads.thumbnail_requested, self.thumbnail_requested),
            (self._uploads.gallery_requested, self.gallery_requested),
            (self._footer.gallery_requested, self.gallery_requested),
            (self._footer.history_requested, self.history_requested),
        ):
            source.connect(target)
        shortcuts: tuple[tuple[QKeySequence, Callable[[], object]], ...] = (
            (QKeySequence(QKeySequence.StandardKey.Paste), self.paste),
            (QKeySequence(QKeySequence.StandardKey.Open), self.choose_files),
            (QKeySequence(Qt.Key.Key_Escape), self.close),
            (QKeySequence("Ctrl+Q"), self.quit_requested.emit),
        )
        for keys, action in shortcuts:
            QShortcut(keys, self).activated.connect(action)

    def _refresh(self) -> None:
        self._uploads.setVisible(not self._uploads.is_empty)
        self._welcome.setVisible(self._uploads.is_empty)


def _in_order(widget: QWidget) -> Iterator[QWidget]:
    """Everything in it that the Tab key reaches, from top to bottom."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    content = widget.widget() if isinstance(widget, QScrollArea) else widget
    yield from _in_layout(None if content is None else content.layout())


def _in_layout(layout: QLayout | None) -> Iterator[QWidget]:
    for index in range(0 if layout is None else layout.count()):
        item = layout.itemAt(index) if layout is not None else None
        if item is None:
            continue
        inner = item.widget()
        yield from _in_layout(item.layout()) if inner is None else _in_order(inner)


def _accept_as_copy(event: QDropEvent) -> None:
    # The sender must never believe that its file was moved away.
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


def _beside(icon: QRect, size: QSize) -> QRect:
    """Below or above the icon, wholly on its screen."""
    screen = QGuiApplication.screenAt(icon.center()) or QGuiApplication.primaryScreen()
    area = screen.availableGeometry()
    below = icon.bottom() + _MARGIN
    fits_below = below + size.height() <= area.bottom()
    top = below if fits_below else icon.top() - _MARGIN - size.height()
    left = icon.center().x() - size.width() // 2
    return QRect(
        min(max(left, area.left() + _MARGIN), max(area.left(), area.right() - _MARGIN - size.width())),
        min(max(top, area.top() + _MARGIN), max(area.top(), area.bottom() - _MARGIN - size.height())),
        size.width(),
        size.height(),
    )
