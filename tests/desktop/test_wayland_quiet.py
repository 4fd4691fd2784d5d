"""On Wayland, while the person types elsewhere: nothing of ours takes the keyboard or is in a picture."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image

from app.core.geometry import Point, Rect
from app.demo import DemoServer
from tests.desktop.running import pixels
from tests.desktop.sway import ONE, TWO, SwaySession, sway_session
from tests.desktop.wayland_running import do_action, running_program, start_typing_elsewhere
from tests.desktop.x11 import pattern

DELAYED = {"capture": {"delay_s": 2}}


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def told() -> Iterator[SwaySession]:
    """A desktop of one output with a notification service."""
    with sway_session(ONE, notifications=True) as session:
        yield session


def test_an_upload_is_told_of_without_a_window(told: SwaySession, server: DemoServer) -> None:
    with running_program(told, server) as program:
        start_typing_elsewhere(told)
        before = sorted(told.window_titles())
        do_action(told, "screen")
        program.wait_for_link()
        told.wait_for(lambda: "Link copied" in told.notifications(), what="nobody said that it was uploaded")
        assert sorted(told.window_titles()) == before
        assert told.focused_title() == "Letters"


def test_the_countdown_is_told_of_and_is_in_no_picture(told: SwaySession, server: DemoServer) -> None:
    with running_program(told, server, DELAYED) as program:
        start_typing_elsewhere(told)
        shown = told.picture_of(1)
        before = sorted(told.window_titles())
        do_action(told, "screen")
        told.wait_for(lambda: "Capture in 1 s" in told.notifications(), what="nobody counts")
        assert told.picture_of(1).tobytes() != shown.tobytes()
        assert sorted(told.window_titles()) == before
        assert told.focused_title() == "Letters"
        program.wait_for_link()
        assert program.uploaded_picture().tobytes() == shown.tobytes()


def test_the_countdown_is_taken_back_by_its_button(told: SwaySession, server: DemoServer) -> None:
    with running_program(told, server, DELAYED):
        do_action(told, "screen")
        told.wait_for(lambda: "Capture in 2 s" in told.notifications(), what="nobody counts")
        told.run(["dunstctl", "action", "0"])
        told.wait_for(lambda: told.run(["dunstctl", "count", "displayed"]).strip() == b"0", what="it stayed")
        # The next one counts anew.
        do_action(told, "screen")
        told.wait_for(lambda: told.notifications().count("summary: 'Capture in 2 s'") == 2, what="nobody counts again")
        told.wait_for(server.images, what="it was not uploaded")
        assert server.commits == 1


def test_without_notifications_it_waits_in_silence_and_the_same_key_takes_it_back(server: DemoServer) -> None:
    with sway_session(TWO) as desktop, running_program(desktop, server, DELAYED) as program:
        start_typing_elsewhere(desktop)
        shown = desktop.screenshot()
        do_action(desktop, "screen")
        do_action(desktop, "screen")
        do_action(desktop, "screen")
        program.wait_for_link()
        assert desktop.focused_title() == "Letters"
        assert program.uploaded_picture().tobytes() == pixels(shown, Rect(0, 0, 2560, 800))
        assert server.commits == 1


def test_what_another_program_copied_is_uploaded(told: SwaySession, server: DemoServer) -> None:
    picture = pattern(120, 80)
    files = [told.folder / name for name in ("a b.png", "ü.png")]
    for number, file in enumerate(files):
        pattern(60, 40, 13 + number).save(file)
    with running_program(told, server) as program:
        start_typing_elsewhere(told)
        told.set_clipboard(encoded(picture), "image/png")
        do_action(told, "clipboard")
        link = program.wait_for_link()
        assert program.uploaded_picture().tobytes() == picture.tobytes()
        told.set_clipboard("".join(f"{file.as_uri()}\r\n" for file in files).encode(), "text/uri-list")
        do_action(told, "clipboard")
        links = program.wait_for_link(before=link).split("\n")
        assert len(links) == 2
        for number, file in ((1, files[0]), (2, files[1])):
            assert program.uploaded_picture(number).tobytes() == Image.open(file).convert("RGB").tobytes()
        assert told.focused_title() == "Letters"


def test_the_overlay_copies_the_colour_under_the_pointer_for_every_program(
    told: SwaySession, server: DemoServer
) -> None:
    told.sway("output", "HEADLESS-1", "bg", "#12abef", "solid_color")
    with running_program(told, server):
        told.sway("workspace", "3")
        told.wait_for(lambda: told.picture_of(1).getpixel((300, 300)) == (0x12, 0xAB, 0xEF), what="it is not blue")
        do_action(told, "region")
        told.wait_for(lambda: told.fullscreen_windows() == 1, what="the overlay did not come")
        told.settle_overlay(Point(300, 300))
        told.keys("c")
        told.wait_for(lambda: told.clipboard_text() == "#12ABEF", what="the colour is not on the clipboard")
        told.keys("Escape")
        told.wait_for(lambda: told.fullscreen_windows() == 0, what="the overlay stayed")


@pytest.mark.parametrize("copied", [b"a secret", b""])
def test_a_clipboard_without_a_picture_is_told_of(told: SwaySession, server: DemoServer, copied: bytes) -> None:
    if copied:
        told.set_clipboard(copied)
    with running_program(told, server):
        start_typing_elsewhere(told)
        do_action(told, "clipboard")
        told.wait_for(lambda: "The clipboard holds no picture" in told.notifications(), what="not a word")
        assert "a secret" not in told.notifications()
        assert told.focused_title() == "Letters"
        assert not server.images()


def encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
