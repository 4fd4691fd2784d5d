from __future__ import annotations

import io
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from app.core.errors import InputError
from app.core.images import ImageFormat, sniff
from app.encoding.encoder import ENCODABLE, ImageEncoder
from app.encoding.metadata.exif import exif_with, orientation
from app.encoding.metadata.plan import DamagedImage
from app.encoding.metadata.strip import STRIPPABLE, strip_metadata
from tests.unit.encoding import files
from tests.unit.encoding.files import CANARY, FULL, full
from tests.unit.encoding.pictures import noise_frame, picture

ORIENTED: dict[ImageFormat, Callable[[int | None], bytes]] = {
    ImageFormat.JPEG: files.jpeg,
    ImageFormat.PNG: files.png,
    ImageFormat.WEBP: files.webp,
    ImageFormat.TIFF: files.tiff,
}


PRIVATE = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x02BC, 0x8298, 0x83BB, 0x8649, 0x8769, 0x8825)
"""Description, make, model, program, time, artist, XMP, copyright, IPTC, Photoshop, EXIF, GPS."""


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def frames(data: bytes) -> list[tuple[bytes, object]]:
    """Pixels and duration of every frame."""
    image = Image.open(io.BytesIO(data))
    return [(frame.convert("RGBA").tobytes(), frame.info.get("duration")) for frame in ImageSequence.Iterator(image)]


def stripped(data: bytes) -> bytes:
    """Stripped, with what must hold for every file."""
    image_format = sniff(data)
    assert image_format is not None
    clean = strip_metadata(data, image_format)
    assert sniff(clean) is image_format
    assert frames(clean) == frames(data)
    assert strip_metadata(clean, image_format) == clean
    return clean


@pytest.mark.parametrize("image_format", FULL, ids=lambda known: known.name)
def test_nothing_private_stays_and_no_pixel_changes(image_format: ImageFormat) -> None:
    data = full(image_format)
    assert CANARY in data
    clean = stripped(data)
    assert CANARY not in clean
    assert b"2024" not in clean
    image = opened(clean)
    assert not {"comment", "xmp", "Author", "Comment", "XML:com.adobe.xmp"} & set(image.info)


@pytest.mark.parametrize("image_format", ORIENTED, ids=lambda known: known.name)
@pytest.mark.parametrize("value", range(2, 9))
def test_the_orientation_survives_and_is_all_that_does(image_format: ImageFormat, value: int) -> None:
    # Pillow turns a TIFF upright, and forgets how it lay, as soon as it is loaded.
    entries = dict(Image.open(io.BytesIO(stripped(ORIENTED[image_format](value)))).getexif())
    if image_format is ImageFormat.TIFF:
        # There the picture itself is described by such entries: size, compression, strips, profile.
        entries = {tag: entry for tag, entry in entries.items() if tag < 254 or tag in (0x0112, *PRIVATE)}
    assert entries == {0x0112: value}


@pytest.mark.parametrize("image_format", ORIENTED, ids=lambda known: known.name)
@pytest.mark.parametrize("value", [None, 1])
def test_an_upright_picture_keeps_no_exif_at_all(image_format: ImageFormat, value: int | None) -> None:
    clean = stripped(ORIENTED[image_format](value))
    assert "exif" not in opened(clean).info
    assert b"Exif" not in clean
    assert b"eXIf" not in clean


@pytest.mark.parametrize("image_format", ORIENTED, ids=lambda known: known.name)
def test_the_colour_profile_is_kept(image_format: ImageFormat) -> None:
    data = full(image_format)
    assert opened(stripped(data)).info["icc_profile"] == opened(data).info["icc_profile"] == files.icc_profile()


@pytest.mark.parametrize("image_format", ENCODABLE, ids=lambda known: known.name)
def test_our_own_pictures_come_out_as_they_went_in(image_format: ImageFormat) -> None:
    data = ImageEncoder().encode(noise_frame(50, 40), image_format)
    assert stripped(data) == data


