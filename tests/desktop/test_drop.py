"""Real drag and drop and paste, out of other programs into the tray window."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

from app.core.geometry import Point
from tests.desktop.offer import TITLE as OFFER_TITLE
from tests.desktop.processes import Process
from tests.desktop.session import DesktopSession
from tests.desktop.test_tray import ROOT, TITLE, said, start

NAMES = ("f one.png", "Ünïcödé #1?.png", "a%20&b.png")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    Image.new("RGB", (5, 4), "red").save(path)
    return path


def drag_from(desktop: DesktopSession, *arguments: str) -> Process:
    process = desktop.spawn(
        [sys.executable, "-m", "tests.desktop.offer", *arguments], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    source, target = desktop.window(OFFER_TITLE), desktop.window(TITLE)
    # Each step gives the two programs time to talk, as a hand does.
    begin = Point(source.rect_px.x + 100, source.rect_px.y + 100)
    end = Point(target.rect_px.x + target.rect_px.width // 2, target.rect_px.y + 220)
    desktop.xdotool("mousemove", begin.x, begin.y, "mousedown", 1)
    steps = 8
    for step in range(1, steps + 1):
        x = begin.x + (end.x - begin.x) * step // steps
        y = begin.y + (end.y - begin.y) * step // steps
        desktop.xdotool("mousemove", x, y, "sleep", "0.05")
    desktop.xdotool("mousemove_relative", 3, 3, "sleep", "0.1", "mouseup", 1)
    return process


def test_several_files_with_odd_names_are_dropped_as_copies(desktop: DesktopSession, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in NAMES]
    for path in paths:
        path.write_bytes(b"x")
    program = start(desktop, "--window")
    source = drag_from(desktop, "files", *map(str, paths))
    desktop.wait_for(lambda: ["files", *map(str, paths)] in said(program), what="the files did not arrive")
    desktop.wait_for(lambda: "dropped CopyAction" in source.stdout, what="the sender may think its files were moved")


def test_a_picture_dragged_with_its_address_arrives_as_a_picture(desktop: DesktopSession, picture: Path) -> None:
    program = start(desktop, "--window")
    drag_from(desktop, "picture", str(picture))
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
