"""Small pictures of our own files. Formats are named, sizes capped, and SVG is never decoded."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from app.core.images import SNIFF_BYTES, ImageFormat, sniff

DECODED = {
    ImageFormat.PNG: b"png",
    ImageFormat.JPEG: b"jpeg",
    ImageFormat.GIF: b"gif",
    ImageFormat.WEBP: b"webp",
    ImageFormat.BMP: b"bmp",
}
"""The formats that are decoded in this process, and what Qt calls them."""
_MAX_SIDE_PX = 20_000


def load_thumbnail(path: Path, most_px: int) -> QImage | None:
    """Read a picture so that neither side is over `most_px`; None when it cannot or should not be decoded.

    Blocks for as long as decoding takes: call it on a thread of its own.
    """
    try:
        with path.open("rb") as file:
            image_format = sniff(file.read(SNIFF_BYTES))
    except OSError:
        return None
    if image_format not in DECODED:
        return None
    reader = QImageReader(str(path), DECODED[image_format])
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > _MAX_SIDE_PX:
        return None
    small = size.scaled(QSize(most_px, most_px), Qt.AspectRatioMode.KeepAspectRatio)
    if small.width() < size.width():
        reader.setScaledSize(small.expandedTo(QSize(1, 1)))
    image = reader.read()
    return None if image.isNull() else image
