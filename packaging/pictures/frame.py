"""How to add a picture: a function that makes a widget in one state.

@picture("tray-window-busy")
def busy() -> QWidget:
    window = TrayWindow()
    window.set_uploads([...])
    return window
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Picture:
    """A named window; `make` is called with the look already chosen, and the widget is shown, rendered and deleted."""

    name: str
    make: Callable[[], QWidget]


def picture(name: str) -> Callable[[Callable[[], QWidget]], Picture]:
    """Register a function that makes a widget; `name` begins the file's name."""
    return lambda make: Picture(name, make)
