"""The main job on a real desktop: press a key, drag, and the link is on the clipboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.core.geometry import Point, Rect
from app.demo import DemoServer
from tests.desktop.dragging import drag_into
from tests.desktop.running import RunningProgram, pixels, running_program
from tests.desktop.session import DesktopSession


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def program(full_desktop: DesktopSession, server: DemoServer) -> Iterator[RunningProgram]:
    with running_program(full_desktop, server) as running:
        yield running


def test_key_drag_link(program: RunningProgram) -> None:
    desktop = program.desktop
    picture = desktop.paint_pattern()
    program.capture_region(Point(101, 203), Point(420, 442))
    link = program.wait_for_link()
    assert link == f"{program.server.base_url}/i/{program.server.images()[-1].id}"
    uploaded = program.uploaded_picture()
    assert uploaded.size == (320, 240)
    assert uploaded.tobytes() == pixels(picture, Rect(101, 203, 320, 240))
    assert b"IMGLINK" not in program.server.file_bytes(program.server.images()[-1].id)
    desktop.wait_for(lambda: link in desktop.notifications(), what="no notification named the link")


def test_a_region_over_two_monitors(program: RunningProgram) -> None:
    picture = program.desktop.paint_pattern()
    program.capture_region(Point(1180, 300), Point(1379, 399))
    program.wait_for_link()
    assert program.uploaded_picture().tobytes() == pixels(picture, Rect(1180, 300, 200, 100))


def test_five_in_a_row(program: RunningProgram) -> None:
    picture = program.desktop.paint_pattern()
    link = ""
    for number in range(5):
        left = 100 + 37 * number
        program.capture_region(Point(left, 150), Point(left + 63, 197))
        link = program.wait_for_link(before=link)
        assert program.uploaded_picture().tobytes() == pixels(picture, Rect(left, 150, 64, 48))
    assert program.server.commits == 5


def test_escape_uploads_nothing(program: RunningProgram) -> None:
    desktop = program.desktop
    desktop.xdotool("key", "ctrl+shift+4")
    program.wait_for_overlay()
    desktop.xdotool("key", "Escape")
    desktop.wait_for(lambda: not program.overlay_windows(), what="the overlay stayed")
    assert program.server.commits == 0
    # And it works again at once.
    program.capture_region(Point(50, 50), Point(99, 99))
    program.wait_for_link()


def test_click_a_window(program: RunningProgram) -> None:
    desktop = program.desktop
    desktop.paint_pattern()
    inside = Rect(300, 260, 240, 160)
    window = desktop.open_window("Letters", inside)
    desktop.xdotool("key", "ctrl+shift+2")
    program.wait_for_overlay()
    desktop.click(400, 330)
    program.wait_for_link()
    uploaded = program.uploaded_picture()
    # With its title bar and borders, so larger than its inside; the inside is found in it, exactly.
    assert uploaded.width >= inside.width
    assert uploaded.height > inside.height
    assert _contains(uploaded.tobytes(), uploaded.width, window.picture.tobytes(), inside.width)


def test_whole_screen_from_the_tray_menu(program: RunningProgram) -> None:
    desktop = program.desktop
    picture = desktop.paint_pattern()
    icon = program.tray_icon()
    desktop.click(icon.x, icon.y, button=3)
    # "Open ImgLink", "Capture", then its second entry.
    desktop.wait_for(lambda: program.popups() == 1, what="the tray's menu did not open")
    desktop.xdotool("key", "Down", "Down", "Right")
    desktop.wait_for(lambda: program.popups() == 2, what="the submenu did not open")
    desktop.xdotool("key", "Down", "Return")
    program.wait_for_link()
    uploaded = program.uploaded_picture()
    assert uploaded.size == (2560, 800)
    # The menu is gone from the picture; the tray itself is on it.
    below = Rect(0, 40, 2560, 760)
    assert pixels(uploaded, below) == pixels(picture, below)


def test_drop_of_three_files_with_one_unsupported(program: RunningProgram, tmp_path: Path) -> None:
    desktop = program.desktop
    names = ["a picture.png", "Übersicht ß.jpg", "notes.txt"]
    Image.new("RGB", (40, 30), "teal").save(tmp_path / names[0])
    Image.new("RGB", (50, 20), "orange").save(tmp_path / names[1])
    (tmp_path / names[2]).write_text("no picture", encoding="utf-8")
    icon = program.tray_icon()
    desktop.click(icon.x, icon.y)
    source = drag_into(desktop, "ImgLink", "files", *(str(tmp_path / name) for name in names))
    source.wait_for_output("dropped CopyAction")
    text = desktop.wait_for(
        lambda: desktop.clipboard_text() if program.server.commits == 2 and "\n" in desktop.clipboard_text() else "",
        20,
        what="two links did not come to the clipboard",
    )
    # One link a line, in the order in which the files were dropped; our names are not told.
    first, second = program.server.images()
    assert {(image.width, image.height) for image in (first, second)} == {(40, 30), (50, 20)}
    by_size = {(image.width, image.height): image.id for image in (first, second)}
    assert text.splitlines() == [
        f"{program.server.base_url}/i/{by_size[40, 30]}",
        f"{program.server.base_url}/i/{by_size[50, 20]}",
    ]
    assert not any("picture" in image.file_name or "bersicht" in image.file_name for image in (first, second))


def test_the_clipboard_key_is_answered_when_there_is_no_picture(program: RunningProgram) -> None:
    desktop = program.desktop
    desktop.set_clipboard(b"some words")
    assert all(window.title != "ImgLink" for window in desktop.windows())
    desktop.xdotool("key", "ctrl+shift+u")
    desktop.window("ImgLink")
    assert program.server.commits == 0


def test_a_key_that_a_new_keyboard_layout_does_not_have_is_told(program: RunningProgram) -> None:
    desktop = program.desktop
    desktop.run(["setxkbmap", "ru"])
    try:
        desktop.wait_for(
            lambda: "No key on this keyboard types “U”." in desktop.notifications(), what="nobody told of the key"
        )
    finally:
        desktop.run(["setxkbmap", "us"])


def test_the_settings_choose_the_direct_link(full_desktop: DesktopSession, server: DemoServer) -> None:
    settings = full_desktop.home / ".config" / "imglink" / "settings.json"
    settings.parent.mkdir(mode=0o700)
    settings.write_text('{"links": {"form": "direct"}}', encoding="utf-8")
    with running_program(full_desktop, server) as program:
        program.capture_region(Point(10, 110), Point(59, 159))
        assert program.wait_for_link() == f"{server.base_url}/cdn/{server.images()[-1].id}.png"


def _contains(haystack: bytes, haystack_width: int, needle: bytes, needle_width: int) -> bool:
    """Whether a picture (RGB rows) lies somewhere inside another."""
    first = needle[: needle_width * 3]
    height = len(needle) // (needle_width * 3)
    at = haystack.find(first)
    while at >= 0:
        rows = (haystack[at + y * haystack_width * 3 :][: needle_width * 3] for y in range(height))
        if b"".join(rows) == needle:
            return True
        at = haystack.find(first, at + 1)
    return False
