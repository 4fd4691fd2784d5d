"""What a window shows where its contents would be: nothing there, still loading, signed out, trouble."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.ui import theme
from app.ui.widgets import Symbol, button, heading, label

_WIDTH = 460


class MessagePage(QWidget):
    """A drawing, a sentence, what it means, and what can be done about it."""

    def __init__(self, symbol: str, *, tone: str = "muted") -> None:
        super().__init__()
        self._title = heading("", 1.2)
        self._text = label(tone="muted", wrap=True)
        for each in (self._title, self._text):
            each.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            each.setWordWrap(True)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(theme.SPACE_S)
        self._buttons.addStretch(1)
        self._buttons.addStretch(1)
        inner = QWidget()
        inner.setMaximumWidth(_WIDTH)
        self._column = QVBoxLayout(inner)
        self._column.setSpacing(theme.SPACE_M)
        self._column.addWidget(Symbol(symbol, tone=tone, size=40), 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addWidget(self._title)
        self._column.addWidget(self._text)
        self._column.addLayout(self._buttons)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(inner, 4)
        row.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL)
        outer.addStretch(2)
        outer.addLayout(row)
        outer.addStretch(3)

    def say(self, title: str, text: str) -> None:
        """Show these words."""
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self.setAccessibleName(f"{title} {text}".strip())

    @property
    def said(self) -> str:
        """The words that are shown."""
        return self.accessibleName()

    def offer(self, text: str, on_click: Callable[[], object], *, look: str = "primary") -> QPushButton:
        """Add a button."""
        made = button(text, on_click, look=look)
        self._buttons.insertWidget(self._buttons.count() - 1, made)
        return made

    def show_progress(self) -> None:
        """Show that something is on its way."""
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setFixedWidth(160)
        bar.setAccessibleName(self._title.text())
        self._column.addWidget(bar, 0, Qt.AlignmentFlag.AlignHCenter)
