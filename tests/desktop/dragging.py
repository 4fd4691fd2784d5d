"""Dragging with the mouse from another program into a window of ours, and out of one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from Xlib.display import Display

from app.core.geometry import Point
from tests.desktop.offer import TITLE as OFFER_TITLE
from tests.desktop.processes import Process
from tests.desktop.receive import TITLE as RECEIVE_TITLE
from tests.desktop.session import DesktopSession

ROOT = Path(__file__).parents[2]


def drag_into(desktop: DesktopSession, title: str, *arguments: str) -> Process:
    """Start `tests.desktop.offer` with `arguments` and drag what it offers into the window with this title."""
    process = desktop.spawn(
        [sys.executable, "-m", "tests.desktop.offer", *arguments], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    source, target = desktop.window(OFFER_TITLE), desktop.window(title)
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


def drag_out(desktop: DesktopSession, begin: Point) -> tuple[list[str], str]:
    """Drag what is at `begin` into `tests.desktop.receive`; returns the addresses and the text that came."""
    process = desktop.spawn([sys.executable, "-m", "tests.desktop.receive"], cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    target = desktop.window(RECEIVE_TITLE).rect_px
    desktop.xdotool("mousemove", begin.x, begin.y, "mousedown", 1)
    try:
        # As far as a hand has to move until it is no click any more.
        for step in range(1, 6):
            desktop.xdotool("mousemove", begin.x + 5 * step, begin.y + 5 * step)
        desktop.wait_for(lambda: _is_dragging(desktop), what="no drag began")
        end = Point(target.x + target.width // 2, target.y + target.height // 2)
        desktop.xdotool("mousemove", end.x, end.y)
        desktop.wait_for(lambda: _is_over(desktop, process, end), what="the target did not notice the drag")
    finally:
        desktop.xdotool("mouseup", 1)
    _, action, urls, text = desktop.wait_for(lambda: _said(process, "dropped"), what="nothing was dropped")
    assert action == "CopyAction"
    process.stop()
    return urls, text


def _is_dragging(desktop: DesktopSession) -> bool:
    display = Display(desktop.display)
    try:
        return bool(display.get_selection_owner(display.intern_atom("XdndSelection")))
    finally:
        display.close()


def _is_over(desktop: DesktopSession, process: Process, end: Point) -> bool:
    # A hand is never quite still.
    desktop.xdotool("mousemove", end.x + 1, end.y, "mousemove", end.x, end.y)
    return bool(_said(process, "entered"))


def _said(process: Process, what: str) -> Any:
    lines = [json.loads(line) for line in process.stdout.splitlines(keepends=True) if line.endswith("\n")]
    return next((line for line in lines if line[0] == what), None)
