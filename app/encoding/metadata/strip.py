"""Remove metadata from a file that is about to be sent."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from app.core.errors import InputError
from app.core.images import ImageFormat
from app.encoding.metadata import avif, gif, ico, jpeg, png, tiff, webp
from app.encoding.metadata.plan import Piece, Source, Span, write

_PLANS: Mapping[ImageFormat, Callable[[Source], Sequence[Piece]]] = {
    ImageFormat.PNG: png.plan,
    ImageFormat.JPEG: jpeg.plan,
    ImageFormat.WEBP: webp.plan,
    ImageFormat.GIF: gif.plan,
    ImageFormat.TIFF: tiff.plan,
    ImageFormat.AVIF: avif.plan,
    ImageFormat.ICO: ico.plan,
    # BMP has no place for metadata: pixels, palette and colour space are all it knows.
    ImageFormat.BMP: lambda source: [Span(0, source.size)],
}

STRIPPABLE = frozenset(_PLANS)
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
    planner = _PLANS.get(image_format)
    if planner is None:
        raise InputError(
            f"Metadata cannot be removed from {image_format.name} files.",
            remedy="Save it as PNG first, or send it as it is by turning off “Remove metadata”.",
        )
    opened = Source(source, image_format)
    write(opened, planner(opened), target)
