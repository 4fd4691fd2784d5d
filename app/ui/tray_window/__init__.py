"""The small window near the tray icon: capture buttons, drop zone, running and latest uploads."""

from app.ui.tray_window.window import TrayWindow

__all__ = ["TrayWindow"]
