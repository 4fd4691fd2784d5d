"""Small pictures, decoded. Formats are named, sizes capped before anything is unpacked, and SVG is never decoded.

Everything here blocks for as long as decoding takes, lets other threads run meanwhile, and may be called from any.
"""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QFile, QFileDevice, QIODevice, QSize, Qt
from PySide6.QtGui import QColorSpace, QImage, QImageReader, QImageWriter, QPainter

from app.core.images import SNIFF_BYTES, ImageFormat, sniff
from app.core.thumbnails import THUMBNAIL_PX, ThumbnailRefused

DECODED = {
    ImageFormat.PNG: b"png",
    ImageFormat.JPEG: b"jpeg",
    ImageFormat.GIF: b"gif",
    ImageFormat.WEBP: b"webp",
    ImageFormat.BMP: b"bmp",
}
"""The formats that are decoded in this process, and what Qt calls them."""
FETCHED = frozenset({ImageFormat.PNG, ImageFormat.JPEG, ImageFormat.GIF, ImageFormat.WEBP})
"""Those of them that may come from outside."""

_MAX_SIDE_PX = 20_000
_MAX_PIXELS_OWN = 64_000_000
"""Of our own files: three 4K monitors beside each other are 25 million."""
_MAX_PIXELS_FETCHED = 12_000_000
_MANY_PIXELS = 2_000_000
_MAX_JPEG_SCANS = 100
"""A progressive JPEG has about ten. Each may cost the whole picture's time and no more than a few bytes."""
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_BLOCK_BYTES = 1024 * 1024
_JPEG_QUALITY = 90
_WEBP_QUALITY = 85

_one_large_at_a_time = threading.Lock()


def load_thumbnail(path: Path, most_px: int) -> QImage | None:
    """Read a file of ours so that neither side is over `most_px`; None when it cannot or should not be decoded."""
    try:
        return _load_file(path, most_px)
    except ThumbnailRefused:
        return None


def decode_thumbnail(data: bytes, most_px: int) -> QImage:
    """Decode a picture from outside so that neither side is over `most_px`. Raises ThumbnailRefused."""
    image_format = sniff(data[:SNIFF_BYTES])
    if image_format not in FETCHED:
        raise _refused("it is no PNG, JPEG, WebP or GIF")
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    return _decode(buffer, image_format, most_px, _MAX_PIXELS_FETCHED)


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
        fd = os.open(path, _READ_FLAGS)
    except OSError:
        return None
    # Decoded from the very file that was looked at, whatever its name leads to by then.
    file = QFile()
    if not file.open(fd, QIODevice.OpenModeFlag.ReadOnly, QFileDevice.FileHandleFlag.AutoCloseHandle):
        os.close(fd)
        return None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        image_format = sniff(_peek(file))
        if image_format is None or image_format not in DECODED:
            raise _refused("it is of a kind that is not decoded here")
        return _decode(file, image_format, most_px, _MAX_PIXELS_OWN)
    finally:
        file.close()


def _peek(device: QIODevice) -> bytes:
    return bytes(device.peek(SNIFF_BYTES).data())


def _decode(device: QIODevice, image_format: ImageFormat, most_px: int, most_pixels: int) -> QImage:
    if image_format is ImageFormat.JPEG:
        _count_scans(device)
    reader = QImageReader(device, QByteArray(DECODED[image_format]))
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or size.isEmpty():
        raise _refused("its beginning is damaged")
    pixels = size.width() * size.height()
    if max(size.width(), size.height()) > _MAX_SIDE_PX or pixels > most_pixels:
        raise _refused(f"{size.width()} × {size.height()} pixels are too many")
    small = size.scaled(QSize(most_px, most_px), Qt.AspectRatioMode.KeepAspectRatio)
    if small.width() < size.width() or small.height() < size.height():
        reader.setScaledSize(small.expandedTo(QSize(1, 1)))
    if pixels > _MANY_PIXELS:
        # Some formats need the whole picture in memory before it can be made smaller: never for two at once.
        with _one_large_at_a_time:
            image = reader.read()
    else:
        image = reader.read()
    if image.isNull():
        raise _refused("it is damaged")
    return _plain(image, most_px)


def _count_scans(device: QIODevice) -> None:
    scans, last = 0, b""
    while block := bytes(device.read(_BLOCK_BYTES).data()):
        scans += (last + block).count(b"\xff\xda")
        last = block[-1:]
    device.seek(0)
    if scans > _MAX_JPEG_SCANS:
        raise _refused("it is made to take long")


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
        raise _refused("it cannot be made small")
    return bytes(buffer.data().data())


def _refused(reason: str) -> ThumbnailRefused:
    return ThumbnailRefused(f"There is no preview of this picture: {reason}.")
