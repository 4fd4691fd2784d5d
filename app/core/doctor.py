"""The parts of the desktop that the doctor looks at. A failure names its part, so that windows lead to its line."""

from __future__ import annotations

from enum import Enum

CLIPBOARD_REMEDY = "Quit the program that holds it: most often it is a clipboard manager that hangs."
"""What helps when the clipboard is set, and somebody else answers for it, or nobody."""


class Part(Enum):
    """One line of the doctor's report; the value is its name."""

    SESSION = "Session"
    CAPTURE = "Screen capture"
    WINDOWS = "Window capture"
    PORTAL = "Portal"
    SHORTCUTS = "Shortcuts"
    CLIPBOARD = "Clipboard"
    TRAY = "Tray"
    NOTIFICATIONS = "Notifications"
    KEYRING = "Keyring"
    NETWORK = "Network"
    FOLDERS = "Folders"
    AUTOSTART = "Start with the session"
    DEMO = "Demo server"
    VERSIONS = "Versions"
