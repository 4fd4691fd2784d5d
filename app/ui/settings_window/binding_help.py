"""What to put into the desktop's own settings, where a program cannot bind keys: lines, and a button to copy them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout

from app.system.compositor_keys import BindingHelp
from app.ui import theme
from app.ui.widgets import button, label

_MOST_LINES = 8


class BindingHelpPanel(QFrame):
    """Hidden while there is nothing to tell."""

    copy_requested = Signal(str, object)
    """A text, and what is told whether other programs can read it."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "panel")
        self._where = label(wrap=True)
        self._lines = QPlainTextEdit()
        self._lines.setReadOnly(True)
        self._lines.setTabChangesFocus(True)
        self._lines.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._lines.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._lines.setAccessibleName(self.tr("Lines for the desktop's settings"))
        self._copied = label(tone="muted", small=True)
        self._copy = button(self.tr("Copy"), self._copy_lines)
        self._copy.setAccessibleName(self.tr("Copy the lines for the desktop's settings"))
        foot = QHBoxLayout()
        foot.addWidget(self._copied, 1)
        foot.addWidget(self._copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_M)
        column.setSpacing(theme.SPACE_S)
        column.addWidget(self._where)
        column.addWidget(self._lines)
        column.addLayout(foot)
        self.hide()

    @property
    def lines(self) -> str:
        """What is shown to be copied."""
        return self._lines.toPlainText()

    def set_help(self, help_text: BindingHelp | None) -> None:
        """Show this; nothing when there is none."""
        shown = help_text is not None and bool(help_text.lines)
        self.setVisible(shown)
        if help_text is None or not shown:
            return
        self._where.setText(help_text.where)
        self._copied.clear()
        if help_text.lines != self.lines:
            self._lines.setPlainText(help_text.lines)
        count = min(_MOST_LINES, help_text.lines.count("\n") + 1)
        # One line more, which a scroll bar at the bottom covers.
        height = self._lines.fontMetrics().lineSpacing() * (count + 1) + 2 * theme.SPACE_M
        self._lines.setFixedHeight(height)

    def _copy_lines(self) -> None:
        self.copy_requested.emit(self.lines, self._tell_copied)

    def _tell_copied(self, is_there: bool) -> None:
        self._copied.setText(self.tr("Copied") if is_there else self.tr("Could not be copied"))
