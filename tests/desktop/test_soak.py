"""Fifty captures in a row, as a person makes them: fifty links, fifty images, and nothing that grows with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.geometry import Point, Rect
from app.demo import DemoServer
from tests.desktop.running import RunningProgram, pixels, running_program
from tests.desktop.session import DesktopSession

WARM_UP = 10
CAPTURES = 50
MORE_KB = 32 * 1024
"""A frozen desktop of this size is 8 MB: one that is kept of every capture would be 320 MB in the end."""
MORE_DESCRIPTORS = 2


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
            descriptors, memory_kb = _descriptors(program), _memory_kb(program)
    assert len(set(links)) == CAPTURES
    assert links == [f"{server.base_url}/i/{image.id}" for image in server.images()]
    for number, rect in enumerate(rects):
        assert program.uploaded_picture(number).tobytes() == pixels(picture, rect)
    # What the last of them still holds, it lets go of.
    desktop.wait_for(
        lambda: _descriptors(program) <= descriptors + MORE_DESCRIPTORS,
        what=f"{descriptors} descriptors have become {_descriptors(program)}",
    )
    desktop.wait_for(
        lambda: _memory_kb(program) < memory_kb + MORE_KB,
        what=f"{memory_kb} kB have become {_memory_kb(program)}",
    )


def _descriptors(program: RunningProgram) -> int:
    return len(list(Path(f"/proc/{program.process.pid}/fd").iterdir()))


def _memory_kb(program: RunningProgram) -> int:
    """What is the program's own share of all memory (PSS)."""
    rollup = Path(f"/proc/{program.process.pid}/smaps_rollup").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
