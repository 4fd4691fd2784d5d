"""Dragging with the mouse from another program into a window of ours."""

from __future__ import annotations

import sys
from pathlib import Path

from app.core.geometry import Point
from tests.desktop.offer import TITLE as OFFER_TITLE
from tests.desktop.processes import Process
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
