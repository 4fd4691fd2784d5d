"""A monitor comes or goes while the person chooses: said, not silent, and the next capture is right."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.geometry import Point, Rect
from app.demo import DemoServer
from tests.desktop.running import RunningProgram, pixels, running_program
from tests.desktop.session import DesktopSession


@pytest.fixture
def program(full_desktop: DesktopSession) -> Iterator[RunningProgram]:
    with DemoServer() as server, running_program(full_desktop, server) as running:
        yield running


def test_monitors_that_go_and_come_while_choosing_end_it_with_a_word(program: RunningProgram) -> None:
    desktop = program.desktop
    picture = desktop.paint_pattern()
    desktop.xdotool("key", "ctrl+shift+4")
    program.wait_for_overlay()
    desktop.run(["xrandr", "--delmonitor", "MONITOR-2"])
    desktop.wait_for(lambda: not program.overlay_windows(), what="the overlay stayed")
    desktop.wait_for(
        lambda: "A monitor was plugged in" in desktop.notifications(), what="nobody said why the overlay went"
    )
    assert program.server.commits == 0
    # What is left is captured as it is now.
    desktop.monitors = desktop.monitors[:1]
    program.capture_region(Point(101, 203), Point(420, 442))
    program.wait_for_link()
    assert program.uploaded_picture().tobytes() == pixels(picture, Rect(101, 203, 320, 240))
    desktop.wait_for(lambda: not program.overlay_windows(), what="the overlay stayed")
    # And one that comes, likewise: the overlay never covers half of what there is.
    link = desktop.clipboard_text()
    desktop.xdotool("key", "ctrl+shift+4")
    program.wait_for_overlay()
    desktop.run(["xrandr", "--setmonitor", "MONITOR-2", "1280/339x800/212+1280+0", "none"])
    desktop.wait_for(lambda: not program.overlay_windows(), what="the overlay stayed")
    desktop.monitors = (*desktop.monitors, Rect(1280, 0, 1280, 800))
    program.capture_region(Point(1180, 300), Point(1379, 399))
    program.wait_for_link(before=link)
    assert program.uploaded_picture().tobytes() == pixels(picture, Rect(1180, 300, 200, 100))
