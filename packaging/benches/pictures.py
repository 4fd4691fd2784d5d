"""Made-up screens to measure with: the same every time, and as hard to compress as real ones."""

from __future__ import annotations

import random
import string

from PIL import Image, ImageDraw, ImageFont

from app.core.geometry import Rect
from app.core.screen import Frame

SIZE_4K = (3840, 2160)


def desktop(size: tuple[int, int] = SIZE_4K) -> Image.Image:
    """A wallpaper of soft colours, windows full of text, and a photograph."""
    width, height = size
    chance = random.Random(1)
    slope = Image.linear_gradient("L").resize(size).convert("RGB")
    picture = Image.blend(slope, _clouds(size, (60, 34), chance), 0.6)
    for _ in range(7):
        _window(picture, chance)
    picture.paste(photograph((900, 600)), (width - 1000, height - 700))
    return picture


def photograph(size: tuple[int, int]) -> Image.Image:
    """Soft shapes under fine grain."""
    grain = Image.effect_noise(size, 12)
    return Image.blend(_clouds(size, (size[0] // 30, size[1] // 30), random.Random(2)), grain.convert("RGB"), 0.25)


def flat(size: tuple[int, int] = SIZE_4K) -> Image.Image:
    """One colour."""
    return Image.new("RGB", size, (58, 110, 165))


def frame_of(picture: Image.Image) -> Frame:
    """The picture as a capture delivers it."""
    width, height = picture.size
    return Frame(Rect(0, 0, width, height), memoryview(picture.tobytes("raw", "BGRX")), width * 4)


def _clouds(size: tuple[int, int], cells: tuple[int, int], chance: random.Random) -> Image.Image:
    small = Image.frombytes("RGB", cells, chance.randbytes(cells[0] * cells[1] * 3))
    return small.resize(size, Image.Resampling.BICUBIC)


def _window(picture: Image.Image, chance: random.Random) -> None:
    draw = ImageDraw.Draw(picture)
    left, top = chance.randrange(0, picture.width - 1600), chance.randrange(0, picture.height - 900)
    right, bottom = left + chance.randrange(900, 1600), top + chance.randrange(600, 1000)
    paper, ink = chance.choice([("white", "#141414"), ("#1e1e22", "#d2d2d2"), ("#f6f6fa", "#141414")])
    draw.rectangle((left, top, right, bottom), fill=paper, outline="#5a5a5a")
    draw.rectangle((left, top, right, top + 48), fill="#3a6ec8")
    font = ImageFont.load_default(chance.choice((22, 26, 32)))
    for y in range(top + 60, bottom - 30, 34):
        words = ("".join(chance.choices(string.ascii_lowercase, k=chance.randrange(2, 9))) for _ in range(9))
        draw.text((left + 20, y), " ".join(words), fill=ink if chance.random() < 0.8 else "#c83c3c", font=font)
