"""One upload, running or finished, as a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.core.uploads import UploadItem, UploadState
from app.ui import theme
from app.ui.texts import detail_text, source_text, state_text
from app.ui.tray_window.flow import FlowLayout
from app.ui.widgets import ElidedLabel, IconButton, Thumbnail, button, label, set_tone

_COPIED_MS = 2000
_STEPS = 1000
_SPEED_WINDOW_S = 0.5


class SpeedMeter:
    """Bytes a second, smoothed over the last moments."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._since: tuple[float, int] | None = None
        self.bytes_per_s: float | None = None

    def count(self, sent_bytes: int) -> None:
        """Tell how many bytes are out by now."""
        now = self._monotonic()
        if self._since is None or sent_bytes < self._since[1]:
            self._since, self.bytes_per_s = (now, sent_bytes), None
            return
        passed = now - self._since[0]
        if passed >= _SPEED_WINDOW_S:
            fresh = (sent_bytes - self._since[1]) / passed
            self.bytes_per_s = fresh if self.bytes_per_s is None else 0.5 * self.bytes_per_s + 0.5 * fresh
            self._since = (now, sent_bytes)


class _Row(QWidget):
    """Thumbnail, two lines of text, and room for buttons at the right and below."""

    def __init__(self, item: UploadItem) -> None:
        super().__init__()
        self.item = item
        self.thumbnail = Thumbnail()
        self._name = ElidedLabel()
        self._texts = QVBoxLayout()
        self._texts.setSpacing(2)
        self._texts.addStretch(1)
        self._texts.addWidget(self._name)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(2)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, theme.SPACE_XS + 2, 0, theme.SPACE_XS + 2)
        self._column.setSpacing(theme.SPACE_XS + 2)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_M)
        self._column.addLayout(row)
        row.addWidget(self.thumbnail)
        row.addLayout(self._texts, 1)
        row.addLayout(self._buttons)

    def _icon_button(self, symbol: str, name: str, signal: object) -> IconButton:
        made = IconButton(symbol, name)
        made.clicked.connect(signal)
        self._buttons.addWidget(made)
        return made


class RunningRow(_Row):
    """An upload that is not finished: progress and cancel, or the reason and what can be done."""

    cancel_requested = Signal()
    retry_requested = Signal()
    dismiss_requested = Signal()
    mark_done_requested = Signal()
    gallery_requested = Signal()

    def __init__(self, item: UploadItem, monotonic: Callable[[], float]) -> None:
        super().__init__(item)
        self._speed = SpeedMeter(monotonic)
        self._detail = label(tone="muted", small=True, wrap=True)
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._texts.addWidget(self._detail)
        self._texts.addWidget(self._bar)
        self._cancel = self._icon_button("close", self.tr("Cancel"), self.cancel_requested)
        self._choices = QWidget()
        choices = FlowLayout()
        self._choices.setLayout(choices)
        self._gallery = button(self.tr("Open gallery"), self.gallery_requested.emit, look="small")
        self._retry = button(self.tr("Try again"), self.retry_requested.emit, look="small")
        self._done = button(self.tr("Mark as done"), self.mark_done_requested.emit, look="small")
        self._dismiss = button(self.tr("Dismiss"), self.dismiss_requested.emit, look="small")
        for choice in (self._gallery, self._retry, self._done, self._dismiss):
            choice.setFont(theme.small_font(choice.font()))
            choices.addWidget(choice)
        self._column.addWidget(self._choices)
        self._texts.addStretch(1)
        # The bars of all rows end at the same place, cancellable or not.
        policy = self._cancel.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._cancel.setSizePolicy(policy)
        self.show_item(item)

    def show_item(self, item: UploadItem) -> None:
        """Show where it stands now."""
        self.item = item
        state = item.state
        if state is UploadState.SENDING:
            self._speed.count(item.sent_bytes)
        name = source_text(item)
        self._name.set_text(name)
        # Why the queue as a whole is paused is said above, once.
        is_held = state is UploadState.PAUSED and item.error_kind is not None
        waits = self.tr("Waits until uploads go on.")
        self._detail.setText(waits if is_held else state_text(item, self._speed.bytes_per_s))
        set_tone(self._detail, _TONES.get(state, "muted"))
        self._bar.setVisible(state in (UploadState.SENDING, UploadState.COMMITTING, UploadState.QUEUED))
        self._bar.setValue(round(item.progress * _STEPS))
        self._bar.setAccessibleName(self.tr("Progress of {name}").format(name=name))
        self._cancel.setVisible(state in (UploadState.QUEUED, UploadState.SENDING, UploadState.PAUSED))
        self._cancel.set_name(self.tr("Cancel {name}").format(name=name))
        uncertain = state is UploadState.UNCERTAIN
        failed = state is UploadState.FAILED
        # What followed a finished upload went wrong.
        is_half_done = state is UploadState.DONE
        self._gallery.setVisible(uncertain)
        self._done.setVisible(uncertain)
        self._retry.setText(self.tr("Send again (may duplicate)") if uncertain else self.tr("Try again"))
        self._dismiss.setVisible(failed or is_half_done)
        self._dismiss.setText(self.tr("Dismiss") if is_half_done else self.tr("Discard"))
        self._choices.setVisible(uncertain or failed or is_half_done or state is UploadState.PAUSED)


_TONES = {
    UploadState.FAILED: "danger",
    UploadState.UNCERTAIN: "warning",
    UploadState.PAUSED: "warning",
    UploadState.DONE: "warning",
}


class FinishedRow(_Row):
    """One of the latest uploads: copy its link, open it."""

    copy_requested = Signal()
    open_requested = Signal()

    def __init__(self, item: UploadItem) -> None:
        super().__init__(item)
        self._detail = ElidedLabel()
        self._detail.setProperty("tone", "muted")
        self._detail.setFont(theme.small_font(self._detail.font()))
        self._texts.addWidget(self._detail)
        self._texts.addStretch(1)
        self._open = self._icon_button("open", "", self.open_requested)
        self._copy = self._icon_button("copy", "", self.copy_requested)
        self._restore = QTimer(self, singleShot=True, interval=_COPIED_MS)
        self._restore.timeout.connect(self._show_copy)
        self.show_item(item)

    def show_item(self, item: UploadItem) -> None:
        """Show this upload."""
        self.item = item
        name = source_text(item)
        self._name.set_text(name)
        self._detail.set_text(detail_text(item, datetime.now(UTC)))
        self._open.set_name(self.tr("Open {name} in the browser").format(name=name))
        self._show_copy()

    def show_copied(self) -> None:
        """Say for a moment that the link is on the clipboard."""
        self._copy.set_symbol("check", "success")
        self._copy.set_name(self.tr("Copied"))
        self._restore.start()

    def _show_copy(self) -> None:
        self._copy.set_symbol("copy")
        self._copy.set_name(self.tr("Copy the link of {name}").format(name=self._name.text_whole()))