# --- each format ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"progressive": True},
        {"restart_marker_blocks": 2},
        {"quality": 100, "subsampling": "4:4:4"},
        {"dpi": (300, 300)},
    ],
    ids=str,
)
def test_jpeg_of_every_kind(options: dict[str, object]) -> None:
    data = files.jpeg(6, **options)
    clean = stripped(data)
    assert CANARY not in clean
    for entry in ("jfif_density", "jfif_unit", "progressive"):
        assert opened(clean).info.get(entry) == opened(data).info.get(entry)


def test_jpeg_in_four_colours_keeps_its_transform() -> None:
    file = io.BytesIO()
    picture().convert("CMYK").save(file, "JPEG", comment=CANARY)
    clean = stripped(file.getvalue())
    assert opened(clean).info["adobe_transform"] == opened(file.getvalue()).info["adobe_transform"]


def test_jpeg_loses_previews_and_notes_of_programs_but_not_its_density() -> None:
    data = files.jpeg(None, dpi=(300, 300))
    # JFIF's own thumbnail of one pixel, JFXX, Photoshop, FlashPix, and two bytes that fill up before a marker.
    jfif = b"\xff\xe0\0\x13JFIF\0\1\1\1\x01\x2c\x01\x2c\1\1" + CANARY[:3]
    noisy = b"\xff\xd8" + jfif + segment(0xE0, b"JFXX\0\x10" + CANARY) + segment(0xED, CANARY)
    noisy += segment(0xE2, b"FPXR\0" + CANARY) + b"\xff\xff" + segment(0xFE, CANARY) + data[2 + 18 :]
    clean = stripped(noisy + CANARY)
    assert CANARY not in clean
    assert CANARY[:3] not in clean
    assert opened(clean).info["dpi"] == (300, 300)


def test_jpeg_loses_comments_between_its_scans() -> None:
    data = files.jpeg(progressive=True)
    second_scan = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    clean = stripped(data[:second_scan] + segment(0xFE, CANARY) + segment(0xE1, CANARY) + data[second_scan:])
    assert CANARY not in clean


def test_jpeg_that_breaks_off_within_its_pixels_is_still_cleaned() -> None:
    data = files.jpeg()
    cut = data[: data.index(b"\xff\xda") + 40]
    clean = strip_metadata(cut, ImageFormat.JPEG)
    assert CANARY not in clean
    assert clean.endswith(cut[cut.index(b"\xff\xda") :])


@pytest.mark.parametrize("gap", range(-3, 4))
def test_a_jpeg_marker_is_found_on_the_edge_of_a_block(gap: int) -> None:
    block = 256 * 1024
    data = files.jpeg()
    start = data.index(b"\xff\xda") + 14
    body = data[:start] + b"\0" * (block + gap) + b"\xff\xfe\0\x11" + CANARY + b"\xff\xd9"
    clean = strip_metadata(body, ImageFormat.JPEG)
    assert CANARY not in clean
    assert clean.endswith(b"\0" * (block + gap) + b"\xff\xd9")


def segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_of_every_kind(mode: str) -> None:
    image = picture().convert("I").convert("I;16") if mode == "I;16" else picture().convert(mode)
    options: dict[str, object] = {"transparency": 3} if mode == "P" else {}
    data = files.png(3, image, **options)
    clean = stripped(data)
    assert CANARY not in clean
    assert opened(clean).mode == opened(data).mode
    assert opened(clean).info.get("transparency") == opened(data).info.get("transparency")
    assert opened(clean).info["dpi"] == pytest.approx((144, 144), abs=0.1)


def test_png_animations_keep_every_frame() -> None:
    data = files.png(1, None, save_all=True, append_images=[picture().rotate(90), picture().rotate(180)], duration=80)
    clean = stripped(data)
    assert len(frames(clean)) == 3
    assert CANARY not in clean


