from __future__ import annotations

import pytest

from app.capture.x11.cursor import CursorImage, draw_cursor
from app.capture.x11.monitors import scale_of_resources, scales_by_name
from app.core.geometry import Rect


def drawn(cursor: CursorImage, rect: Rect, background: bytes = bytes((10, 20, 30, 0))) -> list[tuple[int, ...]]:
    pixels = bytearray(background * (rect.width * rect.height))
    draw_cursor(pixels, rect, cursor)
    return [tuple(pixels[at : at + 3]) for at in range(0, len(pixels), 4)]


def test_the_pointer_is_laid_over_with_its_alpha() -> None:
    # Opaque red, nothing, black at half, premultiplied white at half.
    cursor = CursorImage(Rect(1, 0, 4, 1), (0xFFFF0000, 0x00000000, 0x80000000, 0x80808080))
    assert drawn(cursor, Rect(0, 0, 6, 1)) == [
        (10, 20, 30),
        (0, 0, 255),
        (10, 20, 30),
        (5, 10, 15),
        (133, 138, 143),
        (10, 20, 30),
    ]


def test_a_pointer_that_is_not_premultiplied_stays_within_a_byte() -> None:
    cursor = CursorImage(Rect(0, 0, 1, 1), (0x10FFFFFF,))
    assert drawn(cursor, Rect(0, 0, 1, 1), bytes((255, 128, 0, 0))) == [(255, 255, 255)]


@pytest.mark.parametrize(
    ("place", "hit"),
    [
        (Rect(-1, -1, 2, 2), {0: 4}),
        (Rect(2, 1, 2, 2), {5: 1}),
        (Rect(1, 0, 2, 2), {1: 1, 2: 2, 4: 3, 5: 4}),
        (Rect(5, 5, 2, 2), {}),
    ],
)
def test_a_pointer_at_the_edge_is_cut_off(place: Rect, hit: dict[int, int]) -> None:
    cursor = CursorImage(place, tuple(0xFF000000 + number for number in (1, 2, 3, 4)))
    pixels = drawn(cursor, Rect(0, 0, 3, 2), bytes(4))
    assert {at: pixel[0] for at, pixel in enumerate(pixels) if pixel[0]} == hit


@pytest.mark.parametrize(
    ("resources", "scale"),
    [
        ("Xft.dpi:\t192\n", 2.0),
        ("Xcursor.size:\t48\nXft.dpi: 120\nXft.hinting:\t1\n", 1.25),
        ("Xft.dpi: 120.0", 1.25),
        ("", 1.0),
        ("NotXft.dpi: 192\n", 1.0),
        ("Xft.dpi: 0\n", 1.0),
        ("Xft.dpi: 1.2.3\n", 1.0),
        ("Xft.dpi: 100000\n", 1.0),
    ],
)
def test_the_scale_of_the_x_resources(resources: str, scale: float) -> None:
    assert scale_of_resources(resources) == scale


@pytest.mark.parametrize(
    ("setting", "scales"),
    [
        ("", {}),
        ("DP-1=1.5;HDMI-1=2;", {"DP-1": 1.5, "HDMI-1": 2.0}),
        ("2;1.5", {}),
        ("DP-1=nan;DP-2=-1;DP-3=x", {"DP-1": 1.0, "DP-2": 1.0, "DP-3": 1.0}),
    ],
)
def test_the_scales_that_plasma_names(setting: str, scales: dict[str, float]) -> None:
    assert scales_by_name(setting) == scales
