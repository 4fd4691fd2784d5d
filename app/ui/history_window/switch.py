"""Grid or table."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from app.ui.widgets import button, tint_icon


class ViewMode(Enum):
    """How the history is shown."""

    GRID = "grid"
    TABLE = "table"


class ViewSwitch(QWidget):
    """Grid or table."""

    mode_changed = Signal(object)
    """A ViewMode."""

    def __init__(self) -> None:
        super().__init__()
        self._buttons: dict[ViewMode, QPushButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for mode, name, side in (
            (ViewMode.GRID, self.tr("Show as pictures"), "left"),
            (ViewMode.TABLE, self.tr("Show as a table"), "right"),
        ):
            made = button("", self._chooser(mode), look="segment")
            made.setProperty("side", side)
            made.setCheckable(True)
            made.setAutoExclusive(True)
            made.setAccessibleName(name)
            made.setToolTip(name)
            self._buttons[mode] = made
            row.addWidget(made)
        self._paint_icons()

    def show_mode(self, mode: ViewMode) -> None:
        """Mark this."""
        self._buttons[mode].setChecked(True)
        self._paint_icons()

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_buttons"):
            self._paint_icons()

    def _chooser(self, mode: ViewMode) -> Callable[[], None]:
        return lambda: self.mode_changed.emit(mode)

    def _paint_icons(self) -> None:
        for mode, symbol in ((ViewMode.GRID, "gallery"), (ViewMode.TABLE, "table")):
            made = self._buttons[mode]
            tint_icon(made, symbol, "accent_text" if made.isChecked() else "muted", 16)
