"""A bulk job as a window shows it: how far it has come, why it waits, how it ended, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from app.core.jobs import Job, JobsHold, JobState
from app.ui import theme
from app.ui.widgets import IconButton, Symbol, button, label

JobText = Callable[[Job], str]


class JobBar(QFrame):
    """Shows one Job; says what the person wants."""

    cancel_requested = Signal(str)
    retry_requested = Signal(str)
    undo_requested = Signal(str)
    dismiss_requested = Signal(str)
    sign_in_requested = Signal()

    def __init__(self, text_of: JobText, reasons_of: JobText, hold_text: Callable[[JobsHold], str]) -> None:
        """What to say of a job, of its failures (one a line), and of what it waits for."""
        super().__init__()
        self._text_of, self._reasons_of, self._hold_text = text_of, reasons_of, hold_text
        self._job: Job | None = None
        self.setProperty("look", "panel")
        self._symbol = Symbol("check", tone="success", size=18)
        self._text = label(wrap=True)
        self._wait = label(tone="muted", small=True, wrap=True)
        self._reasons = label(tone="danger", small=True, wrap=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._sign_in = button(self.tr("Sign in…"), self.sign_in_requested.emit, look="small")
        self._why = button(self.tr("Why?"), self._toggle_reasons, look="small")
        self._retry = button("", lambda: self._ask(self.retry_requested), look="small")
        self._undo = button(self.tr("Undo"), lambda: self._ask(self.undo_requested), look="small")
        self._cancel = button(self.tr("Cancel"), lambda: self._ask(self.cancel_requested), look="small")
        self._close = IconButton("close", self.tr("Dismiss"), size=14)
        self._close.clicked.connect(lambda: self._ask(self.dismiss_requested))
        self._build()

    @property
    def job(self) -> Job | None:
        """The job that is shown."""
        return self._job

    def set_job(self, job: Job, hold: JobsHold | None) -> None:
        """Show it as it is now; `hold` is why it waits, if it does."""
        self._job = job
        is_active, has_failed = job.is_active, bool(job.failed)
        text = self._text_of(job)
        self._text.setText(text)
        self.setAccessibleName(text)
        hold = hold if is_active else None
        self._wait.setText("" if hold is None else self._hold_text(hold))
        self._wait.setVisible(hold is not None)
        self._bar.setVisible(is_active)
        self._bar.setRange(0, len(job.items))
        self._bar.setValue(len(job.items) - len(job.pending))
        symbol, tone = ("alert", "danger") if has_failed else ("check", "success")
        if is_active or job.state is JobState.CANCELLED:
            symbol, tone = ("pause", "warning") if hold is not None else ("info" if not is_active else "retry", "muted")
        self._symbol.set_symbol(symbol, tone)
        self._sign_in.setVisible(hold is not None and hold.needs_sign_in)
        self._cancel.setVisible(is_active)
        self._close.setVisible(not is_active)
        self._undo.setVisible(not is_active and bool(job.done))
        self._retry.setVisible(not is_active and (has_failed or bool(job.pending)))
        self._retry.setText(self.tr("Try again") if has_failed else self.tr("Go on"))
        self._why.setVisible(has_failed)
        self._reasons.setText(self._reasons_of(job) if has_failed else "")
        self._reasons.setVisible(has_failed and self._reasons.isVisibleTo(self))

    def show_reasons(self) -> None:
        """Say why images failed."""
        self._reasons.setVisible(True)
        self._why.setText(self.tr("Less"))

    def _toggle_reasons(self) -> None:
        if self._reasons.isVisibleTo(self):
            self._reasons.setVisible(False)
            self._why.setText(self.tr("Why?"))
        else:
            self.show_reasons()

    def _ask(self, signal: SignalInstance) -> None:
        if self._job is not None:
            signal.emit(self._job.id)

    def _build(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(theme.SPACE_S)
        top.addWidget(self._symbol)
        top.addWidget(self._text, 1)
        for widget in (self._sign_in, self._why, self._retry, self._undo, self._cancel, self._close):
            top.addWidget(widget)
        self._reasons.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_S, theme.SPACE_S)
        column.setSpacing(theme.SPACE_XS)
        column.addLayout(top)
        for line in (self._bar, self._wait, self._reasons):
            column.addWidget(line)
