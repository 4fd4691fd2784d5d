"""Having the keyboard for as long as the overlay is there, without taking the focus from anyone."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.ui.mac import Foreground, is_mac

FIRST_RETRY_MS = 15
LONGEST_RETRY_MS = 240


def is_x11() -> bool:
    """True where Qt talks to an X server."""
    return QGuiApplication.platformName() == "xcb"


def lays_out_in_logical_units() -> bool:
    """True where a position beyond a window's edges counts in the units of the whole desktop, not in the window's own.

    So do Wayland and macOS, where each screen has a scale of its own.
    """
    return is_wayland() or is_mac()


def is_wayland() -> bool:
    """True where Qt talks to a Wayland compositor."""
    return QGuiApplication.platformName().startswith("wayland")


class KeyboardGrab(QObject):
    """X11: an active grab, so that the focus stays where it is and nothing has to be given back.

    The grab fails while someone else holds one: a program's open menu, or the hotkey itself until it is let go.
    The mouse works meanwhile, and the grab is tried again until it succeeds. Elsewhere the window is
    made the active one; on a Mac that makes this the active program, and the former one gets that back.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window: QWidget | None = None
        self._foreground = Foreground()
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.timeout.connect(self._try)
        self.is_held = False

    def take(self, window: QWidget) -> None:
        """Send every key to this window, which must be shown already."""
        self._window = window
        if is_mac():
            self._foreground.take()
        if not is_x11():
            window.activateWindow()
            window.setFocus()
            self.is_held = True
            return
        # Qt's half: keys go to this window whichever of our windows the server names.
        window.grabKeyboard()
        self._retry.setInterval(FIRST_RETRY_MS)
        self._try()

    def release(self) -> None:
        """Give the keyboard back."""
        self._retry.stop()
        if self._window is not None and is_x11():
            self._window.releaseKeyboard()
        self._foreground.give_back()
        self._window, self.is_held = None, False

    def _try(self) -> None:
        handle = self._window.windowHandle() if self._window is not None else None
        if handle is None:
            return
        self.is_held = handle.setKeyboardGrabEnabled(True)
        if not self.is_held:
            self._retry.start()
            self._retry.setInterval(min(2 * self._retry.interval(), LONGEST_RETRY_MS))
