"""What the views need of whatever loads small pictures; `app.ui.thumbnail_loader` does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from PySide6.QtGui import QPixmap

from app.core.history import EntryId, HistoryEntry


class Pictures(Protocol):
    """Called while painting: nothing here waits."""

    def pixmap(self, what: HistoryEntry, size_px: int, dpr: float) -> QPixmap | None:
        """The picture in a square of `size_px` logical pixels; None while it is not there."""

    def placeholder(self, what: HistoryEntry, size_px: int, dpr: float) -> QPixmap:
        """A drawing to paint in its place."""

    def keep_only(self, keys: Iterable[EntryId]) -> None:
        """Give up loading all others."""
