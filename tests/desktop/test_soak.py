"""Fifty captures in a row, as a person makes them: fifty links, fifty images, and nothing that grows with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.geometry import Point, Rect
from app.demo import DemoServer
from tests.desktop.running import RunningProgram, pixels, running_program
from tests.desktop.session import DesktopSession
from tests.desktop.soak_limits import CAPTURES, MORE_DESCRIPTORS, MORE_KB, WARM_UP


@pytest.fixture
def program(full_desktop: DesktopSession) -> Iterator[RunningProgram]:
    with DemoServer() as server, running_program(full_desktop, server) as running:
        yield running


def test_fifty_captures_in_a_row_leave_nothing_behind(program: RunningProgram) -> None:
    desktop, server = program.desktop, program.server
    picture = desktop.paint_pattern()
    # On the second monitor, away from cards and notifications, which come above everything else.
    rects = [Rect(1400 + 11 * number, 150 + 3 * number, 400, 300) for number in range(CAPTURES)]
    links: list[str] = []
    descriptors, memory_kb = 0, 0
    for rect in rects:
        program.capture_region(rect.top_left, Point(rect.right - 1, rect.bottom - 1))
        links.append(program.wait_for_link(before=links[-1] if links else ""))
        if len(links) == WARM_UP:
            descriptors, memory_kb = program.descriptors(), program.memory_kb()
    assert len(set(links)) == CAPTURES
    assert links == [f"{server.base_url}/i/{image.id}" for image in server.images()]
    for number, rect in enumerate(rects):
        assert program.uploaded_picture(number).tobytes() == pixels(picture, rect)
    # What the last of them still holds, it lets go of.
    desktop.wait_for(
        lambda: program.descriptors() <= descriptors + MORE_DESCRIPTORS,
        what=f"{descriptors} descriptors have become {program.descriptors()}",
    )
    desktop.wait_for(
        lambda: program.memory_kb() < memory_kb + MORE_KB,
        what=f"{memory_kb} kB have become {program.memory_kb()}",
    )
