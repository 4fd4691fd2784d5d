"""Opening pages in the person’s browser, and pictures and folders in the programs for them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def open_url(url: str) -> None:
    """Open a web address; anything else that a server may have sent is left alone."""
    address = QUrl(url, QUrl.ParsingMode.StrictMode)
    if address.isValid() and address.scheme() in ("https", "http"):
        QDesktopServices.openUrl(address)


def open_system_settings(url: str) -> None:
    """Open a page of the system's own settings, where it has addresses for them."""
    address = QUrl(url, QUrl.ParsingMode.StrictMode)
    if address.scheme() == "x-apple.systempreferences":
        QDesktopServices.openUrl(address)


def open_file(path: Path) -> None:
    """Open one of our own picture files in the program that the person uses for its kind."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def open_folder(path: Path) -> None:
    """Show a folder in the person's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
