"""The command line while the tray application runs: they share the data folder, and nothing is sent twice."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.core.geometry import Point
from app.demo import DEMO_API_KEY, DemoServer, Fault
from tests.desktop.cli import run, start
from tests.desktop.running import PROGRAM, READY, RunningProgram, program_environment, running_program
from tests.desktop.session import DesktopSession

UPLOAD = "/api/v1/upload"


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


def pictures(folder: Path, count: int) -> list[str]:
    paths = [folder / f"{width}.png" for width in range(30, 30 + count)]
    for path in paths:
        Image.new("RGB", (int(path.stem), 20), "teal").save(path)
    return [str(path) for path in paths]


def widths(server: DemoServer) -> list[int]:
    return sorted(image.width or 0 for image in server.images())


def test_both_upload_at_once(full_desktop: DesktopSession, server: DemoServer, tmp_path: Path) -> None:
    with running_program(full_desktop, server) as program:
        server.faults.add(Fault.slow(1.0).on("POST", UPLOAD, times=2))
        command = start(full_desktop, server, "upload", *pictures(tmp_path, 5), key="")
        program.capture_region(Point(101, 203), Point(200, 252))
        link = program.wait_for_link()
        assert command.wait() == 0, command.describe()
        assert command.stderr == ""
        assert len(set(command.stdout.splitlines()) | {link}) == 6
    assert widths(server) == [30, 31, 32, 33, 34, 100]


def test_the_application_starts_while_a_command_has_more_to_send(
    full_desktop: DesktopSession, server: DemoServer, tmp_path: Path
) -> None:
    paths = pictures(tmp_path, 6)
    # Two are on their way and slow, four wait: those the application finds in the outbox they share.
    server.faults.add(Fault.slow(6.0).on("POST", UPLOAD, times=2))
    command = start(full_desktop, server, "upload", *paths)
    full_desktop.wait_for(lambda: len(server.requests) >= 2, what="the command sent nothing")
    application = full_desktop.spawn(PROGRAM, env={**program_environment(server), "IMGLINK_API_KEY": DEMO_API_KEY})
    application.wait_for_output(READY, 30)
    assert command.wait(40) == 0, command.describe()
    assert len(command.stdout.splitlines()) == 6
    assert widths(server) == [30, 31, 32, 33, 34, 35]
    assert server.commits == 6
    assert application.stop(10) == 0, application.describe()


def test_the_command_works_after_the_application_was_killed(
    full_desktop: DesktopSession, server: DemoServer, tmp_path: Path
) -> None:
    server.faults.add(Fault.slow(30).on("POST", UPLOAD))
    application = full_desktop.spawn(PROGRAM, env={**program_environment(server), "IMGLINK_API_KEY": DEMO_API_KEY})
    application.wait_for_output(READY, 30)
    program = RunningProgram(full_desktop, server, application, "")
    program.capture_region(Point(101, 203), Point(200, 252))
    full_desktop.wait_for(lambda: len(server.requests) == 1, what="the capture was not sent")
    application.send_signal(signal.SIGKILL)
    application.wait()
    run(full_desktop, server, "upload", *pictures(tmp_path, 1))
    # The capture of the other process is not this command's to send.
    assert widths(server) == [30]
