from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.core.thumbnails import ThumbnailRefused
from app.ui.thumbnails import QtShrinker, decode_thumbnail, load_thumbnail


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.gif", "a.bmp"])
def test_a_picture_is_made_small(tmp_path: Path, qapp: object, name: str) -> None:
    path = tmp_path / name
    Image.new("RGB", (800, 200), "teal").save(path)
    image = load_thumbnail(path, 100)
    assert image is not None
    assert (image.width(), image.height()) == (100, 25)
    assert image.pixelColor(50, 12).green() > 100


def test_a_small_picture_is_not_blown_up(tmp_path: Path, qapp: object) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (8, 4)).save(path)
    image = load_thumbnail(path, 100)
    assert image is not None
    assert image.width() == 8


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        b"\x89PNG\r\n\x1a\nbroken",
        b"\xff\xd8\xff broken",
    ],
)
@pytest.mark.qt_log_ignore("Unsupported marker type")  # libjpeg says so through Qt
def test_what_cannot_or_should_not_be_decoded_is_none(tmp_path: Path, qapp: object, content: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert load_thumbnail(path, 100) is None


def test_a_missing_file_is_none(tmp_path: Path, qapp: object) -> None:
    assert load_thumbnail(tmp_path / "gone.png", 100) is None


# --- from outside -----------------------------------------------------------------------------------------------------


def encoded(kind: str, size: tuple[int, int] = (800, 200), mode: str = "RGB", **options: Any) -> bytes:
    data = io.BytesIO()
    Image.new(mode, size, "teal").save(data, kind, **options)
    return data.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_each_of_the_four_formats_becomes_a_thumbnail_that_is_read_again(qapp: object, kind: str) -> None:
    small = QtShrinker().shrink(encoded(kind, (1600, 400)))
    image = decode_thumbnail(small, 100)
    assert (image.width(), image.height()) == (100, 25)
    assert image.pixelColor(50, 12).green() > 100
    assert Image.open(io.BytesIO(small)).size == (512, 128)


def test_see_through_parts_stay_so(qapp: object) -> None:
    data = io.BytesIO()
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(data, "PNG")
    image = decode_thumbnail(QtShrinker().shrink(data.getvalue()), 64)
    assert image.pixelColor(32, 32).alpha() == 0


@pytest.mark.parametrize("kind", ["BMP", "ICO", "TIFF"])
def test_other_formats_are_refused_from_outside(qapp: object, kind: str) -> None:
    with pytest.raises(ThumbnailRefused, match="no PNG, JPEG, WebP or GIF"):
        decode_thumbnail(encoded(kind, (32, 32)), 32)


def test_too_many_pixels_are_refused_by_the_header_alone(qapp: object) -> None:
    header = struct.pack(">II", 65_535, 65_535) + b"\x08\x02\x00\x00\x00"
    chunk = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(ThumbnailRefused, match="65535 × 65535 pixels are too many"):
        decode_thumbnail(bomb + encoded("PNG")[33:], 100)
    with pytest.raises(ThumbnailRefused, match="too many"):
        decode_thumbnail(encoded("PNG", (3001, 2000)), 100)
    assert decode_thumbnail(encoded("PNG", (3000, 2000)), 100).width() == 100


def test_a_jpeg_of_very_many_scans_is_refused(qapp: object) -> None:
    jpeg = encoded("JPEG", (64, 64), progressive=True)
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    with pytest.raises(ThumbnailRefused, match="long"):
        decode_thumbnail(jpeg[:-2] + scan * 200 + jpeg[-2:], 64)
    assert decode_thumbnail(jpeg, 64).width() == 64


def test_a_thumbnail_carries_no_texts_and_no_profile(qapp: object) -> None:
    from PIL import ImageCms, PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "CANARY " * 100)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind, options in (
        ("PNG", {"pnginfo": info, "icc_profile": profile}),
        ("JPEG", {"comment": b"CANARY", "icc_profile": profile}),
    ):
        small = QtShrinker().shrink(encoded(kind, **options))
        assert b"CANARY" not in small
        assert "icc_profile" not in Image.open(io.BytesIO(small)).info


def test_a_picture_lies_as_its_camera_was_held(qapp: object) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = decode_thumbnail(encoded("JPEG", (400, 100), exif=exif), 100)
    assert (image.width(), image.height()) == (25, 100)


def test_our_own_copy_is_read_through_no_symbolic_link_and_no_pipe(tmp_path: Path, qapp: object) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded("PNG"))
    link, pipe = tmp_path / "link.png", tmp_path / "pipe.png"
    link.symlink_to(path)
    os.mkfifo(pipe)
    shrinker = QtShrinker()
    assert shrinker.shrink_file(path) is not None
    for each in (link, pipe, tmp_path, tmp_path / "gone.png"):
        assert shrinker.shrink_file(each) is None


def test_our_own_svg_is_refused(tmp_path: Path, qapp: object) -> None:
    path = tmp_path / "a.svg"
    path.write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    with pytest.raises(ThumbnailRefused):
        QtShrinker().shrink_file(path)


def test_no_file_stays_open(tmp_path: Path, qapp: object) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded("PNG"))
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(20):
        load_thumbnail(path, 100)
        load_thumbnail(tmp_path / "gone", 100)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_large_file_of_many_pixels_is_read_too(tmp_path: Path, qapp: object) -> None:
    path = tmp_path / "a.png"
    Image.frombytes("RGB", (1500, 1500), os.urandom(3 * 1500 * 1500)).save(path, compress_level=0)
    assert path.stat().st_size > 4 * 1024 * 1024
    image = load_thumbnail(path, 100)
    assert image is not None
    assert image.width() == 100
