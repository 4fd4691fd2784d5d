from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from app.ui.thumbnails import load_thumbnail


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
