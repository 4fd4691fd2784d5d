"""How a window of ours comes to the front on Wayland: by the token of whoever was asked for it by the person.

A launcher, a panel or a compositor's key gives such a token to what it starts; a program that runs already gets it from
there. Without one, compositors leave the window behind, or only mark it as urgent.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtGui import QGuiApplication

_VARIABLE = "XDG_ACTIVATION_TOKEN"


@contextmanager
def activating(token: str) -> Iterator[None]:
    """Let the first window that is shown or activated in this block use `token`, if there is one."""
    if not token or not QGuiApplication.platformName().startswith("wayland"):
        yield
        return
    # There is no other way to tell Qt: it takes the token from here, and out of here, with the next activation.
    os.environ[_VARIABLE] = token
    try:
        yield
    finally:
        os.environ.pop(_VARIABLE, None)
