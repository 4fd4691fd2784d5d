"""Remove metadata from a file that is about to be sent."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from app.core.errors import InputError
from app.core.images import ImageFormat
from app.encoding.metadata.plan import Piece, Source, Span, write

_MODULES: Mapping[ImageFormat, str] = {
    ImageFormat.PNG: "png",
    ImageFormat.JPEG: "jpeg",
    ImageFormat.WEBP: "webp",
    ImageFormat.GIF: "gif",
    ImageFormat.TIFF: "tiff",
    ImageFormat.AVIF: "avif",
    ImageFormat.ICO: "ico",
}
"""Which module of this folder plans a format; imported when the first such file comes, because starts are counted."""

STRIPPABLE = frozenset({*_MODULES, ImageFormat.BMP})
"""Formats that leave here without metadata. SVG is a text that its author wrote: it is never taken apart, and refused
here rather than passed on silently."""


def strip_metadata(data: bytes, image_format: ImageFormat) -> bytes:
    """The same picture without metadata; see `copy_without_metadata`."""
    target = io.BytesIO()
    copy_without_metadata(io.BytesIO(data), target, image_format)
    return target.getvalue()


def copy_without_metadata(source: BinaryIO, target: BinaryIO, image_format: ImageFormat) -> None:
    """Copy an image file, leaving out EXIF (place, camera, time), XMP, IPTC, comments, text and thumbnails.

    The compressed pixels are copied as they are. Kept besides are the ICC profile, and the orientation where it is not
    upright, as the only entry of a new EXIF block. Both files are binary and the source is seekable; memory does not
    grow with the file. Raises InputError for a format outside `STRIPPABLE`, and DamagedImage (an InputError) when the
    file's structure cannot be followed: before the first byte is written, unless the source changes meanwhile.
    """
    if image_format not in STRIPPABLE:
        raise InputError(
            f"Metadata cannot be removed from {image_format.name} files.",
            remedy="Save it as PNG first, or send it as it is by turning off “Remove metadata”.",
        )
    opened = Source(source, image_format)
    write(opened, _plan(opened, image_format), target)


def _plan(source: Source, image_format: ImageFormat) -> Sequence[Piece]:
    if image_format is ImageFormat.BMP:
        # It has no place for metadata: pixels, palette and colour space are all it knows.
        return [Span(0, source.size)]
    module = importlib.import_module(f"app.encoding.metadata.{_MODULES[image_format]}")
    planner: Callable[[Source], Sequence[Piece]] = module.plan
    return planner(source)
