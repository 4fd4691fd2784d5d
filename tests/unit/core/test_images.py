from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.core.images import ImageFormat, sniff


@pytest.mark.parametrize(
    ("pillow_format", "expected"),
    [
        ("PNG", ImageFormat.PNG),
        ("JPEG", ImageFormat.JPEG),
        ("GIF", ImageFormat.GIF),
        ("WEBP", ImageFormat.WEBP),
        ("BMP", ImageFormat.BMP),
        ("ICO", ImageFormat.ICO),
        ("TIFF", ImageFormat.TIFF),
        ("AVIF", ImageFormat.AVIF),
    ],
)
def test_real_files_are_known_by_their_first_bytes(pillow_format: str, expected: ImageFormat) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(buffer, pillow_format)
    assert sniff(buffer.getvalue()[:1024]) is expected


@pytest.mark.parametrize(
    "head",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b'<?xml version="1.0"?>\n<!-- drawn by hand -->\n<svg></svg>',
        b'\xef\xbb\xbf  \n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">\n<svg/>',
    ],
)
def test_svg_is_known_behind_its_prologue(head: bytes) -> None:
    assert sniff(head) is ImageFormat.SVG


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"plain text",
        b"BM is how this sentence begins, and it goes on",
        b"<html><body><svg></svg></body></html>",
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41",
        b"%PDF-1.7",
        b"\x89PNG but not quite",
    ],
)
def test_other_files_are_refused(head: bytes) -> None:
    assert sniff(head) is None


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(head: bytes) -> None:
    assert sniff(head) is None or isinstance(sniff(head), ImageFormat)


def test_every_format_has_a_media_type_and_an_extension() -> None:
    assert {image_format.mime.split("/")[0] for image_format in ImageFormat} == {"image"}
    assert ImageFormat.JPEG.extension == ".jpg"
