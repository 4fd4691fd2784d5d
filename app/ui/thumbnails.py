"""Small pictures, of our own files and from outside: see `app.ui.decoding` for what they may be.

Everything here blocks for as long as decoding takes, lets other threads run meanwhile, and may be called from any.
"""

from __future__ import annotations

import os
import stat
from contextlib import nullcontext
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QColorSpace, QImage, QImageWriter, QPainter

from app.core.images import SNIFF_BYTES, ImageFormat, sniff
from app.core.imglink import MAX_FILE_BYTES
from app.core.thumbnails import THUMBNAIL_PX, NoThumbnail
from app.ui.decoding import DECODED, MAX_PIXELS_FETCHED, MAX_PIXELS_OWN, decode, one_large_at_a_time, refused

FETCHED = frozenset({ImageFormat.PNG, ImageFormat.JPEG, ImageFormat.GIF, ImageFormat.WEBP})
"""Those of them that may come from outside."""

_MANY_BYTES = 4 * 1024 * 1024
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_JPEG_QUALITY = 90
_WEBP_QUALITY = 85


def load_thumbnail(path: Path, most_px: int) -> QImage | None:
    """Read a file of ours so that neither side is over `most_px`; None when it cannot or should not be decoded."""
    try:
        return _load_file(path, most_px)
    except NoThumbnail:
        return None


def decode_thumbnail(data: bytes, most_px: int) -> QImage:
    """Decode a picture from outside so that neither side is over `most_px`. Raises ThumbnailRefused."""
    image_format = sniff(data[:SNIFF_BYTES])
    if image_format not in FETCHED:
        raise refused("it is no PNG, JPEG, WebP or GIF")
    return _plain(decode(data, image_format, most_px, MAX_PIXELS_FETCHED), most_px)


class QtShrinker:
    """Makes thumbnails for the cache; see `PictureShrinker`."""

    def shrink(self, data: bytes) -> bytes:
        """See `PictureShrinker`."""
        return _encode(decode_thumbnail(data, THUMBNAIL_PX))

    def shrink_file(self, path: Path) -> bytes | None:
        """See `PictureShrinker`."""
        image = _load_file(path, THUMBNAIL_PX)
        return None if image is None else _encode(image)


def _load_file(path: Path, most_px: int) -> QImage | None:
    """None when there is no such file, or it cannot be read."""
    try:
        with os.fdopen(os.open(path, _READ_FLAGS), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return None
            image_format = sniff(file.read(SNIFF_BYTES))
            if image_format is None or image_format not in DECODED:
                raise refused("it is of a kind that is not decoded here")
            if status.st_size > MAX_FILE_BYTES:
                raise refused("its file is too large")
            file.seek(0)
            with one_large_at_a_time if status.st_size > _MANY_BYTES else nullcontext():
                return _plain(decode(file.read(MAX_FILE_BYTES), image_format, most_px, MAX_PIXELS_OWN), most_px)
    except OSError:
        return None


def _plain(image: QImage, most_px: int) -> QImage:
    """Pixels in sRGB and nothing else: no texts, no colour profile, no resolution."""
    # A reader may give more than was asked for, as for a frame that is larger than its picture.
    if max(image.width(), image.height()) > most_px:
        image = image.scaled(
            most_px, most_px, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    if image.colorSpace().isValid() and image.colorSpace() != QColorSpace(QColorSpace.NamedColorSpace.SRgb):
        converted = image.convertedToColorSpace(QColorSpace(QColorSpace.NamedColorSpace.SRgb))
        image = image if converted.isNull() else converted
    has_alpha = image.hasAlphaChannel()
    formats = QImage.Format
    plain = QImage(image.size(), formats.Format_ARGB32_Premultiplied if has_alpha else formats.Format_RGB32)
    plain.fill(Qt.GlobalColor.transparent if has_alpha else Qt.GlobalColor.white)
    image.setDevicePixelRatio(1.0)
    painter = QPainter(plain)
    painter.drawImage(0, 0, image)
    painter.end()
    return plain


def _encode(image: QImage) -> bytes:
    """WebP is a third of the size and takes ten times as long: worth it only where JPEG cannot."""
    kind, quality = (b"webp", _WEBP_QUALITY) if image.hasAlphaChannel() else (b"jpeg", _JPEG_QUALITY)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(kind))
    writer.setQuality(quality)
    if not writer.write(image):
        raise refused("it cannot be made small")
    return bytes(buffer.data().data())
