"""The Encoder port over the PNG fast path and Pillow."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, cast

from app.core.errors import InputError
from app.core.images import ImageFormat
from app.core.screen import Frame
from app.encoding.png import encode_png

if TYPE_CHECKING:
    from PIL.Image import Image

ENCODABLE = (ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.JPEG)
"""What a capture can be saved as."""

_MAX_SIDE = {ImageFormat.PNG: 2**31 - 1, ImageFormat.WEBP: 16383, ImageFormat.JPEG: 65500}


class ImageEncoder:
    """Encodes frames as PNG, lossless WebP or JPEG, with nothing in the file but the picture."""

    def encode(self, frame: Frame, image_format: ImageFormat, quality: int = 90) -> bytes:
        """Encode; `quality` (1 to 100) counts for JPEG only.

        Raises InputError for an empty frame, a format outside `ENCODABLE`, and a picture too long for its format.
        """
        width, height = frame.rect_px.width, frame.rect_px.height
        if image_format not in ENCODABLE:
            raise InputError(f"A capture cannot be saved as {image_format.name}.", remedy="Choose PNG, WebP or JPEG.")
        if frame.rect_px.is_empty:
            raise InputError("The chosen region lies outside the screen.", remedy="Choose a region on the screen.")
        limit = _MAX_SIDE[image_format]
        if max(width, height) > limit:
            raise InputError(
                f"A picture of {width} × {height} pixels does not fit into {image_format.name}, "
                f"which ends at {limit} pixels a side.",
                remedy="Choose PNG.",
            )
        if image_format is ImageFormat.PNG:
            return encode_png(frame)
        if image_format is ImageFormat.WEBP:
            return _encode_webp(frame)
        return _encode_jpeg(frame, max(1, min(100, quality)))

    def warm_up(self) -> None:
        """Load what the first PNG needs (tens of milliseconds), at an idle moment."""
        from app.core.geometry import Rect

        self.encode(Frame(Rect(0, 0, 1, 1), memoryview(bytes(4)), 4), ImageFormat.PNG)


def _encode_webp(frame: Frame) -> bytes:
    # Imported by name: otherwise Pillow loads all its formats to find this one.
    from PIL import WebPImagePlugin  # noqa: F401 - registers itself

    # Quality is effort here. At 4K this takes 0.3 s for 0.82 of the PNG's size; Pillow's own choice takes 3 s for 0.6.
    return _saved(_rgb_image(frame), "WEBP", lossless=True, method=0, quality=20)


def _encode_jpeg(frame: Frame, quality: int) -> bytes:
    # Coloured text smears when the colour is halved, which is not what someone who asks for 90 expects.
    return _saved(_rgb_image(frame), "JPEG", quality=quality, subsampling="4:4:4" if quality >= 90 else "4:2:0")


def _rgb_image(frame: Frame) -> Image:
    from PIL import Image

    size = (frame.rect_px.width, frame.rect_px.height)
    missing = frame.stride * size[1] - len(frame.pixels)
    # Pillow wants whole rows; the last row of a cropped frame ends with its last pixel.
    pixels = frame.packed() if missing > 0 else frame.pixels
    stride = size[0] * 4 if missing > 0 else frame.stride
    return Image.frombuffer("RGB", size, cast("bytes", pixels), "raw", "BGRX", stride, 1)


def _saved(image: Image, name: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()
