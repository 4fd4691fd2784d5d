"""A link that was copied by the tray application, when that is quit: on X11 nobody else holds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.geometry import Point
from app.demo import DEMO_API_KEY, DemoServer
from tests.desktop.processes import Process
from tests.desktop.running import PROGRAM, READY, RunningProgram, program_environment, skip_welcome
from tests.desktop.session import DesktopSession
from tests.desktop.test_clipboard import keeper_processes


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


def start(desktop: DesktopSession, server: DemoServer) -> Process:
    skip_welcome(desktop)
    process = desktop.spawn(PROGRAM, env={**program_environment(server), "IMGLINK_API_KEY": DEMO_API_KEY})
    process.wait_for_output(READY, 30)
    return process


def test_a_link_outlives_the_application_until_something_else_is_copied(
    desktop: DesktopSession, server: DemoServer
) -> None:
    process = start(desktop, server)
    program = RunningProgram(desktop, server, process, DEMO_API_KEY)
    program.capture_region(Point(500, 100), Point(599, 199))
    link = program.wait_for_link()
    assert process.stop(10) == 0, process.describe()
    assert desktop.clipboard_text() == link
    assert len(keeper_processes(desktop)) == 1
    desktop.set_clipboard(b"something else")
    desktop.wait_for(lambda: not keeper_processes(desktop), what="the keeper stayed")


def test_what_another_program_has_copied_is_left_alone(desktop: DesktopSession, server: DemoServer) -> None:
    process = start(desktop, server)
    program = RunningProgram(desktop, server, process, DEMO_API_KEY)
    program.capture_region(Point(500, 100), Point(599, 199))
    program.wait_for_link()
    desktop.set_clipboard(b"something else")
    assert process.stop(10) == 0, process.describe()
    assert desktop.clipboard_text() == "something else"
    assert keeper_processes(desktop) == []