def test_png_with_a_chunk_that_must_be_understood_is_refused() -> None:
    data = files.png()
    with pytest.raises(DamagedImage, match="certainty"):
        strip_metadata(data[:33] + files.png_chunk(b"ABCD", b"") + data[33:], ImageFormat.PNG)


@pytest.mark.parametrize(
    ("image", "options"),
    [
        (picture(), {"quality": 80}),
        (picture(), {"lossless": True}),
        (picture(41, 23).convert("RGBA").rotate(30), {"quality": 80}),
        (picture(), {"save_all": True, "append_images": [picture().rotate(90, expand=True).resize((40, 24))]}),
    ],
    ids=["lossy", "lossless", "transparent", "animated"],
)
def test_webp_of_every_kind(image: Image.Image, options: dict[str, object]) -> None:
    data = files.webp(5, image, **options)
    clean = stripped(data)
    assert CANARY not in clean
    assert struct.unpack_from("<I", clean, 4)[0] == len(clean) - 8
    assert opened(clean).mode == opened(data).mode


def test_webp_without_its_extended_header_loses_what_is_appended() -> None:
    file = io.BytesIO()
    picture().save(file, "WEBP", quality=80)
    data = file.getvalue()
    hidden = data + b"XMP " + struct.pack("<I", len(CANARY) + 1) + CANARY + b"\0"
    hidden = hidden[:4] + struct.pack("<I", len(hidden) - 8) + hidden[8:]
    assert stripped(hidden) == data


def test_webp_frames_cannot_hide_a_note() -> None:
    data = files.webp(1, save_all=True, append_images=[picture().rotate(180)])
    at = data.index(b"ANMF")
    (length,) = struct.unpack_from("<I", data, at + 4)
    note = b"NOTE" + struct.pack("<I", 16) + CANARY + b"\0"
    end = at + 8 + length
    frame = b"ANMF" + struct.pack("<I", length + len(note)) + data[at + 8 : end] + note
    container = data[12:at] + frame + data[end : -len(CANARY)]
    noisy = b"RIFF" + struct.pack("<I", len(container) + 4) + b"WEBP" + container
    with pytest.raises(DamagedImage):
        strip_metadata(noisy, ImageFormat.WEBP)


def test_gif_animations_go_on_repeating() -> None:
    data = files.gif()
    clean = stripped(data)
    assert opened(clean).info["loop"] == 0
    assert len(frames(clean)) == 2


def test_gif_without_an_end_gets_one() -> None:
    data = files.gif()
    whole = strip_metadata(data, ImageFormat.GIF)
    assert strip_metadata(whole[:-1], ImageFormat.GIF) == whole
    assert strip_metadata(whole[:-1] + b"\0;", ImageFormat.GIF) == whole


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "tiff_lzw"},
        {"compression": "tiff_adobe_deflate"},
        {"compression": "packbits"},
        {"compression": "jpeg"},
        {"big_tiff": False, "save_all": True, "append_images": [picture().rotate(180), picture(9, 7)]},
    ],
    ids=["lzw", "deflate", "packbits", "jpeg", "several"],
)
def test_tiff_of_every_kind(options: dict[str, object]) -> None:
    if "compression" in options:
        # libtiff does not write EXIF.
        options = {**options, "exif": Image.Exif()}
    data = files.tiff(3, None, **options)
    clean = stripped(data)
    assert CANARY not in clean
    assert len(clean) == len(data)


def test_tiff_in_the_other_byte_order() -> None:
    pixels = bytes(range(12))
    note = CANARY + b"\0"
    entries = [
        (256, 4, 1, 2), (257, 4, 1, 2), (258, 3, 3, 150), (259, 3, 1, 1 << 16), (262, 3, 1, 2 << 16),
        (270, 2, len(note), 170), (273, 4, 1, 160 - 4), (277, 3, 1, 3 << 16), (279, 4, 1, 12),
    ]  # fmt: skip
    directory = struct.pack(">H", len(entries)) + b"".join(struct.pack(">HHII", *entry) for entry in entries) + bytes(4)
    head = b"MM\0*" + struct.pack(">I", 8) + directory
    data = head.ljust(150, b"?") + struct.pack(">HHH", 8, 8, 8) + pixels + b"??" + note
    clean = stripped(data)
    assert opened(clean).tobytes() == pixels
    assert b"?" not in clean
    assert CANARY not in clean


