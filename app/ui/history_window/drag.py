"""Images on their way out of the window: as files, as links, and for our own windows by their ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

from app.core.history import EntryId, HistoryEntry
from app.ui.image_drag import put_images


def make_drag_data(entries: Sequence[HistoryEntry], files: Mapping[EntryId, Path], links: str) -> QMimeData:
    """What other programs get of `entries`: their `files` if there is one of each, else their direct links."""
    data = put_images(QMimeData(), [entry.image_id for entry in entries])
    data.setText(links)
    if all(entry.id in files for entry in entries):
        data.setUrls([QUrl.fromLocalFile(str(files[entry.id])) for entry in entries])
    else:
        addresses = [QUrl(entry.image.url, QUrl.ParsingMode.StrictMode) for entry in entries]
        data.setUrls([each for each in addresses if each.isValid() and each.scheme() in ("https", "http")])
    return data
