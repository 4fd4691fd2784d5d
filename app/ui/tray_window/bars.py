"""Bars above the uploads: why nothing is sent, and pictures that no disk would take."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.core.errors import ErrorKind
from app.core.uploads import QueueMode, QueueState
from app.ui import theme
from app.ui.texts import queue_title
from app.ui.tray_view import UnsavedView
from app.ui.tray_window.flow import FlowLayout
from app.ui.widgets import NoticeBar, button, label


class QueueBar(NoticeBar):
    """Why nothing is sent, until when, and what can be done; hidden while uploads go on."""

    resume_requested = Signal()
    key_requested = Signal()

    def __init__(self) -> None:
        super().__init__(dismissible=False)
        self.text.setFont(theme.heading_font(self.text.font()))
        self._reason = label(tone="muted", small=True, wrap=True)
        self.column.insertWidget(1, self._reason)
        self._enter_key = button(self.tr("Enter key…"), self.key_requested.emit, look="primary")
        self._resume = button("", self.resume_requested.emit)
        self.buttons.setSpacing(theme.SPACE_S)
        self.buttons.setContentsMargins(0, theme.SPACE_XS, 0, 0)
        for made in (self._enter_key, self._resume):
            self.buttons.addWidget(made)
        self.buttons.addStretch(1)
        self.hide()

    def show_state(self, state: QueueState) -> None:
        """Show how the queue as a whole stands."""
        title = queue_title(state)
        is_paused = state.mode is QueueMode.PAUSED
        is_offline = not is_paused and state.error_kind is ErrorKind.OFFLINE
        self.set_text(title)
        self.setAccessibleName(f"{title} {state.reason}".strip())
        self._reason.setText(state.reason)
        self._reason.setVisible(bool(state.reason))
        self._enter_key.setVisible(is_paused and state.error_kind is ErrorKind.CREDENTIAL)
        # What waits for the service goes on by itself; asking again would only prolong it.
        self._resume.setVisible(is_paused or is_offline)
        self._resume.setText(self.tr("Try now") if is_offline else self.tr("Resume"))
        self.setVisible(bool(title))


class UnsavedBars(QWidget):
    """One bar for each picture that is in memory alone. They stay until the person decides."""

    copy_requested = Signal(int)
    """A picture's number, as in the next ones."""
    save_requested = Signal(int)
    retry_requested = Signal(int)
    discard_requested = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._bars: dict[int, NoticeBar] = {}
        self._reasons: dict[int, QLabel] = {}
        self._copiers: dict[int, QPushButton] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE_S)
        self.hide()

    def show_pictures(self, pictures: Sequence[UnsavedView]) -> None:
        """Show exactly these."""
        wanted = {picture.number for picture in pictures}
        for number in [each for each in self._bars if each not in wanted]:
            bar = self._bars.pop(number)
            del self._copiers[number], self._reasons[number]
            bar.hide()
            bar.deleteLater()
        for picture in pictures:
            if picture.number not in self._bars:
                self._bars[picture.number] = self._make(picture)
                self._column.addWidget(self._bars[picture.number])
            self._reasons[picture.number].setText(self._explained(picture))
        self.setVisible(bool(pictures))

    def show_copied(self, number: int) -> None:
        """Say that a picture is on the clipboard, where it does not stay for ever."""
        if number in self._bars:
            self._copiers[number].setText(self.tr("Copied"))

    def _make(self, picture: UnsavedView) -> NoticeBar:
        number = picture.number
        bar = NoticeBar("error", dismissible=False)
        bar.text.setFont(theme.heading_font(bar.text.font()))
        bar.set_text(self.tr("NOT saved: {name}").format(name=picture.name))
        reason = self._reasons[number] = label(tone="danger", small=True, wrap=True)
        bar.column.insertWidget(1, reason)
        flow = FlowLayout()
        flow.setContentsMargins(0, theme.SPACE_XS, 0, 0)
        bar.column.addLayout(flow)
        choices: list[tuple[str, SignalInstance]] = [
            (self.tr("Try again"), self.retry_requested),
            (self.tr("Save elsewhere…"), self.save_requested),
            (self.tr("Copy image"), self.copy_requested),
            (self.tr("Discard"), self.discard_requested),
        ]
        for text, signal in choices if picture.can_retry else choices[1:]:
            made = button(text, partial(signal.emit, number), look="small")
            made.setFont(theme.small_font(made.font()))
            flow.addWidget(made)
            if signal is self.copy_requested:
                self._copiers[number] = made
        return bar

    def _explained(self, picture: UnsavedView) -> str:
        why = f"{picture.reason[:1].upper()}{picture.reason[1:]}." if picture.reason else ""
        return f"{why} {self.tr('It is in memory only, and lost when ImgLink quits.')}".strip()
