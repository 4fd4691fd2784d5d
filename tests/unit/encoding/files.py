"""Image files that tell more than they should: every secret is the CANARY, so one search finds what stayed."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

from PIL import Image, ImageCms, PngImagePlugin

from app.core.images import ImageFormat
from tests.unit.encoding.pictures import picture

CANARY = b"Canary Street 7"
TEXT = CANARY.decode()


@cache
def icc_profile() -> bytes:
    """Cached, because it holds the time of its making."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation: int | None) -> bytes:
    """EXIF with camera, author, time, place, a note of the maker, and a thumbnail."""
    block = Image.Exif()
    block[0x010F], block[0x013B], block[0x0132] = TEXT, TEXT, "2024:05:06 07:08:09"
    if orientation is not None:
        block[0x0112] = orientation
    block.get_ifd(0x8769)[0x927C] = CANARY
    block.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 29: TEXT})
    return block.tobytes()


def jpeg(orientation: int | None = 6, **options: object) -> bytes:
    file = io.BytesIO()
    extra = {"exif": exif(orientation), "comment": CANARY, "xmp": b"<x>" + CANARY + b"</x>"}
    picture().save(file, "JPEG", icc_profile=icc_profile(), **(extra | options))
    return file.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(orientation: int | None = 6, image: Image.Image | None = None, **options: object) -> bytes:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", TEXT)
    notes.add_text("Comment", TEXT, zip=True)
    notes.add_itxt("XML:com.adobe.xmp", TEXT)
    notes.add(b"tIME", b"\x07\xe8\x05\x06\x07\x08\x09")
    notes.add(b"prVt", CANARY, after_idat=True)
    file = io.BytesIO()
    extra = {"exif": exif(orientation), "icc_profile": icc_profile(), "dpi": (144, 144)}
    (image or picture()).save(file, "PNG", pnginfo=notes, **(extra | options))
    # Cropping tools have left the former picture behind the end.
    return file.getvalue() + CANARY


def webp(orientation: int | None = 6, image: Image.Image | None = None, **options: object) -> bytes:
    file = io.BytesIO()
    extra = {"exif": exif(orientation), "icc_profile": icc_profile(), "xmp": CANARY}
    (image or picture()).save(file, "WEBP", **(extra | options))
    return file.getvalue() + CANARY


def gif() -> bytes:
    file = io.BytesIO()
    frames = [picture().quantize(8), picture().rotate(180).quantize(8)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], loop=0, duration=120, comment=CANARY)
    data = file.getvalue()
    assert data[-1:] == b";"
    adobe = b"\x21\xff\x0bXMP DataXMP" + bytes([len(CANARY)]) + CANARY + b"\0"
    return data[:-1] + adobe + b"\x21\xfe" + bytes([len(CANARY)]) + CANARY + b"\0;" + CANARY


def tiff(orientation: int | None = 6, image: Image.Image | None = None, **options: object) -> bytes:
    file = io.BytesIO()
    block = Image.Exif()
    block.load(exif(orientation))
    extra = {"exif": block, "icc_profile": icc_profile(), "description": TEXT, "artist": TEXT, "software": TEXT}
    (image or picture()).save(file, "TIFF", **(extra | options))
    return file.getvalue() + CANARY


def avif(orientation: int | None = 6, image: Image.Image | None = None, **options: object) -> bytes:
    file = io.BytesIO()
    extra = {"exif": exif(orientation), "icc_profile": icc_profile(), "xmp": CANARY, "speed": 8}
    (image or picture()).save(file, "AVIF", **(extra | options))
    return file.getvalue() + struct.pack(">I4s", 8 + 16 + len(CANARY), b"uuid") + bytes(16) + CANARY


def ico() -> bytes:
    """A bitmap of 1 × 1 and a PNG with notes, the list of them naming the PNG first."""
    bitmap = struct.pack("<IiiHHIIiiII", 40, 1, 2, 1, 32, 0, 8, 0, 0, 0, 0) + b"\x10\x20\x30\xff" + bytes(4)
    noted = png(1)
    head = struct.pack("<HHH", 0, 1, 2)
    place = 6 + 2 * 16
    head += struct.pack("<BBBBHHII", 40, 24, 0, 0, 1, 32, len(noted), place)
    head += struct.pack("<BBBBHHII", 1, 1, 0, 0, 1, 32, len(bitmap), place + len(noted))
    return head + noted + bitmap + CANARY


FULL: dict[ImageFormat, Callable[[], bytes]] = {
    ImageFormat.JPEG: jpeg,
    ImageFormat.PNG: png,
    ImageFormat.WEBP: webp,
    ImageFormat.GIF: gif,
    ImageFormat.TIFF: tiff,
    ImageFormat.AVIF: avif,
    ImageFormat.ICO: ico,
}
"""A file of each kind with everything in it that does not belong."""


@cache
def full(image_format: ImageFormat) -> bytes:
    return FULL[image_format]()
