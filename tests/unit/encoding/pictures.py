"""Frames and files to encode and to strip."""

from __future__ import annotations

import random

from PIL import Image

from app.core.geometry import Rect
from app.core.screen import Frame


def noise_frame(width: int, height: int, *, padding: int = 0, seed: int = 1, x: int = 0, y: int = 0) -> Frame:
    """Random pixels in rows with `padding` bytes after each; the last row is cut short, as in a cropped frame."""
    stride = width * 4 + padding
    data = random.Random(seed).randbytes(max(0, stride * height - padding))
    return Frame(Rect(x, y, width, height), memoryview(data), stride)


def flat_frame(width: int, height: int, bgrx: tuple[int, int, int, int] = (200, 100, 50, 0)) -> Frame:
    """One colour."""
    return Frame(Rect(0, 0, width, height), memoryview(bytes(bgrx) * (width * height)), width * 4)


def rgb_of(frame: Frame) -> bytes:
    """The pixels as a plain loop would read them: red, green, blue, row by row."""
    packed = frame.packed()
    rgb = bytearray(len(packed) // 4 * 3)
    rgb[0::3], rgb[1::3], rgb[2::3] = packed[2::4], packed[1::4], packed[0::4]
    return bytes(rgb)


def picture(width: int = 40, height: int = 24) -> Image.Image:
    """An RGB picture with something to see in it."""
    return Image.frombytes("RGB", (width, height), rgb_of(noise_frame(width, height)))
