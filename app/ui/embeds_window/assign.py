"""Giving images a profile: which one, how far it is, what failed, and back again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.imglink import EmbedId, EmbedProfile
from app.core.jobs import Job, JobsHold, JobState
from app.ui import icons, theme
from app.ui.embeds_window.profile_list import color_dot
from app.ui.widgets import button, heading, label


class AssignDialog(QDialog):
    """Follows one job, or several that undo it together. What it shows goes on when it is closed."""

    chosen = Signal(object)
    """The EmbedId that was chosen, or None for no profile."""
    manage_requested = Signal()
    """The person wants to make or change profiles first."""
    cancel_requested = Signal()
    undo_requested = Signal()
    retry_requested = Signal()

    def __init__(self, count: int, parent: QWidget | None = None) -> None:
        """For so many images."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Embed profile of images"))
        self.setWindowIcon(icons.app_icon())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._count = count
        self._is_undo = False
        self._jobs: tuple[Job, ...] = ()
        self._hold: JobsHold | None = None
        self.title = heading("", 1.15)
        self.title.setWordWrap(True)
        self.list = QListWidget()
        self.text = label(tone="muted", wrap=True)
        self.bar = QProgressBar()
        self.failures = QPlainTextEdit()
        self._stack = QStackedWidget()
        self._build()
        self.set_profiles(None)

    def sizeHint(self) -> QSize:
        """Room for some profiles."""
        return QSize(420, 420)

    # --- choosing -----------------------------------------------------------------------------------------------------

    def set_profiles(self, profiles: Sequence[EmbedProfile] | None) -> None:
        """Offer these; None while they are on their way."""
        self.title.setText(
            self.tr("Which profile for this image?")
            if self._count == 1
            else self.tr("Which profile for {count} images?").format(count=self._count)
        )
        self.list.clear()
        for profile in profiles or ():
            item = QListWidgetItem(" ".join(profile.fields.name.split()))
            item.setIcon(color_dot(profile.fields.color, self.devicePixelRatioF()))
            self._add(item, profile.id)
        if profiles is not None:
            none = QListWidgetItem(self.tr("No profile: what ImgLink shows by itself"))
            none.setIcon(color_dot("", self.devicePixelRatioF()))
            self._add(none, None)
            self.list.setCurrentRow(0)
            self.list.setFocus()
        self._assign.setEnabled(profiles is not None)
        self._say(self.tr("Reading the profiles…") if profiles is None else "")
        self._stack.setCurrentWidget(self._choosing)

    def show_failure(self, text: str) -> None:
        """The profiles could not be read, or the job not be taken on."""
        if self._jobs:
            self._progress_text.setText(text)
            self._progress_text.show()
            return
        self._assign.setEnabled(self.list.count() > 0)
        self._say(text)

    def show_beginning(self) -> None:
        """Nothing is to be chosen: the job is being taken on."""
        self.title.setText(self.tr("One moment…"))
        self.list.hide()
        self._assign.hide()
        self._say("")

    # --- following ----------------------------------------------------------------------------------------------------

    @property
    def jobs(self) -> tuple[Job, ...]:
        """What is followed."""
        return self._jobs

    def follow(self, jobs: Sequence[Job], *, is_undo: bool = False) -> None:
        """Show how far these are."""
        self._jobs, self._is_undo = tuple(jobs), is_undo
        self._stack.setCurrentWidget(self._following)
        self._show_jobs()

    def update_job(self, job: Job) -> None:
        """One of them has moved on."""
        if any(each.id == job.id for each in self._jobs):
            self._jobs = tuple(job if each.id == job.id else each for each in self._jobs)
            self._show_jobs()

    def set_hold(self, hold: JobsHold | None) -> None:
        """Say why it does not go on."""
        self._hold = hold
        if self._jobs:
            self._show_jobs()

    def _show_jobs(self) -> None:
        total = sum(len(job.items) for job in self._jobs)
        done = sum(len(job.done) for job in self._jobs)
        failed = [item for job in self._jobs for item in job.failed]
        is_active = any(job.is_active for job in self._jobs)
        was_cancelled = any(job.state is JobState.CANCELLED for job in self._jobs)
        self.bar.setRange(0, max(1, total))
        self.bar.setValue(done + len(failed))
        self.bar.setVisible(is_active)
        self.title.setText(self._headline(done, total, is_active=is_active))
        parts = []
        if is_active:
            parts.append(self.tr("{done} of {total}").format(done=done + len(failed), total=total))
            if self._hold is not None:
                parts.append(self._hold.reason)
        elif was_cancelled:
            parts.append(self.tr("Stopped: the rest keeps what it had."))
        if failed:
            parts.append(self.tr("{count} were refused:").format(count=len(failed)))
        self._progress_text.setText("\n".join(parts))
        self._progress_text.setVisible(bool(parts))
        self.failures.setPlainText("\n".join(f"{item.image_id}: {item.reason}" for item in failed))
        self.failures.setVisible(bool(failed))
        self._room.setVisible(not failed)
        self._cancel_job.setVisible(is_active)
        self._undo.setVisible(not is_active and done > 0 and not self._is_undo)
        self._retry.setVisible(not is_active and bool(failed))
        self._close.setText(self.tr("Hide") if is_active else self.tr("Close"))
        self._close.setToolTip(self.tr("It goes on, also after a restart.") if is_active else "")

    def _headline(self, done: int, total: int, *, is_active: bool) -> str:
        name = self._jobs[0].target_name if self._jobs else ""
        if self._is_undo:
            return self.tr("Going back to what was before…") if is_active else self.tr("Everything is as it was before")
        if is_active:
            what = self.tr("Giving “{name}” to {total} images…") if name else self.tr("Taking away profiles…")
        elif name:
            what = self.tr("{done} of {total} images have “{name}” now")
        else:
            what = self.tr("{done} of {total} images have no profile now")
        return what.format(name=name, done=done, total=total)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _add(self, item: QListWidgetItem, embed_id: EmbedId | None) -> None:
        item.setData(Qt.ItemDataRole.UserRole, embed_id)
        item.setSizeHint(QSize(0, self.list.fontMetrics().height() + 2 * theme.SPACE_S))
        self.list.addItem(item)

    def _choose(self) -> None:
        item = self.list.currentItem()
        if item is not None and self._assign.isEnabled():
            self._assign.setEnabled(False)
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    def _say(self, text: str) -> None:
        self.text.setText(text)
        self.text.setVisible(bool(text))

    def _build(self) -> None:
        self.list.setAccessibleName(self.tr("Embed profiles"))
        self.list.setProperty("look", "choice")
        self.list.itemActivated.connect(lambda _: self._choose())
        self._assign = button(self.tr("Give it"), self._choose, look="primary")
        self._assign.setDefault(True)
        manage = button(self.tr("Embed profiles…"), self.manage_requested.emit)
        cancel = button(self.tr("Cancel"), self.close)
        self._choosing = _page([self.list, self.text], [manage, None, cancel, self._assign])
        self._progress_text = label(tone="muted", wrap=True)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.failures.setReadOnly(True)
        self.failures.setTabChangesFocus(True)
        self.failures.setAccessibleName(self.tr("What was refused, and why"))
        self._cancel_job = button(self.tr("Stop"), self.cancel_requested.emit)
        self._undo = button(self.tr("Undo"), self.undo_requested.emit)
        self._retry = button(self.tr("Try those again"), self.retry_requested.emit)
        self._close = button(self.tr("Hide"), self.close, look="primary")
        self._room = QWidget()
        self._room.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._following = _page(
            [self._progress_text, self.bar, self.failures, self._room],
            [self._undo, self._retry, None, self._cancel_job, self._close],
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_L)
        column.setSpacing(theme.SPACE_M)
        column.addWidget(self.title)
        column.addWidget(self._stack, 1)
        self._stack.addWidget(self._choosing)
        self._stack.addWidget(self._following)


def _page(widgets: Sequence[QWidget], buttons: Sequence[QWidget | None]) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.SPACE_M)
    for widget in widgets:
        column.addWidget(widget)
    row = QHBoxLayout()
    row.setSpacing(theme.SPACE_S)
    for each in buttons:
        if each is None:
            row.addStretch(1)
        else:
            row.addWidget(each)
    column.addLayout(row)
    return made
