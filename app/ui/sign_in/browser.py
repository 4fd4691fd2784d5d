"""The site's own sign-in page in a window of ours; needs the extra `browser-sign-in`."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class BrowserSignIn(QObject):
    """Not there yet."""

    token_found = Signal(str)
    closed = Signal()

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def open(self) -> None:
        """Open."""

    def close(self) -> None:
        """Close."""
        self.closed.emit()
