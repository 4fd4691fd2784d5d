"""Fifty captures in a row, as a person makes them: fifty links, fifty images, and nothing that grows with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.geometry import Point
from app.demo import DemoServer
from tests.desktop.running import RunningProgram, running_program
from tests.desktop.session import DesktopSession
from tests.desktop.soak import Soak


@pytest.fixture
def program(full_desktop: DesktopSession) -> Iterator[RunningProgram]:
    with DemoServer() as server, running_program(full_desktop, server) as running:
        yield running


def test_fifty_captures_in_a_row_leave_nothing_behind(program: RunningProgram) -> None:
    picture = program.desktop.paint_pattern()
    # On the second monitor, away from cards and notifications, which come above everything else.
    soak = Soak(program, 1400)
    for rect in soak.rects:
        program.capture_region(rect.top_left, Point(rect.right - 1, rect.bottom - 1))
        soak.taken(program.wait_for_link(before=soak.links[-1] if soak.links else ""))
    soak.check(picture)
