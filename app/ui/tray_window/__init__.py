"""The small window near the tray icon: capture buttons, drop zone, running and latest uploads."""

from app.ui.tray_window.bars import UnsavedView
from app.ui.tray_window.refusals import Refusal
from app.ui.tray_window.window import TrayWindow

__all__ = ["Refusal", "TrayWindow", "UnsavedView"]
