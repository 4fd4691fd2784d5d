from __future__ import annotations

import pytest

from app.core.geometry import Rect
from app.core.screen import Desktop, Frame, KnownWindow, Monitor, WindowInfo, same_window


def frame(rect: Rect, stride_extra: int = 0) -> Frame:
    """A frame whose pixel (x, y) of the desktop is (x, y, 7, 0)."""
    rows = (
        b"".join(bytes((x & 255, y & 255, 7, 0)) for x in range(rect.x, rect.right)) + bytes(stride_extra)
        for y in range(rect.y, rect.bottom)
    )
    return Frame(rect, memoryview(b"".join(rows)), rect.width * 4 + stride_extra)


def desktop(*rects: Rect, stride_extra: int = 0) -> Desktop:
    return Desktop(
        tuple(Monitor(number, f"M{number}", rect) for number, rect in enumerate(rects, 1)),
        tuple(frame(rect, stride_extra) for rect in rects),
    )


def test_a_crop_shares_memory_and_has_the_right_pixels() -> None:
    whole = frame(Rect(0, 0, 20, 10), stride_extra=12)
    part = whole.crop(Rect(3, 2, 5, 4))
    assert part.pixels.obj is whole.pixels.obj
    assert part.packed() == frame(Rect(3, 2, 5, 4)).packed()


def test_a_crop_is_clipped() -> None:
    assert frame(Rect(0, 0, 4, 4)).crop(Rect(2, 2, 9, 9)).rect_px == Rect(2, 2, 2, 2)
    assert frame(Rect(0, 0, 4, 4)).crop(Rect(8, 8, 2, 2)).packed() == b""


def test_a_crop_of_the_last_pixel_stays_inside_the_buffer() -> None:
    assert frame(Rect(0, 0, 4, 4), stride_extra=8).crop(Rect(3, 3, 1, 1)).packed() == bytes((3, 3, 7, 0))


def test_a_region_over_two_monitors_is_joined() -> None:
    joined = desktop(Rect(-10, 0, 10, 8), Rect(0, 0, 12, 8), stride_extra=4).crop(Rect(-3, 1, 8, 5))
    assert joined.packed() == frame(Rect(-3, 1, 8, 5)).packed()


def test_what_no_monitor_shows_is_black() -> None:
    gap = desktop(Rect(0, 0, 4, 4), Rect(6, 0, 4, 4)).crop(Rect(0, 0, 10, 4))
    row = gap.packed()[: 10 * 4]
    assert row[4 * 4 : 6 * 4] == bytes(8)
    assert row[6 * 4 : 6 * 4 + 4] == bytes((6, 0, 7, 0))


def test_the_desktop_is_the_bounding_box() -> None:
    assert desktop(Rect(-10, 5, 10, 8), Rect(0, 0, 12, 8)).rect_px == Rect(-10, 0, 22, 13)


def test_a_thumbnail_has_every_nth_pixel() -> None:
    small = frame(Rect(0, 0, 21, 10), stride_extra=12).thumbnail(8)
    assert (small.rect_px.width, small.rect_px.height) == (7, 4)
    assert small.packed()[7 * 4 : 7 * 4 + 8] == bytes((0, 3, 7, 0, 3, 3, 7, 0))


def test_a_small_frame_is_its_own_thumbnail() -> None:
    whole = frame(Rect(0, 0, 8, 8))
    assert whole.thumbnail(8) is whole


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (KnownWindow(1, "a.txt - Editor"), 1),
        (KnownWindow(1, "c.txt - Editor"), 1),
        (KnownWindow(9, "Mail"), 2),
        (KnownWindow(2, "a.txt - Editor"), 1),
        (KnownWindow(9, "gone"), None),
        (KnownWindow(2, "gone"), None),
        (KnownWindow(9, ""), None),
    ],
)
def test_a_window_is_known_again_by_its_number_or_its_title(known: KnownWindow, found: int | None) -> None:
    rect = Rect(0, 0, 1, 1)
    titles = {1: "a.txt - Editor", 2: "Mail", 3: ""}
    window = same_window([WindowInfo(number, title, rect, rect) for number, title in titles.items()], known)
    assert (None if window is None else window.id) == found
