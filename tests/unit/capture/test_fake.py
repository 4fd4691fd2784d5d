from __future__ import annotations

import pytest

from app.capture.fake import TWO_MONITORS, FakeCapture, fake_pixel
from app.core.errors import UserFacingError
from app.core.geometry import Point, Rect
from app.core.screen import Frame, Monitor, WindowInfo
from tests.unit.capture.contract import CaptureContract, rgb_of

WINDOW = WindowInfo(7, "window", Rect(10, 10, 100, 80), Rect(11, 30, 98, 59))
SMALL = (
    Monitor(1, "left", Rect(-320, 40, 320, 200), scale=2.0),
    Monitor(2, "right", Rect(0, 0, 300, 280), is_primary=True),
)


def expected(rect: Rect) -> bytes:
    return b"".join(bytes(fake_pixel(x, y)) for y in range(rect.y, rect.bottom) for x in range(rect.x, rect.right))


class TestContract(CaptureContract):
    @pytest.fixture
    def capture(self) -> FakeCapture:
        return FakeCapture(SMALL, [WINDOW], pointer=Point(-4, 100))


@pytest.mark.parametrize("monitors", [TWO_MONITORS, SMALL, (Monitor(1, "one", Rect(250, 510, 1, 3)),)])
def test_every_pixel_tells_its_place(monitors: tuple[Monitor, ...]) -> None:
    desktop = FakeCapture(monitors).grab()
    assert desktop.monitors == monitors
    for frame in desktop.frames:
        corner = frame.crop(Rect(frame.rect_px.x, frame.rect_px.y, 300, 300))
        assert rgb_of(corner) == expected(corner.rect_px)
        end = frame.crop(Rect(frame.rect_px.right - 2, frame.rect_px.bottom - 2, 2, 2))
        assert rgb_of(end) == expected(end.rect_px)


def test_the_pointer_is_drawn_across_monitors() -> None:
    desktop = FakeCapture(SMALL, pointer=Point(-4, 100)).grab(cursor=True)
    white = b"\xff\xff\xff"
    assert rgb_of(desktop.crop(Rect(-4, 100, 8, 8))) == white * 64
    edge: Frame = desktop.crop(Rect(-5, 99, 10, 1))
    assert rgb_of(edge) == expected(edge.rect_px)


def test_a_failure_can_be_asked_for() -> None:
    capture = FakeCapture()
    capture.failure = UserFacingError("The screen is on fire.")
    with pytest.raises(UserFacingError, match="on fire"):
        capture.grab()


def test_a_desktop_without_monitors_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one"):
        FakeCapture([])
