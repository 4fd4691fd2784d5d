"""One typed schema of settings and the atomic file that holds them."""

from app.settings.file import SettingsFile, SettingsNotice
from app.settings.schema import Option, Settings, Theme, options

__all__ = ["Option", "Settings", "SettingsFile", "SettingsNotice", "Theme", "options"]
