"""Opening pages in the person's browser."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def open_url(url: str) -> None:
    """Open a web address; anything else that a server may have sent is left alone."""
    address = QUrl(url, QUrl.ParsingMode.StrictMode)
    if address.isValid() and address.scheme() in ("https", "http"):
        QDesktopServices.openUrl(address)
