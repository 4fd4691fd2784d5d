"""A friendly desktop to take pictures of: wallpaper, a letter and a photograph, all drawn here."""

from __future__ import annotations

import math

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from app.core.geometry import Rect
from tests.desktop.session import DesktopSession

PHOTO = Rect(640, 150, 480, 320)
"""Where the photograph's inside lies."""
LETTER = Rect(110, 210, 430, 330)

INK = (43, 45, 66)
LETTER_TEXT = """Dear Ada,

the view you asked for is in the picture
beside this letter. I pressed one key and
dragged, and had its link before I could
look for the button.

Yours,
Charles"""


def show(session: DesktopSession) -> None:
    """Paint the wallpaper and open the two windows."""
    area = session.monitors[-1]
    session.paint(wallpaper(area.right, area.bottom))
    session.open_window("Letter", LETTER, letter(LETTER.width, LETTER.height))
    session.open_window("Photograph", PHOTO, photograph(PHOTO.width, PHOTO.height))


def wallpaper(width: int, height: int) -> Image.Image:
    """Soft hills under an evening sky."""
    picture = _gradient(width, height, (38, 52, 94), (226, 149, 120))
    draw = ImageDraw.Draw(picture)
    for depth, colour in enumerate([(120, 92, 122), (83, 72, 108), (49, 50, 84)]):
        crest = height * (0.55 + 0.14 * depth)
        points = [
            (x, crest + height * 0.06 * math.sin(x / width * (5 + 3 * depth) + 1.7 * depth)) for x in range(width + 1)
        ]
        draw.polygon([(0, height), *points, (width, height)], fill=colour)
    return picture


def letter(width: int, height: int) -> Image.Image:
    """A short text on paper."""
    picture = Image.new("RGB", (width, height), (252, 250, 245))
    draw = ImageDraw.Draw(picture)
    draw.multiline_text((28, 26), LETTER_TEXT, fill=INK, font=ImageFont.load_default(17), spacing=9)
    return picture


def photograph(width: int, height: int) -> Image.Image:
    """A sun over the sea, with a little boat."""
    picture = _gradient(width, height, (252, 196, 132), (86, 126, 165))
    draw = ImageDraw.Draw(picture)
    horizon = int(height * 0.62)
    draw.rectangle((0, horizon, width, height), fill=(38, 84, 124))
    sun = (int(width * 0.66), int(height * 0.38), int(height * 0.13))
    draw.ellipse(_circle(*sun), fill=(255, 236, 179))
    for row in range(horizon + 6, height, 9):
        half = (row - horizon) * 0.5 + 14
        draw.line((sun[0] - half, row, sun[0] + half, row), fill=(255, 214, 153), width=2)
    x, y = int(width * 0.3), horizon + 22
    draw.polygon([(x - 34, y), (x + 34, y), (x + 20, y + 14), (x - 22, y + 14)], fill=(94, 51, 41))
    draw.polygon([(x, y - 62), (x, y - 6), (x + 30, y - 6)], fill=(250, 250, 245))
    draw.polygon([(x - 4, y - 54), (x - 4, y - 6), (x - 26, y - 6)], fill=(232, 232, 224))
    return picture.filter(ImageFilter.SMOOTH)


def _gradient(width: int, height: int, top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    mask = Image.linear_gradient("L").resize((width, height))
    return Image.composite(Image.new("RGB", (width, height), bottom), Image.new("RGB", (width, height), top), mask)


def _circle(x: int, y: int, radius: int) -> tuple[int, int, int, int]:
    return x - radius, y - radius, x + radius, y + radius
