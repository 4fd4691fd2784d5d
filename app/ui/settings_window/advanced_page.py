"""What few people change: whether the program starts by itself, and which server it talks to."""

from __future__ import annotations

from PySide6.QtCore import Signal

from app.ui.settings_window.fields import Switch
from app.ui.settings_window.page import Group, Page, Row


class AdvancedPage(Page):
    """Starting with the session is no setting of ours: the desktop keeps it."""

    autostart_requested = Signal(bool)
    """Answered by `set_autostart`."""

    def __init__(self) -> None:
        super().__init__(self.tr("Advanced"))
        name = self.tr("Start with the session")
        self.autostart = Switch()
        self.autostart.setAccessibleName(name)
        self.autostart.clicked.connect(self.autostart_requested)
        row = Row(name, self.tr("Have the icon there after you have logged in."), self.autostart)
        row.name.setBuddy(self.autostart)
        self.add(Group([row]))
        self.add_settings("account.base_url", "account.sign_in_path")

    def set_autostart(self, is_on: bool) -> None:
        """Show whether the program starts with the session."""
        self.autostart.setChecked(is_on)
