"""How quickly and how small pictures are encoded, beside Pillow's usual setting."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from PIL import Image

from app.core.images import ImageFormat
from app.core.screen import Frame
from app.encoding.encoder import ImageEncoder
from benches.frame import Race, benchmark
from benches.pictures import SIZE_4K, desktop, flat, frame_of, photograph


@benchmark("PNG of a 4K desktop, time", gate=0.15, rounds=5)
def png_time() -> Iterator[Race]:
    frame = frame_of(desktop())
    encoder = ImageEncoder()
    yield Race(
        lambda: encoder.encode(frame, ImageFormat.PNG, 90),
        {
            "Pillow level 6": lambda: pillow_png(frame, 6),
            "Pillow level 1": lambda: pillow_png(frame, 1),
            "our lossless WebP": lambda: encoder.encode(frame, ImageFormat.WEBP, 90),
            "our JPEG 90": lambda: encoder.encode(frame, ImageFormat.JPEG, 90),
        },
    )


@benchmark("PNG of a 4K desktop, size", gate=1.20, rounds=1, warmups=0)
def png_size() -> Iterator[Race]:
    frame = frame_of(desktop())
    encoder = ImageEncoder()
    yield Race(
        lambda: len(encoder.encode(frame, ImageFormat.PNG, 90)) / 1000,
        {
            "Pillow level 6": lambda: len(pillow_png(frame, 6)) / 1000,
            "our lossless WebP": lambda: len(encoder.encode(frame, ImageFormat.WEBP, 90)) / 1000,
            "our JPEG 90": lambda: len(encoder.encode(frame, ImageFormat.JPEG, 90)) / 1000,
        },
        is_timed=False,
        unit="kB",
    )


@benchmark("PNG of a 4K photograph, size", gate=None, rounds=1, warmups=0)
def photograph_size() -> Iterator[Race]:
    yield from _sizes(lambda: photograph(SIZE_4K))


@benchmark("PNG of one colour at 4K, size", gate=None, rounds=1, warmups=0)
def flat_size() -> Iterator[Race]:
    yield from _sizes(flat)


@benchmark("PNG of a region of 400 × 300, time", gate=None)
def region_time() -> Iterator[Race]:
    frame = frame_of(desktop().crop((1500, 900, 1900, 1200)))
    encoder = ImageEncoder()
    yield Race(lambda: encoder.encode(frame, ImageFormat.PNG, 90), {"Pillow level 6": lambda: pillow_png(frame, 6)})


def pillow_png(frame: Frame, level: int) -> bytes:
    """What Pillow makes of the same pixels."""
    size = (frame.rect_px.width, frame.rect_px.height)
    image = Image.frombuffer("RGB", size, frame.packed(), "raw", "BGRX", 0, 1)
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=level)
    return file.getvalue()


def _sizes(make: Callable[[], Image.Image]) -> Iterator[Race]:
    frame = frame_of(make())
    encoder = ImageEncoder()
    yield Race(
        lambda: len(encoder.encode(frame, ImageFormat.PNG, 90)) / 1000,
        {"Pillow level 6": lambda: len(pillow_png(frame, 6)) / 1000},
        is_timed=False,
        unit="kB",
    )
