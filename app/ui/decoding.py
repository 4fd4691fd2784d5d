"""Encoded pictures to pixels, whoever made them: formats are named, sizes capped before anything is unpacked.

Everything here blocks for as long as decoding takes, lets other threads run meanwhile, and may be called from any.
SVG is never decoded.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import IO

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QImageWriter, QPixelFormat

from app.core.images import ImageFormat
from app.core.thumbnails import ThumbnailRefused, ThumbnailUnreachable
from app.system.memory import return_large_blocks

DECODED = {
    ImageFormat.PNG: b"png",
    ImageFormat.JPEG: b"jpeg",
    ImageFormat.GIF: b"gif",
    ImageFormat.WEBP: b"webp",
    ImageFormat.BMP: b"bmp",
}
"""The formats that are decoded in this process, and what Qt calls them."""
MAX_PIXELS_OWN = 70_000_000
"""Of our own files: three 4K monitors beside each other are 25 million, and see-through pixels count twice."""
MAX_PIXELS_FETCHED = 6_000_000
"""Of what is not ours. Thumbnails have less than one million; in memory this may be ten times as many bytes."""

_MAX_SIDE_PX = 20_000
_MANY_PIXELS = 1_000_000
_WEIGHTS = {ImageFormat.GIF: 2}
_WEIGHT_OF_MOVING_WEBP = 3
_MOVING = 0x02
"""The flag in a WebP's header."""
_MAX_JPEG_SCANS = 100
"""A progressive JPEG has about ten. Each may cost the whole picture's time and no more than a few bytes."""
_PNG_HEAD_BYTES = 8
_PNG_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"eXIf"})

one_large_at_a_time = threading.RLock()
"""Held while something takes much memory."""


_loading = threading.Lock()


@cache
def load_readers() -> None:
    """Load Qt's readers and writers of pictures: call it on the Qt thread before any other thread decodes.

    Where another thread is the first to need one, Qt tells the application, which is an object of Python, while it
    holds the lock of all readers: see `_named` for what comes of that. Takes a few milliseconds, once.
    """
    with _loading:
        return_large_blocks()
        QImageReader.supportedImageFormats()
        QImageWriter.supportedImageFormats()


def decode(data: bytes, image_format: ImageFormat, most_px: int | None, most_pixels: int) -> QImage:
    """Decode `data`, whose first bytes said `image_format` (one of `DECODED`), turned as its camera was held.

    With `most_px` it is made smaller so that neither side is longer (a few strange files come larger all the same).
    Raises ThumbnailRefused, also for more than `most_pixels`, and ThumbnailUnreachable when the system has no room.
    """
    load_readers()
    if image_format is ImageFormat.PNG:
        data = _without_texts(data)
    elif image_format in (ImageFormat.WEBP, ImageFormat.GIF):
        _check_canvas(data, most_pixels)
    elif image_format is ImageFormat.JPEG and data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
        raise refused("it is made to take long")
    try:
        with _named(data) as path:
            return _read(path, image_format, most_px, most_pixels)
    except OSError as error:
        raise ThumbnailUnreachable(f"There is no preview for now: {error.strerror}.") from error


@contextmanager
def _named(data: bytes) -> Iterator[str]:
    """A file's name for these bytes, which are in memory only where the system can do that.

    Not a QBuffer: Qt asks a device for its first bytes while it holds a lock of all readers, and a device that was made
    by Python waits for the interpreter's lock then, whose holder may be waiting for the readers' one.
    """
    with _nameless_file() as file:
        file.write(data)
        file.seek(0)
        yield f"/dev/fd/{file.fileno()}"


def _nameless_file() -> IO[bytes]:
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("picture", os.MFD_CLOEXEC), "w+b")
    else:  # noqa: RET505 - mypy knows by the else that this is for other systems
        return tempfile.TemporaryFile()


def _read(path: str, image_format: ImageFormat, most_px: int | None, most_pixels: int) -> QImage:
    reader = QImageReader(path, QByteArray(DECODED[image_format]))
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    size = reader.size()
    pixels = size.width() * size.height()
    problem = ""
    if not size.isValid() or size.isEmpty():
        problem = "its beginning is damaged"
    elif max(size.width(), size.height()) > _MAX_SIDE_PX or pixels * _weight(reader, image_format) > most_pixels:
        problem = _too_many(size.width(), size.height())
    if problem:
        # An error keeps what its frames hold for a while, and readers hold much.
        del reader
        raise refused(problem)
    if most_px is not None and max(size.width(), size.height()) > most_px:
        small = size.scaled(QSize(most_px, most_px), Qt.AspectRatioMode.KeepAspectRatio)
        reader.setScaledSize(small.expandedTo(QSize(1, 1)))
    # Some formats need the whole picture in memory before it can be made smaller: never for two at once.
    with one_large_at_a_time if pixels > _MANY_PIXELS else nullcontext():
        image = reader.read()
        del reader
    if image.isNull():
        raise refused("it is damaged")
    return image


def _weight(reader: QImageReader, image_format: ImageFormat) -> float:
    """How much memory decoding takes for each pixel, where 32 bits are 1."""
    its_format = reader.imageFormat()
    if its_format is QImage.Format.Format_Invalid:
        return _WEIGHTS.get(image_format, 1)
    pixel = QImage.toPixelFormat(its_format)
    # What has see-through parts is copied before it is made smaller.
    copies = 2 if pixel.alphaUsage() is QPixelFormat.AlphaUsage.UsesAlpha else 1
    return max(copies * max(32, pixel.bitsPerPixel()) / 32, _WEIGHTS.get(image_format, 1))


def _check_canvas(data: bytes, most_pixels: int) -> None:
    """Check what the reader makes room for besides the picture whose size it tells. Raises ThumbnailRefused."""
    width, height, weight = 0, 0, _WEIGHTS[ImageFormat.GIF]
    if data.startswith(b"GIF"):
        width, height = (int.from_bytes(data[at : at + 2], "little") for at in (6, 8))
    elif data[12:16] == b"VP8X" and len(data) >= 30:
        # Asked for its size, the reader makes room for the whole canvas of a moving picture, three times over.
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        weight = _WEIGHT_OF_MOVING_WEBP if data[20] & _MOVING else 1
    if width * height * weight > most_pixels:
        raise refused(_too_many(width, height))


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


def _too_many(width: int, height: int) -> str:
    return f"{width} × {height} pixels are too many"


def refused(reason: str) -> ThumbnailRefused:
    """The error for a picture that is not decoded; `reason` is half a sentence."""
    return ThumbnailRefused(f"There is no preview of this picture: {reason}.")
