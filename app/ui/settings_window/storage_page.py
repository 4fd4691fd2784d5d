"""What is kept on this computer."""

from __future__ import annotations

from PySide6.QtCore import Signal

from app.ui.settings_window.page import Group, Page, Row
from app.ui.widgets import button


class StoragePage(Page):
    """The history's settings, the previews, and how to be rid of them."""

    clear_previews_requested = Signal()
    """Answered by `show_cleared`, or not at all."""

    def __init__(self) -> None:
        super().__init__(self.tr("History & storage"))
        self.add_settings("storage.preview_cache_mb")
        self._clear = button(self.tr("Remove previews"), self.clear_previews_requested.emit, look="small")
        self._cleared = self.tr("The previews are removed.")
        row = Row(
            self.tr("Previews on this computer"),
            self.tr("They are made or fetched again when they are needed. Images and history stay."),
            self._clear,
        )
        self.add(Group([row]))
        self._row = row

    def show_cleared(self) -> None:
        """Say that it is done."""
        self._row.description.setText(self._cleared)
        self._row.description.setAccessibleName(self._cleared)
