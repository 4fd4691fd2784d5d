"""What holds for every test with Qt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication


@pytest.fixture(autouse=True)
def empty_clipboard(qapp: QGuiApplication) -> Iterator[None]:
    """Leave the clipboard empty: offscreen, Qt destroys what it holds after Python has gone, and crashes in it."""
    yield
    qapp.clipboard().clear()
