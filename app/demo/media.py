"""What Pillow tells of an uploaded image, and its thumbnail. SVG never comes here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.Image import DecompressionBombError, DecompressionBombWarning, Resampling

from app.core.images import ImageFormat

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

MAX_PIXELS = 64 * 1024 * 1024
"""Larger images are stored and served, but not decoded."""
THUMBNAIL_PX = 640

# One reader for each format that was recognised by its first bytes: no file can choose another decoder for itself.
_READERS: dict[ImageFormat, type[ImageFile]] = {
    ImageFormat.PNG: PngImagePlugin.PngImageFile,
    ImageFormat.JPEG: JpegImagePlugin.JpegImageFile,
    ImageFormat.GIF: GifImagePlugin.GifImageFile,
    ImageFormat.WEBP: WebPImagePlugin.WebPImageFile,
    ImageFormat.BMP: BmpImagePlugin.BmpImageFile,
    ImageFormat.ICO: IcoImagePlugin.IcoImageFile,
    ImageFormat.TIFF: TiffImagePlugin.TiffImageFile,
    ImageFormat.AVIF: AvifImagePlugin.AvifImageFile,
}

# What the readers raise for broken files; Pillow's own test files show each of them.
_BROKEN = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    LookupError,
    OverflowError,
    EOFError,
    NotImplementedError,
    MemoryError,
    DecompressionBombError,
    DecompressionBombWarning,
)


def dimensions(path: Path, image_format: ImageFormat) -> tuple[int, int] | None:
    """Width and height in pixels from the file's header; None when it cannot be read or is SVG."""
    reader = _READERS.get(image_format)
    if reader is None:
        return None
    try:
        with path.open("rb") as file, reader(file, path.name) as image:
            width, height = image.size
    except _BROKEN:
        return None
    return (width, height) if width > 0 and height > 0 and width * height <= MAX_PIXELS else None


def make_thumbnail(source: Path, image_format: ImageFormat, target: Path) -> bool:
    """Write a WebP of at most 640 × 640 pixels; False when the image cannot be decoded."""
    if dimensions(source, image_format) is None:
        return False
    unfinished = target.with_suffix(".part")
    try:
        with source.open("rb") as file, _READERS[image_format](file, source.name) as image:
            image.draft("RGB", (THUMBNAIL_PX, THUMBNAIL_PX))
            upright = ImageOps.exif_transpose(image) or image
            has_alpha = "A" in upright.getbands() or "transparency" in upright.info
            picture = upright.convert("RGBA" if has_alpha else "RGB")
            picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Resampling.LANCZOS)
            picture.save(unfinished, "WEBP", quality=80, method=2)
    except _BROKEN:
        unfinished.unlink(missing_ok=True)
        return False
    unfinished.replace(target)
    return True
