"""Below the list: what can still be undone, what runs, how it ended, and what it all adds up to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QProgressBar, QWidget

from app.core.history import HistoryStatistics
from app.core.imglink import UPLOADS_PER_HOUR
from app.ui import theme
from app.ui.history_window import texts
from app.ui.texts import bytes_text
from app.ui.widgets import ElidedLabel, NoticeBar, button, label, set_tone

_STEPS = 1000
_TICK_MS = 50
QUOTA_BYTES = 500_000_000
QUOTA_VERIFIED_BYTES = 10_000_000_000
"""What ImgLink documents: 500 MB, or 10 GB with a verified e-mail address."""


class ActionBar(QWidget):
    """One thing that was just done or is being done: what it is, how far, and Undo while there is time."""

    pressed = Signal()
    """Undo."""
    expired = Signal()
    """The time to undo is over."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("action")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._text = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(140)
        self._button = button("", self.pressed.emit, look="plain")
        # The bar is as high without it.
        policy = self._button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._button.setSizePolicy(policy)
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._left_ms = self._whole_ms = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_L, theme.SPACE_XS, theme.SPACE_S, theme.SPACE_XS)
        row.setSpacing(theme.SPACE_M)
        row.addWidget(self._text, 1)
        row.addWidget(self._bar)
        row.addWidget(self._button)
        self.hide()

    def offer_undo(self, text: str, seconds: float) -> None:
        """Offer to undo for so long."""
        self._show(text, self.tr("Undo"), "Ctrl+Z")
        self._bar.setAccessibleName(self.tr("Time left to undo"))
        self._left_ms = self._whole_ms = round(seconds * 1000)
        self._bar.setValue(_STEPS)
        self._timer.start()

    def show_progress(self, text: str, done: int, total: int) -> None:
        """Show how far it is."""
        self._show(text, "", "")
        self._bar.setAccessibleName(text)
        self._bar.setValue(round(_STEPS * done / max(1, total)))

    def show_done(self, text: str, seconds: float = 4.0) -> None:
        """Say for a moment how it ended."""
        self._show(text, "", "")
        self._bar.hide()
        self._left_ms = self._whole_ms = round(seconds * 1000)
        self._timer.start()

    def stop(self) -> None:
        """Say nothing more."""
        self._timer.stop()
        self.hide()

    def _show(self, text: str, action: str, keys: str) -> None:
        self._timer.stop()
        self._text.set_text(text)
        self.setAccessibleName(text)
        self._button.setText(f"{action} ({keys})" if keys else action)
        self._button.setVisible(bool(action))
        self._bar.show()
        self.show()

    def _tick(self) -> None:
        self._left_ms -= _TICK_MS
        if self._left_ms <= 0:
            self.stop()
            self.expired.emit()
        elif self._bar.isVisible():
            self._bar.setValue(round(_STEPS * self._left_ms / self._whole_ms))


class ResultBar(NoticeBar):
    """What did not work, item by item on demand."""

    def __init__(self) -> None:
        super().__init__("error")
        self._toggle = button("", self._show_or_hide, look="small")
        self._list = QPlainTextEdit()
        self._list.setReadOnly(True)
        self._list.setFixedHeight(96)
        self._list.setAccessibleName(self.tr("What did not work, and why"))
        self._list.setTabChangesFocus(True)
        self.buttons.addWidget(self._toggle)
        self.buttons.addStretch(1)
        self.column.insertWidget(1, self._list)
        self.dismissed.connect(self.hide)
        self.hide()

    def show_results(self, text: str, lines: Sequence[str]) -> None:
        """Say what happened; `lines` one for each that failed."""
        self.set_text(text)
        self._list.setPlainText("\n".join(lines))
        self._list.hide()
        self._toggle.setText(self.tr("Show each"))
        self._toggle.setVisible(bool(lines))
        self.show()

    def _show_or_hide(self) -> None:
        self._list.setVisible(self._list.isHidden())
        self._toggle.setText(self.tr("Show each") if self._list.isHidden() else self.tr("Hide"))


class StatisticsStrip(QWidget):
    """Count, storage and pace, as far as this computer knows."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = self._small()
        self._count, self._storage, self._pace = self._small(), self._small(), self._small()
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(72)
        hint = self.tr(
            "An estimate from the uploads made here. ImgLink allows 500 MB, or 10 GB with a verified e-mail address."
        )
        for part in (self._storage, self._bar):
            part.setToolTip(hint)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_L, theme.SPACE_XS, theme.SPACE_L, theme.SPACE_XS)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self._shown)
        row.addStretch(1)
        for part in (self._count, self._dot(), self._storage, self._bar, self._dot(), self._pace):
            row.addWidget(part)
        self._parts = (self._count, self._storage, self._bar, self._pace)
        for part in self._parts:
            part.hide()

    def show_statistics(self, statistics: HistoryStatistics) -> None:
        """Show these."""
        used = statistics.total_bytes
        quota = QUOTA_BYTES if used <= QUOTA_BYTES else QUOTA_VERIFIED_BYTES
        self._count.setText(texts.counted(statistics.count, self.tr("1 image"), self.tr("{count} images")))
        self._storage.setText(self.tr("about {used} of {quota}").format(used=bytes_text(used), quota=bytes_text(quota)))
        self._bar.setValue(min(_STEPS, round(_STEPS * used / quota)))
        self._bar.setAccessibleName(self.tr("Storage used, estimated: {text}").format(text=self._storage.text()))
        self._pace.setText(
            self.tr("{count} of {most} uploads this hour").format(
                count=statistics.uploads_last_hour, most=UPLOADS_PER_HOUR
            )
        )
        is_much = used > 0.9 * quota
        set_tone(self._bar, "warning" if is_much else "")
        set_tone(self._pace, "warning" if statistics.uploads_last_hour >= UPLOADS_PER_HOUR else "muted")
        for part in self._parts:
            part.show()
        for dot in self.findChildren(QLabel, "dot"):
            dot.show()

    def show_found(self, text: str) -> None:
        """Say how many match, or how many are chosen."""
        self._shown.setText(text)

    @staticmethod
    def _small() -> QLabel:
        return label(tone="muted", small=True)

    def _dot(self) -> QLabel:
        made = label("·", tone="muted", small=True)
        made.setObjectName("dot")
        made.hide()
        return made
