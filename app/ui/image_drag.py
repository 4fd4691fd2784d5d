"""Drags of images between our own windows."""

from __future__ import annotations

import json
from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QMimeData

from app.core.imglink import ImageId, parse_image_id

IMAGES_MIME = "application/x-imglink-images"
"""A JSON list of image ids."""
_MOST_DRAGGED = 100_000


def images_in(mime: QMimeData) -> list[ImageId]:
    """The ids in a drag; none when there are none. Any program can make up a drag, so nothing in it is believed."""
    if not mime.hasFormat(IMAGES_MIME):
        return []
    try:
        found = json.loads(bytes(mime.data(IMAGES_MIME).data()))
        return [parse_image_id(each) for each in found[:_MOST_DRAGGED]] if isinstance(found, list) else []
    except (ValueError, TypeError, RecursionError):
        return []


def put_images(mime: QMimeData, image_ids: Sequence[str]) -> QMimeData:
    """Add these to a drag; returns it."""
    mime.setData(IMAGES_MIME, QByteArray(json.dumps(list(image_ids)).encode()))
    return mime
