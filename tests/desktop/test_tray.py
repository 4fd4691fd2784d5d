"""The tray icon in a real panel, and the windows beside it under a real window manager."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.geometry import Point, Rect
from tests.desktop.processes import Process
from tests.desktop.session import DesktopSession, desktop_session
from tests.desktop.x11 import ShownWindow

ROOT = Path(__file__).parents[2]
TITLE = "ImgLink"


@pytest.fixture
def session(request: pytest.FixtureRequest) -> Iterator[DesktopSession]:
    with desktop_session() as made:
        yield made
        request.node.add_report_section("teardown", "desktop", made.describe())


def start(session: DesktopSession, *arguments: str) -> Process:
    process = session.spawn(
        [sys.executable, "-m", "tests.desktop.windows_app", *arguments], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    session.wait_for(lambda: "ready" in process.stdout, 20, what="the program did not start")
    return process


def said(process: Process) -> list[list[object]]:
    return [json.loads(line) for line in process.stdout.splitlines(keepends=True) if line.endswith("\n")]


def find_icon(session: DesktopSession) -> Point:
    """The middle of the icon, by its colour in the panel."""

    def blue() -> Rect | None:
        panel = session.screenshot(Rect(session.monitors[0].width - 160, 0, 160, 26))
        pixels = panel.convert("RGB").tobytes()
        found = [
            (index // 3 % panel.width, index // 3 // panel.width)
            for index in range(0, len(pixels), 3)
            if pixels[index + 2] > 150 and pixels[index + 2] - pixels[index] > 80
        ]
        if len(found) < 50:
            return None
        columns, rows = [x for x, _ in found], [y for _, y in found]
        left = session.monitors[0].width - 160 + min(columns)
        return Rect(left, min(rows), max(columns) - min(columns) + 1, max(rows) - min(rows) + 1)

    rect = session.wait_for(blue, what="no icon in the panel")
    assert rect is not None
    return Point(rect.x + rect.width // 2, rect.y + rect.height // 2)


def opened(session: DesktopSession) -> ShownWindow | None:
    return next((window for window in session.windows() if window.title == TITLE and window.rect_px.width > 200), None)


def test_the_icon_survives_a_panel_that_comes_late_dies_and_returns(session: DesktopSession) -> None:
    process = start(session)
    assert said(process)[0] == ["ready", False]
    for _ in range(2):
        panel = session.start_tray()
        icon = find_icon(session)
        session.click(icon.x, icon.y)
        session.wait_for(lambda: opened(session), what="a click did not open the window")
        session.wait_for(lambda: session.active_window() == opened_id(session), what="the window is not in front")
        session.xdotool("key", "Escape")
        session.wait_for(lambda: opened(session) is None, what="Esc did not close the window")
        panel.stop()
        session.wait_for(lambda: not session.has_tray(), what="the panel did not go")
        assert process.is_running


def opened_id(session: DesktopSession) -> int | None:
    window = opened(session)
    return None if window is None else window.id


def test_the_window_opens_beside_the_icon_and_inside_the_screen(session: DesktopSession) -> None:
    session.start_tray()
    start(session)
    icon = find_icon(session)
    session.click(icon.x, icon.y)
    window = session.wait_for(lambda: opened(session), what="a click did not open the window")
    assert window is not None
    assert session.monitors[0].encloses(window.rect_px)
    assert window.rect_px.y < 200
    assert window.rect_px.right > session.monitors[0].right - 100


def test_the_menu_captures(session: DesktopSession) -> None:
    session.start_tray()
    process = start(session)
    icon = find_icon(session)
    before = session.windows()
    session.click(icon.x, icon.y, button=3)
    session.wait_for(lambda: len(session.windows()) > len(before), what="no menu")
    # Down to “Capture”, into it, down to “Capture whole screen”.
    session.xdotool("key", "--delay", "60", "Down", "Down", "Right", "Down", "Return")
    session.wait_for(lambda: ["capture", "screen"] in said(process), what="the menu did not capture")


def test_the_card_leaves_the_focus_where_it_is(session: DesktopSession) -> None:
    # Openbox loses a window that is mapped in its first moments; by the time this program runs, they are over.
    start(session)
    session.open_window("editor", Rect(100, 100, 300, 200))
    editor = session.window("editor")
    session.click(200, 200)
    session.wait_for(lambda: session.active_window() == editor.id, what="the editor has no focus")
    process = start(session, "--card")
    card = session.window("ImgLink upload")
    assert session.active_window() == editor.id
    assert card.rect_px.right > session.monitors[0].right - 60
    session.click(card.rect_px.x + 135, card.rect_px.bottom - 24)
    session.wait_for(lambda: ["copy", "a"] in said(process), what="the card's button did nothing")
    assert session.active_window() == editor.id
