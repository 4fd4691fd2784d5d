"""Files that were not taken, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.ui import theme
from app.ui.tray_view import Refusal
from app.ui.widgets import ElidedLabel, IconButton, NoticeBar, breakable, button, label

_MOST_SHOWN = 50


class RefusalList(QWidget):
    """A panel with one line for each refusal, each dismissible; hidden when empty."""

    doctor_requested = Signal(object)
    """A Part."""
    system_settings_requested = Signal(str)
    """An address that opens a page of the system's own settings."""

    def __init__(self) -> None:
        super().__init__()
        self._panel = NoticeBar("error", dismissible=False)
        self._panel.text.setFont(theme.heading_font(self._panel.text.font()))
        self._lines = QVBoxLayout()
        self._lines.setSpacing(theme.SPACE_S)
        self._panel.column.insertLayout(1, self._lines)
        self._more = label(tone="muted", small=True)
        self._panel.column.insertWidget(2, self._more)
        self._panel.buttons.addStretch(1)
        self._panel.buttons.addWidget(button(self.tr("Dismiss all"), self.clear, look="plain"))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._panel)
        self._shown: list[QWidget] = []
        self._hidden = 0
        self._refresh()

    def add(self, refusals: Iterable[Refusal]) -> None:
        """List these too."""
        for refusal in refusals:
            if len(self._shown) >= _MOST_SHOWN:
                self._hidden += 1
                continue
            line = self._line(refusal)
            self._shown.append(line)
            self._lines.addWidget(line)
        self._refresh()

    def clear(self) -> None:
        """Forget all of them."""
        for line in self._shown:
            line.hide()
            line.deleteLater()
        self._shown.clear()
        self._hidden = 0
        self._refresh()

    @property
    def count(self) -> int:
        """How many are listed or counted."""
        return len(self._shown) + self._hidden

    def _line(self, refusal: Refusal) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(label(refusal.name, wrap=True) if refusal.is_sentence else ElidedLabel(refusal.name))
        column.addWidget(label(breakable(refusal.reason), tone="danger", small=True, wrap=True))
        row.addLayout(column, 1)
        for way in self._ways(refusal):
            way.setFont(theme.small_font(way.font()))
            column.addSpacing(theme.SPACE_XS)
            column.addWidget(way, 0, Qt.AlignmentFlag.AlignLeft)
        cross = IconButton("close", self.tr("Dismiss {name}").format(name=refusal.name), size=14)
        cross.clicked.connect(lambda: self._dismiss(made))
        row.addWidget(cross, 0, Qt.AlignmentFlag.AlignTop)
        return made

    def _ways(self, refusal: Refusal) -> Iterator[QPushButton]:
        """Buttons that lead to the remedy. One below the other: the window is too narrow for two."""
        if url := refusal.settings_url:
            opens = self.tr("Open the system's settings")
            yield button(opens, lambda: self.system_settings_requested.emit(url), look="small")
        if (part := refusal.part) is not None:
            yield button(self.tr("What the doctor says"), lambda: self.doctor_requested.emit(part), look="small")

    def _dismiss(self, line: QWidget) -> None:
        self._shown.remove(line)
        line.hide()
        line.deleteLater()
        self._refresh()

    def _refresh(self) -> None:
        count = self.count
        self.setVisible(count > 0)
        self._panel.set_text(
            self.tr("1 item was not taken") if count == 1 else self.tr("%n items were not taken", "", count)
        )
        self._more.setText(self.tr("and {count} more").format(count=self._hidden))
        self._more.setVisible(self._hidden > 0)
