from __future__ import annotations

import io
import struct
import threading
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.core.errors import InputError
from app.core.geometry import Rect
from app.core.images import ImageFormat, sniff
from app.core.screen import Frame
from app.encoding.encoder import ENCODABLE, ImageEncoder
from tests.unit.encoding.pictures import flat_frame, noise_frame, rgb_of

LOSSLESS = (ImageFormat.PNG, ImageFormat.WEBP)


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(kind + body),)
        chunks.append((kind, body))
        at += 12 + length
    return chunks


@pytest.mark.parametrize("image_format", LOSSLESS)
@given(
    width=st.integers(1, 70),
    height=st.integers(1, 50),
    padding=st.integers(0, 9).map(lambda pixels: pixels * 4),
    seed=st.integers(0, 3),
)
def test_every_pixel_of_any_size_and_stride_survives(
    image_format: ImageFormat, width: int, height: int, padding: int, seed: int
) -> None:
    frame = noise_frame(width, height, padding=padding, seed=seed)
    image = decoded(ImageEncoder().encode(frame, image_format))
    assert (image.mode, image.size) == ("RGB", (width, height))
    assert image.tobytes() == rgb_of(frame)


@given(rows=st.lists(st.binary(min_size=12, max_size=12), min_size=1, max_size=12))
def test_every_content_survives(rows: list[bytes]) -> None:
    frame = Frame(Rect(0, 0, 3, len(rows)), memoryview(b"".join(rows)), 12)
    assert decoded(ImageEncoder().encode(frame, ImageFormat.PNG)).tobytes() == rgb_of(frame)


@pytest.mark.parametrize("processors", [1, 2, 3, 64])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (2000, 1301), (1, 70_000), (70_000, 31), (600_000, 2)])
def test_png_is_exact_across_bands_and_threads(
    width: int, height: int, processors: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: processors)
    frame = noise_frame(width, height, padding=8)
    assert decoded(ImageEncoder().encode(frame, ImageFormat.PNG)).tobytes() == rgb_of(frame)


def test_png_of_a_flat_screen_is_exact_and_small() -> None:
    frame = flat_frame(1920, 1080)
    data = ImageEncoder().encode(frame, ImageFormat.PNG)
    assert decoded(data).getcolors() == [(1920 * 1080, (50, 100, 200))]
    assert len(data) < 40_000


def test_png_holds_header_pixels_and_end_only() -> None:
    frame = noise_frame(1500, 1400)
    chunks = png_chunks(ImageEncoder().encode(frame, ImageFormat.PNG))
    assert [kind for kind, _ in chunks] == [b"IHDR", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", chunks[0][1]) == (1500, 1400, 8, 2, 0, 0, 0)
    # zlib checks the Adler-32 that was put together from the threads' parts, and that nothing follows.
    inflate = zlib.decompressobj()
    assert len(inflate.decompress(chunks[1][1])) == 1400 * (1 + 1500 * 3)
    assert inflate.eof
    assert inflate.unused_data == b""


def test_a_crop_encodes_what_it_shows() -> None:
    part = noise_frame(300, 200, x=-40, y=7).crop(Rect(10, 50, 33, 21))
    for image_format in LOSSLESS:
        assert decoded(ImageEncoder().encode(part, image_format)).tobytes() == rgb_of(part)


def test_the_fourth_byte_counts_for_nothing() -> None:
    clear, opaque = flat_frame(20, 10, (1, 2, 3, 0)), flat_frame(20, 10, (1, 2, 3, 255))
    for image_format in ENCODABLE:
        assert ImageEncoder().encode(clear, image_format) == ImageEncoder().encode(opaque, image_format)


@pytest.mark.parametrize("image_format", ENCODABLE)
def test_each_format_is_what_it_says_and_carries_no_metadata(image_format: ImageFormat) -> None:
    data = ImageEncoder().encode(noise_frame(64, 48), image_format)
    assert sniff(data) is image_format
    image = decoded(data)
    assert not image.getexif()
    assert not {"exif", "xmp", "icc_profile", "comment", "Software", "dpi"} & set(image.info)


def test_webp_is_a_bare_lossless_stream() -> None:
    data = ImageEncoder().encode(noise_frame(64, 48), ImageFormat.WEBP)
    assert data[12:16] == b"VP8L"
    assert len(data) == 20 + struct.unpack_from("<I", data, 16)[0] + struct.unpack_from("<I", data, 16)[0] % 2


def test_jpeg_quality_is_respected() -> None:
    frame = noise_frame(200, 100)
    sizes = [len(ImageEncoder().encode(frame, ImageFormat.JPEG, quality)) for quality in (1, 30, 60, 90, 100)]
    assert sizes == sorted(set(sizes))


def test_jpeg_of_high_quality_keeps_the_edges_of_coloured_text() -> None:
    red, white = bytes((0, 0, 255, 0)), bytes((255, 255, 255, 0))
    frame = Frame(Rect(0, 0, 64, 64), memoryview((red + white) * 32 * 64), 256)
    image = decoded(ImageEncoder().encode(frame, ImageFormat.JPEG, 95))
    exact = rgb_of(frame)
    assert max(abs(a - b) for a, b in zip(image.tobytes(), exact, strict=True)) < 16


@pytest.mark.parametrize("image_format", [known for known in ImageFormat if known not in ENCODABLE])
def test_other_formats_are_refused(image_format: ImageFormat) -> None:
    with pytest.raises(InputError, match=image_format.name):
        ImageEncoder().encode(flat_frame(1, 1), image_format)


def test_an_empty_frame_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="outside the screen"):
        ImageEncoder().encode(flat_frame(4, 4).crop(Rect(9, 9, 5, 5)), ImageFormat.PNG)


@pytest.mark.parametrize(("image_format", "width"), [(ImageFormat.WEBP, 16_384), (ImageFormat.JPEG, 65_501)])
def test_a_picture_too_long_for_its_format_is_refused_with_a_way_out(image_format: ImageFormat, width: int) -> None:
    with pytest.raises(InputError, match="Choose PNG"):
        ImageEncoder().encode(flat_frame(width, 1), image_format)
    assert decoded(ImageEncoder().encode(flat_frame(width - 1, 1), image_format)).size == (width - 1, 1)


def test_no_thread_is_left_behind() -> None:
    ImageEncoder().encode(noise_frame(1600, 1400), ImageFormat.PNG)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("png")] == []


def test_warming_up_makes_a_picture_of_nothing() -> None:
    ImageEncoder().warm_up()
