"""Small pictures, decoded. Formats are named, sizes capped before anything is unpacked, and SVG is never decoded.

Everything here blocks for as long as decoding takes, lets other threads run meanwhile, and may be called from any.
"""

from __future__ import annotations

import os
import stat
import threading
from contextlib import nullcontext
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QColorSpace, QImage, QImageReader, QImageWriter, QPainter

from app.core.images import SNIFF_BYTES, ImageFormat, sniff
from app.core.imglink import MAX_FILE_BYTES
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
_MAX_PIXELS_FETCHED = 9_000_000
"""Of what is not ours: one 4K monitor. With 32 bits to a pixel, as all of these."""
_MANY_PIXELS = 2_000_000
_MANY_BYTES = 4 * 1024 * 1024
_MAX_JPEG_SCANS = 100
"""A progressive JPEG has about ten. Each may cost the whole picture's time and no more than a few bytes."""
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PNG_HEAD_BYTES = 8
_PNG_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"eXIf"})
_JPEG_QUALITY = 90
_WEBP_QUALITY = 85

_one_large_at_a_time = threading.RLock()


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
    return _decode(data, image_format, most_px, _MAX_PIXELS_FETCHED)


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
                raise _refused("it is of a kind that is not decoded here")
            if status.st_size > MAX_FILE_BYTES:
                raise _refused("its file is too large")
            file.seek(0)
            with _one_large_at_a_time if status.st_size > _MANY_BYTES else nullcontext():
                return _decode(file.read(MAX_FILE_BYTES), image_format, most_px, _MAX_PIXELS_OWN)
    except OSError:
        return None


def _decode(data: bytes, image_format: ImageFormat, most_px: int, most_pixels: int) -> QImage:
    if image_format is ImageFormat.PNG:
        data = _without_texts(data)
    elif image_format is ImageFormat.JPEG and data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
        raise _refused("it is made to take long")
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(DECODED[image_format]))
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or size.isEmpty():
        raise _refused("its beginning is damaged")
    # What has more than 8 bits to a colour takes as much memory as that many more pixels.
    pixels = size.width() * size.height() * _depth(reader) // 32
    if max(size.width(), size.height()) > _MAX_SIDE_PX or pixels > most_pixels:
        raise _refused(f"{size.width()} × {size.height()} pixels are too many")
    small = size.scaled(QSize(most_px, most_px), Qt.AspectRatioMode.KeepAspectRatio)
    if small.width() < size.width() or small.height() < size.height():
        reader.setScaledSize(small.expandedTo(QSize(1, 1)))
    # Some formats need the whole picture in memory before it can be made smaller: never for two at once.
    with _one_large_at_a_time if pixels > _MANY_PIXELS else nullcontext():
        image = reader.read()
    if image.isNull():
        raise _refused("it is damaged")
    return _plain(image, most_px)


def _depth(reader: QImageReader) -> int:
    """Bits for a pixel in memory, and never less than the 32 that it ends up with."""
    image_format = reader.imageFormat()
    if image_format is QImage.Format.Format_Invalid:
        return 32
    return max(32, QImage.toPixelFormat(image_format).bitsPerPixel())


def _without_texts(png: bytes) -> bytes:
    """Only the chunks that the pixels need: a kilobyte of compressed text may become a megabyte, a thousand times."""
    kept, at = [png[:_PNG_HEAD_BYTES]], _PNG_HEAD_BYTES
    while at + 8 <= len(png):
        length, name = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        end = at + 12 + length
        if name in _PNG_CHUNKS:
            kept.append(png[at:end])
        at = end
    return b"".join(kept)


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