@pytest.mark.parametrize(
    "change",
    [(273, 274), (279, 280), (259, 259)],
    ids=["no strips", "no lengths", "old JPEG"],
)
def test_tiff_whose_pixels_cannot_be_told_from_notes_is_refused(change: tuple[int, int]) -> None:
    data = bytearray(files.tiff(1))
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for at in range(start + 2, start + 2 + count * 12, 12):
        if struct.unpack_from("<H", data, at)[0] == change[0]:
            struct.pack_into("<H", data, at, change[1])
            if change[0] == 259:
                struct.pack_into("<H", data, at + 8, 6)
    with pytest.raises(DamagedImage):
        strip_metadata(bytes(data), ImageFormat.TIFF)


@pytest.mark.parametrize(
    ("image", "options"),
    [
        (picture(64, 48), {"quality": 50}),
        (picture(64, 48).convert("RGBA").rotate(30), {"quality": 90}),
        # Without EXIF: Pillow 13.0 crashes when it writes an animation with it.
        (picture(64, 48), {"save_all": True, "append_images": [picture(64, 48).rotate(180)], "exif": b""}),
    ],
    ids=["plain", "transparent", "animated"],
)
def test_avif_of_every_kind(image: Image.Image, options: dict[str, object]) -> None:
    data = files.avif(6, image, **options)
    clean = stripped(data)
    assert CANARY not in clean
    assert len(clean) == len(data)
    assert "xmp" not in opened(clean).info
    # Which way up is a property of the picture here, which Pillow shows as EXIF.
    assert dict(opened(clean).getexif()) == ({0x0112: 6} if "exif" not in options else {})
    assert opened(clean).size == opened(data).size
    assert opened(clean).info["icc_profile"] == files.icc_profile()


def test_icons_keep_every_picture() -> None:
    data = files.ico()
    clean = stripped(data)
    (_, _, count) = struct.unpack_from("<HHH", clean)
    places = [struct.unpack_from("<II", clean, 6 + number * 16 + 8) for number in range(count)]
    assert [offset + length for length, offset in places] == [places[1][1], len(clean)]
    assert clean[places[0][1] :].startswith(b"\x89PNG")
    assert clean.endswith(data[: -len(CANARY)][-48:])


def test_bmp_has_nothing_to_remove() -> None:
    file = io.BytesIO()
    picture().save(file, "BMP")
    assert stripped(file.getvalue()) == file.getvalue()


@pytest.mark.parametrize(
    "image_format", [known for known in ImageFormat if known not in STRIPPABLE], ids=lambda known: known.name
)
def test_formats_whose_metadata_would_stay_are_refused_in_words(image_format: ImageFormat) -> None:
    with pytest.raises(InputError, match=image_format.name) as caught:
        strip_metadata(b"anything", image_format)
    assert caught.value.remedy


# --- orientation ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_orientation_is_read_in_both_byte_orders(value: int, order: str) -> None:
    head = b"II*\0" if order == "<" else b"MM\0*"
    other = struct.pack(f"{order}HHIHH", 0x010F, 2, 4, 0, 0)
    tiff = head + struct.pack(f"{order}IH", 8, 2) + other + struct.pack(f"{order}HHIHHI", 0x0112, 3, 1, value, 0, 0)
    assert orientation(tiff) == orientation(b"Exif\0\0" + tiff) == value


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_impossible_orientation_counts_as_upright(value: int) -> None:
    assert orientation(exif_with(value)) == 1


@given(st.binary(max_size=80).map(lambda rest: b"II*\0" + rest) | st.binary(max_size=80))
def test_no_exif_block_is_too_broken(block: bytes) -> None:
    assert orientation(block) in range(1, 9)
