"""Images on their way out of the window: as files, as links, and for our own windows by their ids."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, QUrl

from app.core.history import EntryId, HistoryEntry
from app.core.imglink import ImageId, parse_image_id

IMAGES_MIME = "application/x-imglink-images"
"""A JSON list of image ids."""


def make_drag_data(entries: Sequence[HistoryEntry], files: Mapping[EntryId, Path], links: str) -> QMimeData:
    """What other programs get of `entries`: their `files` if there is one of each, else their direct links."""
    data = QMimeData()
    ids = [entry.image_id for entry in entries]
    data.setData(IMAGES_MIME, QByteArray(json.dumps(ids).encode()))
    data.setText(links)
    if all(entry.id in files for entry in entries):
        data.setUrls([QUrl.fromLocalFile(str(files[entry.id])) for entry in entries])
    else:
        addresses = [QUrl(entry.image.url, QUrl.ParsingMode.StrictMode) for entry in entries]
        data.setUrls([each for each in addresses if each.isValid() and each.scheme() in ("https", "http")])
    return data


def dragged_images(data: QMimeData) -> list[ImageId]:
    """The images of a drag from the history; none when it is something else."""
    if not data.hasFormat(IMAGES_MIME):
        return []
    try:
        ids = json.loads(bytes(data.data(IMAGES_MIME).data()))
        return [parse_image_id(each) for each in ids]
    except (ValueError, TypeError, RecursionError):
        # Any program may offer this type.
        return []
