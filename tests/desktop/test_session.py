"""The private desktop that other tests stand on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.core.geometry import Point, Rect
from tests.desktop.processes import processes_with_environment
from tests.desktop.session import DesktopSession, desktop_session
from tests.desktop.x11 import find_pixels, pattern

CLICK_COUNTER = """
import sys
from Xlib import X, display
d = display.Display()
root = d.screen().root
w = root.create_window(100, 100, 200, 200, 0, X.CopyFromParent, event_mask=X.ButtonPressMask | X.KeyPressMask)
w.set_wm_name("Counter")
w.map()
while True:
    event = d.next_event()
    if event.type in (X.ButtonPress, X.KeyPress):
        print(type(event).__name__, event.root_x, event.root_y, event.detail, flush=True)
"""


def test_every_part_answers_as_soon_as_it_has_started() -> None:
    with desktop_session(monitors=2, tray=True, keyring=True, notifications=True) as session:
        assert session.has_tray()
        assert session.bus_has("org.freedesktop.secrets")
        assert session.bus_has("org.freedesktop.Notifications")


def test_nothing_is_left_when_it_ends() -> None:
    with desktop_session(tray=True, keyring=True, notifications=True) as session:
        marker = f"XDG_RUNTIME_DIR={session.runtime_dir}"
        session.spawn(["sh", "-c", "setsid sleep 600 & sleep 600"])
        session.spawn(["sh", "-c", "trap '' TERM; while :; do sleep 600; done"])
        session.set_clipboard(b"something")
        session.wait_for(lambda: len(processes_with_environment(marker)) >= 9)
        folder, number = session.folder, session.display.removeprefix(":")
    assert processes_with_environment(marker) == []
    assert not folder.exists()
    assert not Path(f"/tmp/.X11-unix/X{number}").exists()


def test_nothing_is_left_when_the_test_inside_fails() -> None:
    with pytest.raises(ZeroDivisionError), desktop_session() as session:  # noqa: PT012 - the block is the point
        marker = f"XDG_RUNTIME_DIR={session.runtime_dir}"
        raise ZeroDivisionError
    assert processes_with_environment(marker) == []


def test_shows_exactly_the_painted_pattern_over_all_monitors(full_desktop: DesktopSession) -> None:
    full_desktop.paint_pattern()
    picture = full_desktop.screenshot()
    assert picture.size == (2560, 800)
    assert picture.getpixel((1500, 700)) == (1500 & 255, 700 & 255, 5 * 16 + 2)
    below_the_tray = (0, 30, 2560, 800)
    assert picture.crop(below_the_tray).tobytes() == pattern(2560, 800).crop(below_the_tray).tobytes()


def test_monitors_stand_side_by_side(full_desktop: DesktopSession) -> None:
    assert full_desktop.monitors == (Rect(0, 0, 1280, 800), Rect(1280, 0, 1280, 800))
    listed = full_desktop.run(["xrandr", "--listmonitors"]).decode()
    assert "1280/338x800/211+0+0" in listed
    assert "1280/338x800/211+1280+0" in listed


def test_an_ordinary_window_lies_exactly_where_it_was_asked_for(desktop: DesktopSession) -> None:
    desktop.paint_pattern()
    window = desktop.open_window("Hällo wörld", Rect(210, 140, 333, 222))
    shown = desktop.window("Hällo wörld")
    assert shown.rect_px == window.rect_px
    assert shown.is_managed
    assert desktop.screenshot(window.rect_px).tobytes() == window.picture.tobytes()
    window.close()
    desktop.wait_for(lambda: all(other.id != window.id for other in desktop.windows()))


def test_finds_pixels_of_one_exact_colour() -> None:
    picture = pattern(300, 300)
    picture.paste((255, 0, 254), (20, 30, 25, 33))
    assert find_pixels(picture, (255, 0, 254)) == Rect(20, 30, 5, 3)
    assert find_pixels(picture, (255, 0, 253)) is None


def test_programs_get_real_keys_and_mouse_events(desktop: DesktopSession) -> None:
    program = desktop.spawn([sys.executable, "-c", CLICK_COUNTER])
    window = desktop.window("Counter").rect_px
    desktop.click(window.x + 7, window.y + 9, button=3)
    program.wait_for_output(f"ButtonPress {window.x + 7} {window.y + 9} 3")
    desktop.xdotool("key", "ctrl+shift+4")
    program.wait_for_output("KeyPress")


def test_a_drag_ends_at_its_end(desktop: DesktopSession) -> None:
    desktop.drag(Point(10, 20), Point(301, 407))
    assert desktop.xdotool("getmouselocation").startswith("x:301 y:407 ")


def test_the_clipboard_is_owned_and_read_by_other_processes(desktop: DesktopSession) -> None:
    assert desktop.clipboard_text() == ""
    desktop.set_clipboard("grüße".encode())
    assert desktop.clipboard_text() == "grüße"
    desktop.set_clipboard(b"\x89PNG", "image/png")
    assert desktop.clipboard_data("image/png") == b"\x89PNG"


def test_the_keyring_keeps_secrets_without_asking(full_desktop: DesktopSession) -> None:
    full_desktop.run(["secret-tool", "store", "--label=label", "name", "value"], stdin=b"hidden")
    assert full_desktop.run(["secret-tool", "lookup", "name", "value"]) == b"hidden"


def test_notifications_arrive_at_a_real_daemon(full_desktop: DesktopSession) -> None:
    full_desktop.run(["notify-send", "A title", "A body"])
    full_desktop.wait_for(lambda: "A title" in full_desktop.notifications())


def test_what_was_not_asked_for_is_not_there(desktop: DesktopSession) -> None:
    assert not desktop.has_tray()
    assert not desktop.bus_has("org.freedesktop.secrets")
    assert not desktop.bus_has("org.freedesktop.Notifications")


def test_a_tray_that_was_lost_can_come_back() -> None:
    with desktop_session() as session:
        tray = session.start_tray()
        session.wait_for(session.has_tray)
        tray.stop()
        session.wait_for(lambda: not session.has_tray())
        session.start_tray()
        session.wait_for(session.has_tray)


def test_nothing_of_the_person_reaches_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_RUNTIME_DIR",
        "DISPLAY",
        "DBUS_SESSION_BUS_ADDRESS",
        "IMGLINK_API_KEY",
    ):
        monkeypatch.setenv(name, "/the/persons/own")
    with desktop_session() as session:
        assert b"/the/persons/own" not in session.run(["env"])


def test_a_wait_that_fails_tells_what_the_programs_said(desktop: DesktopSession) -> None:
    desktop.spawn(["sh", "-c", "echo something odd >&2"]).wait()
    with pytest.raises(TimeoutError, match="something odd"):
        desktop.wait_for(lambda: False, timeout_s=0.01)


def test_a_program_that_ends_early_is_not_waited_for(desktop: DesktopSession) -> None:
    program = desktop.spawn(["sh", "-c", "echo no luck; exit 3"])
    with pytest.raises(AssertionError, match="no luck"):
        program.wait_for_output("READY", timeout_s=60)
    assert program.wait() == 3
