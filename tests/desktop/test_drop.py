"""Real drag and drop and paste, out of other programs into the tray window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.desktop.dragging import drag_into
from tests.desktop.session import DesktopSession
from tests.desktop.test_tray import TITLE, said, start

NAMES = ("f one.png", "Ünïcödé #1?.png", "a%20&b.png")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.new("RGB", (5, 4), "red").save(path)
    return path


def test_several_files_with_odd_names_are_dropped_as_copies(desktop: DesktopSession, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in NAMES]
    for path in paths:
        path.write_bytes(b"x")
    program = start(desktop, "--window")
    source = drag_into(desktop, TITLE, "files", *map(str, paths))
    desktop.wait_for(lambda: ["files", *map(str, paths)] in said(program), what="the files did not arrive")
    desktop.wait_for(lambda: "dropped CopyAction" in source.stdout, what="the sender may think its files were moved")


def test_a_picture_dragged_with_its_address_arrives_as_a_picture(desktop: DesktopSession, picture: Path) -> None:
    program = start(desktop, "--window")
    drag_into(desktop, TITLE, "picture", str(picture))
    expected = ["image", picture.read_bytes().hex()]
    desktop.wait_for(lambda: expected in said(program), what="the picture did not arrive")


def test_a_picture_that_another_program_copied_can_be_pasted(desktop: DesktopSession, picture: Path) -> None:
    program = start(desktop, "--window")
    desktop.set_clipboard(picture.read_bytes(), "image/png")
    window = desktop.window(TITLE)
    desktop.wait_for(lambda: desktop.active_window() == window.id, what="the window is not in front")
    desktop.xdotool("key", "ctrl+v")
    expected = ["image", picture.read_bytes().hex()]
    desktop.wait_for(lambda: expected in said(program), what="the picture was not pasted")
