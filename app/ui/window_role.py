"""What a screen reader is told of our windows: that they are windows.

Qt calls every plain QWidget a filler, a top-level one too; screen readers then do not say its title when it comes to
the front, and cannot read it on request. Dialogs and menus have their roles from Qt.
"""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget


def tell_window_roles() -> None:
    """From now on; once in a process. It costs nothing as long as nobody asks for the tree."""
    QAccessible.installFactory(_interface)


def _interface(class_name: str, thing: QObject) -> QAccessibleInterface | None:
    # Called for each class of what is asked about, the most special first: None leaves it to Qt. A part that is not put
    # into its window yet is none itself: only windows have titles.
    if class_name == "QWidget" and isinstance(thing, QWidget) and thing.isWindow() and thing.windowTitle():
        return QAccessibleWidget(thing, QAccessible.Role.Window)
    return None
