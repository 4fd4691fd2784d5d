"""What a program of the menu bar wants of a Mac beyond what Qt asks for. Main thread; never run on one, see README.

Qt makes a window the key one of its program, which no keys reach unless the program is the active one: that is Qt's
affair only where there is an icon in the Dock. And it gives a window that stays on top the level of a modal panel:
below the Dock and the menu bar, and on its own space alone.

Source: Apple's documentation of NSWindow (level, collectionBehavior), NSApplication and NSRunningApplication.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget


def is_mac() -> bool:
    """True where Qt talks to macOS."""
    return QGuiApplication.platformName() == "cocoa"


def key_name(name: str, *, platform: str = sys.platform) -> str:
    """What keyboards call the key that Qt calls Ctrl or Alt."""
    return {"Ctrl": "Cmd", "Alt": "Option"}.get(name, name) if platform == "darwin" else name


def bring_to_front(window: QWidget) -> None:
    """Put a window that is shown before all others, with the keyboard; on any desktop."""
    window.raise_()
    if is_mac():
        _become_active()
    window.activateWindow()


def put_above_all(view: int) -> None:
    """Let the window of this NSView (`QWidget.winId`) lie above everything, on every space and on full-screen ones."""
    # Without pyobjc it stays where Qt puts it.
    with suppress(ImportError):
        appkit, objc = import_module("AppKit"), import_module("objc")
        window = objc.objc_object(c_void_p=ctypes.c_void_p(view)).window()
        window.setLevel_(appkit.NSScreenSaverWindowLevel)
        window.setCollectionBehavior_(
            appkit.NSWindowCollectionBehaviorCanJoinAllSpaces
            | appkit.NSWindowCollectionBehaviorFullScreenAuxiliary
            | appkit.NSWindowCollectionBehaviorStationary
        )


class Foreground:
    """Being the active program for a while."""

    def __init__(self) -> None:
        self._former: Any = None

    def take(self) -> None:
        """Become the active program."""
        with suppress(ImportError):
            former = import_module("AppKit").NSWorkspace.sharedWorkspace().frontmostApplication()
            is_own = former is None or former.processIdentifier() == os.getpid()
            self._former = None if is_own else former
        _become_active()

    def give_back(self) -> None:
        """Make the program active that was it before."""
        former, self._former = self._former, None
        if former is not None:
            application = import_module("AppKit").NSApplication.sharedApplication()
            # From macOS 14 on nobody becomes active whom the active one does not let.
            if hasattr(application, "yieldActivationToApplication_"):
                application.yieldActivationToApplication_(former)
            former.activateWithOptions_(0)


def _become_active() -> None:
    with suppress(ImportError):
        import_module("AppKit").NSApplication.sharedApplication().activateIgnoringOtherApps_(True)
