"""The part of the tray window that scrolls: what needs the person, what runs, what waits, and the latest uploads."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.core.uploads import UploadId, UploadItem, UploadState
from app.ui import theme
from app.ui.tray_window.rows import FinishedRow, RunningRow
from app.ui.tray_window.waiting import WaitingList
from app.ui.widgets import button, label

RECENT_COUNT = 5
TROUBLE_COUNT = 10
"""How many rows that need the person are built at first, and with each press of “Show more”."""
_IN_FLIGHT = (UploadState.SENDING, UploadState.COMMITTING)


class UploadsView(QWidget):
    """Rows for single uploads, and a list for those that wait. Told everything anew, it changes what differs."""

    cancel_requested = Signal(str)
    """An upload's id, as in the next ones."""
    retry_requested = Signal(str)
    dismiss_requested = Signal(str)
    mark_done_requested = Signal(str)
    copy_link_requested = Signal(str)
    open_requested = Signal(str)
    dismiss_failed_requested = Signal(list)
    """The ids of all that failed."""
    move_requested = Signal(str, str)
    """An upload's id, and the id of the one that it is to come before; empty for the end."""
    clear_requested = Signal()
    gallery_requested = Signal()
    thumbnail_requested = Signal(str, object)
    """An upload's id and the Path of its file: answered by `set_thumbnail`, or not at all."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._open: tuple[UploadItem, ...] = ()
        self._shown_troubles = TROUBLE_COUNT
        self._rows: dict[UploadId, RunningRow] = {}
        self._finished: dict[UploadId, FinishedRow] = {}
        self._dismiss_failed = self._small_button(self.tr("Discard failed"), self._ask_to_dismiss)
        self._more = self._small_button("", self._show_more)
        self._clear = self._small_button(self.tr("Clear list"), self.clear_requested.emit)
        self._clear.setToolTip(self.tr("The uploads stay in the history and on ImgLink."))
        self._trouble_header = _Header(self.tr("Needs your attention"), self._dismiss_failed)
        self._running_header = _Header(self.tr("In progress"))
        self._waiting_header = _Header(self.tr("Waiting"))
        self._finished_header = _Header(self.tr("Latest"), self._clear)
        self._waiting = WaitingList()
        self._waiting.cancel_requested.connect(self.cancel_requested)
        self._waiting.move_requested.connect(self.move_requested)
        self._waiting.thumbnail_requested.connect(self.thumbnail_requested)
        self._lay_out()
        self._refresh([], [])

    @property
    def is_empty(self) -> bool:
        """True when there is nothing to list."""
        return not self._open and not self._finished

    def set_uploads(self, items: Sequence[UploadItem]) -> None:
        """Show exactly these as not finished, in the order of sending."""
        self._open = tuple(items)
        running = [item for item in items if item.state in _IN_FLIGHT]
        waiting = [item for item in items if item.state is UploadState.QUEUED]
        troubles = [item for item in items if item.state not in (*_IN_FLIGHT, UploadState.QUEUED)]
        shown = troubles[: self._shown_troubles]
        wanted = {item.id for item in (*shown, *running)}
        for upload_id in [each for each in self._rows if each not in wanted]:
            _drop(self._rows.pop(upload_id))
        self._waiting.set_items(waiting)
        for column, part in ((self._trouble_rows, shown), (self._running_rows, running)):
            for place, item in enumerate(part):
                self._put(item, column, place)
        self._refresh(troubles, running)

    def set_recent(self, items: Sequence[UploadItem]) -> None:
        """Show exactly these as the latest, newest first; only the first five count."""
        wanted = {item.id: item for item in items[:RECENT_COUNT]}
        for upload_id in [each for each in self._finished if each not in wanted]:
            _drop(self._finished.pop(upload_id))
        for place, item in enumerate(wanted.values()):
            row = self._finished.get(item.id)
            if row is None:
                row = self._finished[item.id] = self._make_finished(item)
                self._ask_for_thumbnail(item)
            elif row.item is not item:
                row.show_item(item)
            if self._finished_rows.indexOf(row) != place:
                self._finished_rows.insertWidget(place, row)
        self._finished_header.setVisible(bool(self._finished))

    def set_thumbnail(self, upload_id: UploadId, image: QImage) -> None:
        """Show a small picture of an upload, if it is still listed."""
        for row in (self._rows.get(upload_id), self._finished.get(upload_id)):
            if row is not None:
                row.thumbnail.set_picture(image)
        self._waiting.set_thumbnail(upload_id, image)

    def show_copied(self, upload_id: UploadId) -> None:
        """Say that this upload's link is on the clipboard."""
        if upload_id in self._finished:
            self._finished[upload_id].show_copied()

    def _put(self, item: UploadItem, column: QVBoxLayout, place: int) -> None:
        row = self._rows.get(item.id)
        if row is None:
            row = self._rows[item.id] = self._make_running(item)
            self._ask_for_thumbnail(item)
        elif row.item is not item:
            row.show_item(item)
        if column.indexOf(row) != place:
            column.insertWidget(place, row)

    def _make_running(self, item: UploadItem) -> RunningRow:
        row = RunningRow(item, self._monotonic)
        row.cancel_requested.connect(lambda: self.cancel_requested.emit(item.id))
        row.retry_requested.connect(lambda: self.retry_requested.emit(item.id))
        row.dismiss_requested.connect(lambda: self.dismiss_requested.emit(item.id))
        row.mark_done_requested.connect(lambda: self.mark_done_requested.emit(item.id))
        row.gallery_requested.connect(self.gallery_requested)
        return row

    def _make_finished(self, item: UploadItem) -> FinishedRow:
        row = FinishedRow(item)
        row.copy_requested.connect(lambda: self.copy_link_requested.emit(item.id))
        row.open_requested.connect(lambda: self.open_requested.emit(item.id))
        return row

    def _ask_for_thumbnail(self, item: UploadItem) -> None:
        if item.has_file:
            self.thumbnail_requested.emit(item.id, item.path)

    def _show_more(self) -> None:
        self._shown_troubles += TROUBLE_COUNT
        self.set_uploads(self._open)

    def _ask_to_dismiss(self) -> None:
        self.dismiss_failed_requested.emit([item.id for item in self._open if item.state is UploadState.FAILED])

    # --- how it is built ----------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._trouble_rows, self._running_rows, self._finished_rows = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self._trouble_rows, self._running_rows, self._finished_rows):
            part.setSpacing(0)
        column.addWidget(self._trouble_header)
        column.addLayout(self._trouble_rows)
        column.addWidget(self._more)
        column.addWidget(self._running_header)
        column.addLayout(self._running_rows)
        column.addWidget(self._waiting_header)
        column.addWidget(self._waiting)
        column.addWidget(self._finished_header)
        column.addLayout(self._finished_rows)
        # What is left over belongs below, not between the rows.
        column.addStretch(1)
        self._finished_header.hide()

    def _refresh(self, troubles: Sequence[UploadItem], running: Sequence[UploadItem]) -> None:
        waiting, failed = len(self._waiting.items), sum(item.state is UploadState.FAILED for item in troubles)
        self._trouble_header.show_count(len(troubles))
        self._running_header.show_count(len(running))
        self._waiting_header.show_count(waiting)
        self._waiting.setVisible(waiting > 0)
        self._dismiss_failed.setVisible(failed > 1)
        hidden = len(troubles) - self._shown_troubles
        self._more.setVisible(hidden > 0)
        self._more.setText(self.tr("Show more (%n left)", "", max(0, hidden)))

    @staticmethod
    def _small_button(text: str, on_click: Callable[[], object]) -> QPushButton:
        made = button(text, on_click, look="plain")
        made.setFont(theme.small_font(made.font()))
        return made


class _Header(QWidget):
    """The title of a part, with how many it holds, and buttons."""

    def __init__(self, title: str, *buttons: QPushButton) -> None:
        super().__init__()
        self._title = title
        self._label = label(title, tone="muted", small=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.SPACE_S, 0, theme.SPACE_XS)
        row.addWidget(self._label, 1)
        for each in buttons:
            row.addWidget(each)

    def show_count(self, count: int) -> None:
        """Hidden for none."""
        self._label.setText(f"{self._title} · {count}" if count > 1 else self._title)
        self.setVisible(count > 0)


def _drop(row: QWidget) -> None:
    row.hide()
    row.deleteLater()
