"""A delayed capture on a real desktop: the countdown is seen, can be taken back, and is in no picture."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from PIL import Image

from app.core.geometry import Rect
from app.demo import DemoServer
from tests.desktop.running import RunningProgram, running_program
from tests.desktop.session import DesktopSession
from tests.desktop.x11 import ShownWindow


@pytest.fixture
def program(full_desktop: DesktopSession) -> Iterator[RunningProgram]:
    folder = full_desktop.home / ".config/imglink"
    folder.mkdir(mode=0o700, parents=True)
    (folder / "settings.json").write_text(json.dumps({"version": 1, "capture": {"delay_s": 2}}), encoding="ascii")
    with DemoServer() as server, running_program(full_desktop, server) as running:
        yield running


def countdown(program: RunningProgram) -> ShownWindow | None:
    return next((window for window in program.desktop.windows() if window.title == "ImgLink capture"), None)


def test_the_countdown_takes_no_focus_and_is_in_no_picture(program: RunningProgram) -> None:
    desktop = program.desktop
    picture = desktop.paint_pattern()
    desktop.open_window("Letters", Rect(300, 560, 240, 160), Image.new("RGB", (240, 160), "orange"))
    desktop.wait_for(lambda: desktop.active_window() == desktop.window("Letters").id, what="no focus")
    desktop.xdotool("key", "ctrl+shift+3")
    shown = desktop.wait_for(lambda: countdown(program), what="no countdown came")
    assert shown is not None
    assert desktop.active_window() == desktop.window("Letters").id
    program.wait_for_link()
    place = shown.rect_px
    box = (place.x, place.y, place.right, place.bottom)
    assert program.uploaded_picture().crop(box).tobytes() == picture.crop(box).tobytes()


def test_the_same_key_takes_it_back(program: RunningProgram) -> None:
    desktop = program.desktop
    desktop.xdotool("key", "ctrl+shift+3")
    desktop.wait_for(lambda: countdown(program), what="no countdown came")
    desktop.xdotool("key", "ctrl+shift+3")
    desktop.wait_for(lambda: countdown(program) is None, what="the countdown stayed")
    # The next press counts anew, and only that one becomes a picture.
    desktop.xdotool("key", "ctrl+shift+3")
    program.wait_for_link()
    assert program.server.commits == 1
