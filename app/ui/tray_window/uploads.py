"""The part of the tray window that scrolls: what runs, what needs the person, and the latest uploads."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.uploads import UploadId, UploadItem, UploadState
from app.ui import theme
from app.ui.tray_window.rows import FinishedRow, RunningRow
from app.ui.widgets import label

RECENT_COUNT = 5
_GONE = (UploadState.DONE, UploadState.CANCELLED)


class UploadsView(QWidget):
    """Rows for running and finished uploads, changed one by one."""

    cancel_requested = Signal(str)
    retry_requested = Signal(str)
    dismiss_requested = Signal(str)
    mark_done_requested = Signal(str)
    gallery_requested = Signal()
    copy_link_requested = Signal(str)
    open_requested = Signal(str)
    thumbnail_requested = Signal(str, object)
    """An upload's id and the Path of its file: answered by `set_thumbnail`, or not at all."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._running: dict[UploadId, RunningRow] = {}
        self._finished: dict[UploadId, FinishedRow] = {}
        self._running_title = label(self.tr("In progress"), tone="muted", small=True)
        self._finished_title = label(self.tr("Latest"), tone="muted", small=True)
        self._running_rows, self._finished_rows = QVBoxLayout(), QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self._running_rows, self._finished_rows):
            part.setSpacing(0)
        for title in (self._running_title, self._finished_title):
            title.setContentsMargins(0, theme.SPACE_S, 0, theme.SPACE_XS)
        column.addWidget(self._running_title)
        column.addLayout(self._running_rows)
        column.addWidget(self._finished_title)
        column.addLayout(self._finished_rows)
        self._refresh()

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to list."""
        return not self._running and not self._finished

    def set_uploads(self, items: Sequence[UploadItem]) -> None:
        """Show exactly these as running, oldest first."""
        wanted = {item.id for item in items if item.state not in _GONE}
        for upload_id in [each for each in self._running if each not in wanted]:
            _drop(self._running.pop(upload_id))
        for item in items:
            self.update_upload(item)
        self._refresh()

    def update_upload(self, item: UploadItem) -> None:
        """An upload is new, or has moved on. A finished one leaves the running ones and heads the latest."""
        if item.state in _GONE:
            row = self._running.pop(item.id, None)
            if row is not None:
                _drop(row)
            if item.state is UploadState.DONE:
                self._put_finished(item)
        elif item.id in self._running:
            self._running[item.id].show_item(item)
            return
        else:
            self._put_running(item)
        self._refresh()

    def remove_upload(self, upload_id: UploadId) -> None:
        """An upload was forgotten."""
        for row in (self._running.pop(upload_id, None), self._finished.pop(upload_id, None)):
            if row is not None:
                _drop(row)
        self._refresh()

    def set_recent(self, items: Sequence[UploadItem]) -> None:
        """Show exactly these as the latest, newest first."""
        for row in self._finished.values():
            _drop(row)
        self._finished.clear()
        for item in reversed(items[:RECENT_COUNT]):
            self._put_finished(item)
        self._refresh()

    def set_thumbnail(self, upload_id: UploadId, image: QImage) -> None:
        """Show a small picture of an upload, if it is still listed."""
        for row in (self._running.get(upload_id), self._finished.get(upload_id)):
            if row is not None:
                row.thumbnail.set_picture(image)

    def show_copied(self, upload_id: UploadId) -> None:
        """Say that this upload's link is on the clipboard."""
        if upload_id in self._finished:
            self._finished[upload_id].show_copied()

    def _put_running(self, item: UploadItem) -> None:
        row = RunningRow(item, self._monotonic)
        row.cancel_requested.connect(lambda: self.cancel_requested.emit(item.id))
        row.retry_requested.connect(lambda: self.retry_requested.emit(item.id))
        row.dismiss_requested.connect(lambda: self.dismiss_requested.emit(item.id))
        row.mark_done_requested.connect(lambda: self.mark_done_requested.emit(item.id))
        row.gallery_requested.connect(self.gallery_requested)
        self._running[item.id] = row
        self._running_rows.addWidget(row)
        self._ask_for_thumbnail(item)

    def _put_finished(self, item: UploadItem) -> None:
        former = self._finished.pop(item.id, None)
        if former is not None:
            _drop(former)
        row = FinishedRow(item)
        row.copy_requested.connect(lambda: self.copy_link_requested.emit(item.id))
        row.open_requested.connect(lambda: self.open_requested.emit(item.id))
        self._finished = {item.id: row, **self._finished}
        self._finished_rows.insertWidget(0, row)
        for upload_id in list(self._finished)[RECENT_COUNT:]:
            _drop(self._finished.pop(upload_id))
        self._ask_for_thumbnail(item)

    def _ask_for_thumbnail(self, item: UploadItem) -> None:
        if item.has_file:
            self.thumbnail_requested.emit(item.id, item.path)

    def _refresh(self) -> None:
        self._running_title.setVisible(bool(self._running))
        self._finished_title.setVisible(bool(self._finished))


def _drop(row: QWidget) -> None:
    row.hide()
    row.deleteLater()
