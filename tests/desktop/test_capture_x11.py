from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.capture.x11.backend import X11Capture
from app.core.geometry import Rect
from app.core.screen import Desktop
from tests.desktop.session import DesktopSession, desktop_session
from tests.unit.capture.contract import CaptureContract, changed_pixels, rgb_of

WIDTH, HEIGHT = 640, 400


@pytest.fixture(scope="module")
def two_monitors() -> Iterator[DesktopSession]:
    with desktop_session(monitors=2, monitor_size=(WIDTH, HEIGHT)) as session:
        session.paint_pattern()
        session.move(WIDTH // 2, HEIGHT // 2)
        session.open_window("first", Rect(200, 100, 150, 90))
        yield session


@pytest.fixture
def capture(two_monitors: DesktopSession) -> Iterator[X11Capture]:
    made = X11Capture(two_monitors.env)
    yield made
    made.close()


def set_monitors(session: DesktopSession, *monitors: tuple[str, Rect]) -> None:
    """Lay the monitors of a session anew; a name that begins with * is the primary one."""
    listed = session.run(["xrandr", "--listmonitors"]).decode().splitlines()[1:]
    for name in [line.split()[1].lstrip("+*") for line in listed]:
        session.run(["xrandr", "--delmonitor", name])
    for index, (name, rect) in enumerate(monitors):
        geometry = f"{rect.width}/100x{rect.height}/100+{rect.x}+{rect.y}"
        session.run(["xrandr", "--setmonitor", name, geometry, "none" if index else "screen"])


def assert_shows(desktop: Desktop, screen: Image.Image) -> None:
    """Every frame holds exactly the pixels that another connection sees at its place."""
    for frame in desktop.frames:
        rect = frame.rect_px
        assert rgb_of(frame) == screen.crop((rect.x, rect.y, rect.right, rect.bottom)).tobytes()


class TestContract(CaptureContract):
    @pytest.fixture
    def capture(self, two_monitors: DesktopSession) -> Iterator[X11Capture]:
        made = X11Capture(two_monitors.env)
        yield made
        made.close()


def test_two_monitors_side_by_side_are_exact_to_the_pixel(two_monitors: DesktopSession, capture: X11Capture) -> None:
    desktop = capture.grab()
    assert [monitor.rect_px for monitor in desktop.monitors] == list(two_monitors.monitors)
    assert [monitor.name for monitor in desktop.monitors] == ["MONITOR-1", "MONITOR-2"]
    assert_shows(desktop, two_monitors.screenshot())


def test_frames_of_one_grab_share_one_buffer(capture: X11Capture) -> None:
    left, right = capture.grab().frames
    assert left.pixels.obj is right.pixels.obj
    assert left.stride == right.stride == 2 * WIDTH * 4


def test_monitors_of_any_arrangement_are_numbered_in_reading_order_and_exact() -> None:
    with desktop_session(monitors=1, monitor_size=(500, 600)) as session:
        session.paint_pattern()
        top, bottom = Rect(0, 0, 500, 350), Rect(40, 350, 460, 250)
        set_monitors(session, ("BOTTOM", bottom), ("*TOP", top))
        capture = X11Capture(session.env)
        desktop = capture.grab()
        assert [(m.number, m.name, m.rect_px, m.is_primary) for m in desktop.monitors] == [
            (1, "TOP", top, True),
            (2, "BOTTOM", bottom, False),
        ]
        assert_shows(desktop, session.screenshot())
        # The open connection notices a new arrangement: mirrored monitors count once, the primary one stands for them.
        set_monitors(session, ("COPY", top), ("*TOP", top), ("RIGHT-OF-IT", Rect(500, 0, 0, 0)))
        assert [(m.name, m.rect_px) for m in capture.grab().monitors] == [("TOP", top)]
        capture.close()


def test_the_scale_is_the_one_the_desktop_asks_for(two_monitors: DesktopSession, capture: X11Capture) -> None:
    assert [monitor.scale for monitor in capture.grab().monitors] == [1.0, 1.0]
    two_monitors.run(
        ["xprop", "-root", "-format", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER", "Xft.dpi:\t144\n"]
    )
    try:
        assert [monitor.scale for monitor in capture.grab().monitors] == [1.5, 1.5]
        plasma = {**two_monitors.env, "QT_SCREEN_SCALE_FACTORS": "MONITOR-2=2;OTHER=3;"}
        mixed = X11Capture(plasma)
        assert [monitor.scale for monitor in mixed.grab().monitors] == [1.5, 2.0]
        mixed.close()
    finally:
        two_monitors.run(["xprop", "-root", "-remove", "RESOURCE_MANAGER"])


@pytest.mark.parametrize(
    ("x", "y"), [(100, 300), (WIDTH - 2, 20), (2 * WIDTH - 1, HEIGHT - 1), (0, 0)], ids=["in", "seam", "corner", "zero"]
)
def test_the_pointer_is_drawn_where_it_is_and_only_there(
    two_monitors: DesktopSession, capture: X11Capture, x: int, y: int
) -> None:
    two_monitors.move(x, y)
    plain, pointed = capture.grab(), capture.grab(cursor=True)
    assert_shows(plain, two_monitors.screenshot())
    around = Rect(x - 24, y - 24, 48, 48)
    everywhere = changed_pixels(plain.crop(plain.rect_px), pointed.crop(plain.rect_px))
    assert 0 < changed_pixels(plain.crop(around), pointed.crop(around)) == everywhere


def test_a_grab_follows_what_changes_on_the_screen(two_monitors: DesktopSession, capture: X11Capture) -> None:
    before = capture.grab()
    window = two_monitors.open_window("second", Rect(WIDTH + 100, 150, 200, 100))
    after = capture.grab()
    assert_shows(after, two_monitors.screenshot())
    assert after.windows[0].title == "second"
    # What was frozen before does not know of it.
    assert "second" not in [shown.title for shown in before.windows]
    assert changed_pixels(before.frames[1], after.frames[1]) >= 200 * 100 // 2
    window.close()


def test_a_hundred_grabs_leave_no_descriptor_thread_or_memory_behind(capture: X11Capture) -> None:
    def resident_pages() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1])

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(10):
        capture.grab(cursor=True)
    before, threads, pages = descriptors(), threading.active_count(), resident_pages()
    for _ in range(100):
        capture.grab(cursor=True)
    assert descriptors() == before
    assert threading.active_count() == threads
    # One frame that stayed would be 250 pages each time.
    assert resident_pages() - pages < 1000
    capture.close()
    assert descriptors() < before


def test_an_xwayland_server_is_refused_even_without_a_word_in_the_environment() -> None:
    with desktop_session(monitors=1, monitor_size=(320, 200), window_manager=False) as session:
        set_monitors(session, ("XWAYLAND0", Rect(0, 0, 320, 200)))
        probe = X11Capture(session.env).probe()
    assert not probe.available
    assert "Wayland" in probe.reason
