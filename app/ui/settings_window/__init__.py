"""The settings window: pages made from the schema, a search field, changes that apply at once."""

from app.ui.settings_window.window import PageId, SettingsWindow

__all__ = ["PageId", "SettingsWindow"]
