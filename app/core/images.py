"""Image formats the service takes, and how to know one by its first bytes.

Names are not trusted: a text file called `a.png` is refused before anything is sent.
"""

from __future__ import annotations

from enum import Enum

SNIFF_BYTES = 1024
"""How much of a file's beginning `sniff` wants to see, in bytes."""


class ImageFormat(Enum):
    """The formats of the service's documentation. The value is the usual file extension."""

    PNG = "png"
    JPEG = "jpg"
    GIF = "gif"
    WEBP = "webp"
    SVG = "svg"
    BMP = "bmp"
    ICO = "ico"
    TIFF = "tiff"
    AVIF = "avif"

    @property
    def mime(self) -> str:
        """The media type, such as `image/png`."""
        return _MIME[self]

    @property
    def extension(self) -> str:
        """The usual file extension, with its dot."""
        return "." + self.value


_MIME = {
    ImageFormat.PNG: "image/png",
    ImageFormat.JPEG: "image/jpeg",
    ImageFormat.GIF: "image/gif",
    ImageFormat.WEBP: "image/webp",
    ImageFormat.SVG: "image/svg+xml",
    ImageFormat.BMP: "image/bmp",
    ImageFormat.ICO: "image/x-icon",
    ImageFormat.TIFF: "image/tiff",
    ImageFormat.AVIF: "image/avif",
}

_MAGIC: tuple[tuple[bytes, ImageFormat], ...] = (
    (b"\x89PNG\r\n\x1a\n", ImageFormat.PNG),
    (b"\xff\xd8\xff", ImageFormat.JPEG),
    (b"GIF87a", ImageFormat.GIF),
    (b"GIF89a", ImageFormat.GIF),
    (b"\x00\x00\x01\x00", ImageFormat.ICO),
    (b"II*\x00", ImageFormat.TIFF),
    (b"MM\x00*", ImageFormat.TIFF),
)
_AVIF_BRANDS = (b"avif", b"avis")


def sniff(head: bytes) -> ImageFormat | None:
    """Tell the format from a file's first `SNIFF_BYTES` bytes; None when it is none that the service takes."""
    for magic, image_format in _MAGIC:
        if head.startswith(magic):
            return image_format
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ImageFormat.WEBP
    if head[:2] == b"BM" and len(head) >= 18 and head[14:18] in _BMP_HEADER_SIZES:
        return ImageFormat.BMP
    if head[4:8] == b"ftyp" and _is_avif(head):
        return ImageFormat.AVIF
    if _is_svg(head):
        return ImageFormat.SVG
    return None


# The DIB header's length follows the 14-byte file header: core, OS/2 2.x, info, v2 to v5.
_BMP_HEADER_SIZES = {size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124)}


def _is_avif(head: bytes) -> bool:
    size = int.from_bytes(head[:4], "big")
    box = head[8 : max(12, min(size, len(head)))]
    brands = [box[:4], *(box[i : i + 4] for i in range(8, len(box), 4))]
    return any(brand in _AVIF_BRANDS for brand in brands)


def _is_svg(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text.startswith(b"<"):
        return False
    lowered = text.lower()
    start = lowered.find(b"<svg")
    # Only a prologue (XML declaration, doctype, comments) may stand before the root element.
    return start >= 0 and (start == 0 or lowered.startswith((b"<?xml", b"<!doctype svg", b"<!--")))
