"""Commands beside the running application: handed over, and what happens when it goes away meanwhile."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.core.geometry import Point, Rect
from app.demo import DEMO_API_KEY, DemoServer, Fault
from tests.desktop.processes import Process
from tests.desktop.running import PROGRAM, READY, RunningProgram, pixels, program_environment, running_program
from tests.desktop.session import DesktopSession

TITLE = "ImgLink"
UPLOAD = "/api/v1/upload"
_HEAVY = ("asyncio", "httpx", "sqlite3", "PySide6", "argparse", "dataclasses", "pathlib", "typing")
"""Modules that a command which is handed over has no time for."""


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def program(full_desktop: DesktopSession, server: DemoServer) -> Iterator[RunningProgram]:
    with running_program(full_desktop, server) as running:
        yield running


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a picture.png"
    Image.new("RGB", (40, 30), "teal").save(path)
    return path


def command(program: RunningProgram, *words: str, environ: dict[str, str] | None = None) -> Process:
    """Start a command beside the program, with the same server."""
    return program.desktop.spawn([*PROGRAM, *words], env={**program_environment(program.server), **(environ or {})})


def states(desktop: DesktopSession, environ: dict[str, str]) -> list[str]:
    """What `imglink queue` says of each that is not done."""
    process = desktop.spawn([*PROGRAM, "queue", "--json"], env=environ)
    assert process.wait() == 0, process.describe()
    return [each["state"] for each in json.loads(process.stdout)["uploads"]]


def sending(server: DemoServer) -> int:
    """How many uploads the server has seen, answered or not."""
    return sum(request.path == UPLOAD for request in server.requests)


def imported_by(process: Process) -> set[str]:
    """What a process run with PYTHONPROFILEIMPORTTIME has imported."""
    lines = [line for line in process.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip() for line in lines}


def test_a_second_start_raises_the_first_and_ends(program: RunningProgram) -> None:
    second = command(program)
    assert second.wait() == 0, second.describe()
    assert (second.stdout, second.stderr) == ("", "")
    window = program.desktop.wait_for(lambda: program.desktop.window(TITLE), what="the window did not come")
    assert window.pid == program.process.pid


def test_an_upload_is_handed_over_with_what_the_shell_made_of_it(program: RunningProgram, picture: Path) -> None:
    odd = picture.parent / "\udcff.png"
    odd.write_bytes(picture.read_bytes())
    process = program.desktop.spawn(
        [*PROGRAM, "upload", "--link", "direct", picture.name, odd.name, "missing.png"],
        env={**program_environment(program.server), "PYTHONPROFILEIMPORTTIME": "1"},
        cwd=picture.parent,
    )
    assert process.wait() == 1
    # Two are sent at once, and either may arrive first.
    links = {f"{program.server.base_url}/cdn/{image.id}.png" for image in program.server.images()}
    assert len(links) == 2
    assert set(process.stdout.splitlines()) == links
    assert "missing.png" in process.stderr
    assert not imported_by(process) & set(_HEAVY)


def test_captures_are_handed_over(program: RunningProgram) -> None:
    desktop = program.desktop
    shown = desktop.paint_pattern()
    process = desktop.spawn(
        [*PROGRAM, "capture", "--geometry", "10,200,64,48", "--save", "shot.png", "--json"],
        env={**program_environment(program.server), "PYTHONPROFILEIMPORTTIME": "1"},
    )
    assert process.wait() == 0, process.describe()
    (result,) = json.loads(process.stdout)
    assert (result["file"], result["width"], result["height"]) == ("shot.png", 64, 48)
    assert not imported_by(process) & set(_HEAVY)
    with Image.open(desktop.home / "shot.png") as saved:
        assert saved.convert("RGB").tobytes() == pixels(shown, Rect(10, 200, 64, 48))
    assert program.uploaded_picture().tobytes() == pixels(shown, Rect(10, 200, 64, 48))


def test_a_region_is_chosen_on_the_applications_overlay(program: RunningProgram) -> None:
    shown = program.desktop.paint_pattern()
    process = command(program, "capture")
    program.wait_for_overlay()
    program.desktop.drag(Point(101, 203), Point(420, 442))
    assert process.wait() == 0, process.describe()
    assert process.stdout == f"{program.server.base_url}/i/{program.server.images()[-1].id}\n"
    assert program.uploaded_picture().tobytes() == pixels(shown, Rect(101, 203, 320, 240))


def test_giving_up_a_capture_takes_the_overlay_away(program: RunningProgram) -> None:
    process = command(program, "capture")
    program.wait_for_overlay()
    refused = command(program, "capture", "screen")
    assert refused.wait() == 1
    assert "Another capture is under way" in refused.stderr
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130, process.describe()
    assert (process.stdout, process.stderr) == ("", "")
    program.desktop.wait_for(lambda: not program.overlay_windows(), what="the overlay stayed")
    assert program.server.commits == 0


@pytest.mark.parametrize("changed", [{"IMGLINK_API_KEY": "ilk_another"}, {"XDG_DATA_HOME": "/tmp"}])
def test_what_is_meant_for_another_account_or_folder_is_not_handed_over(
    program: RunningProgram, picture: Path, changed: dict[str, str], tmp_path: Path
) -> None:
    changed = {name: str(tmp_path) if name.startswith("XDG") else value for name, value in changed.items()}
    process = command(program, "upload", str(picture), environ={**changed, "PYTHONPROFILEIMPORTTIME": "1"})
    process.wait()
    assert {"asyncio", "httpx"} <= imported_by(process)


def test_the_queue_is_shown_paused_and_emptied_from_outside(program: RunningProgram, picture: Path) -> None:
    assert command(program, "pause").wait() == 0
    left = command(program, "upload", "--no-wait", "--json", str(picture))
    assert left.wait() == 0, left.describe()
    (result,) = json.loads(left.stdout)
    shown = command(program, "queue", "--json")
    assert shown.wait() == 0, shown.describe()
    listed = json.loads(shown.stdout)
    assert (listed["mode"], [each["upload"] for each in listed["uploads"]]) == ("paused", [result["upload"]])
    assert program.server.commits == 0
    assert command(program, "resume").wait() == 0
    program.desktop.wait_for(lambda: program.server.commits == 1, what="the upload did not go on")


def test_wrong_usage_is_told_as_ever(program: RunningProgram) -> None:
    process = command(program, "capture", "sideways")
    assert process.wait() == 2
    assert "sideways" in process.stderr
    assert "Try “imglink" in process.stderr


def test_ctrl_c_withdraws_what_the_application_has_not_sent(program: RunningProgram, picture: Path) -> None:
    # The two that are sent at once are out, but for their answers; the third waits for its turn.
    program.server.faults.add(Fault.slow(30).on("POST", UPLOAD, times=2))
    process = command(program, "upload", str(picture), str(picture), str(picture))
    program.desktop.wait_for(lambda: sending(program.server) == 2, what="nothing was sent")
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130, process.describe()
    assert "Traceback" not in process.stderr
    assert states(program.desktop, program_environment(program.server)) == ["uncertain", "uncertain"]


def test_a_killed_application_leaves_the_command_with_a_clear_end(
    full_desktop: DesktopSession, server: DemoServer, picture: Path
) -> None:
    environ = program_environment(server) | {"IMGLINK_API_KEY": DEMO_API_KEY}
    application = full_desktop.spawn(PROGRAM, env=environ)
    application.wait_for_output(READY, 30)
    server.faults.add(Fault.slow(30).on("POST", UPLOAD, times=2))
    process = full_desktop.spawn([*PROGRAM, "upload", *[str(picture)] * 3], env=environ)
    full_desktop.wait_for(lambda: sending(server) == 2, what="nothing was sent")
    full_desktop.wait_for(lambda: len(states(full_desktop, environ)) == 3, what="the third was not queued")
    application.send_signal(signal.SIGKILL)
    assert process.wait(5) == 1, process.describe()
    assert process.stderr.startswith("imglink: ImgLink ended unexpectedly before this was done.")
    assert process.stderr.count("\n") == 1
    # Its socket is still there. Commands do without it, and the next start takes its place.
    alone = full_desktop.spawn([*PROGRAM, "capture", "screen"], env=environ)
    assert alone.wait() == 0, alone.describe()
    again = full_desktop.spawn(PROGRAM, env=environ)
    again.wait_for_output(READY, 30)
    # What was not sent goes out now, and what may be there already does not.
    full_desktop.wait_for(lambda: server.commits == 2, what="the third upload was not taken up again")
    handed = full_desktop.spawn([*PROGRAM, "queue"], env={**environ, "PYTHONPROFILEIMPORTTIME": "1"})
    assert handed.wait() == 0
    assert not imported_by(handed) & set(_HEAVY)
    assert again.stop(10) == 0, again.describe()


def test_quitting_tells_the_command_that_waits_and_frees_the_place(
    full_desktop: DesktopSession, server: DemoServer, picture: Path
) -> None:
    environ = program_environment(server) | {"IMGLINK_API_KEY": DEMO_API_KEY}
    application = full_desktop.spawn(PROGRAM, env=environ)
    application.wait_for_output(READY, 30)
    server.faults.add(Fault.slow(30).on("POST", UPLOAD, times=2))
    first = full_desktop.spawn([*PROGRAM, "upload", str(picture), str(picture)], env=environ)
    full_desktop.wait_for(lambda: sending(server) == 2, what="nothing was sent")
    process = full_desktop.spawn([*PROGRAM, "capture", "screen", "--save", "shot.png"], env=environ)
    # Saved after it is queued, behind the two.
    full_desktop.wait_for((full_desktop.home / "shot.png").exists, what="nothing was captured")
    leaving = full_desktop.spawn([*PROGRAM, "quit"], env=environ)
    assert leaving.wait(15) == 0, leaving.describe()
    assert application.wait(5) == 0, application.describe()
    for each in (first, process):
        assert each.wait(5) == 1, each.describe()
        assert "ImgLink was quit before this was done" in each.stderr
    # The capture is not lost: it waits for the next start.
    assert states(full_desktop, environ) == ["uncertain", "uncertain", "queued"]


def test_an_application_that_hangs_does_not_hang_the_command(program: RunningProgram, picture: Path) -> None:
    program.process.send_signal(signal.SIGSTOP)
    try:
        process = command(program, "upload", str(picture))
        assert process.wait(15) == 0, process.describe()
    finally:
        program.process.send_signal(signal.SIGCONT)
    assert "does not answer" in process.stderr
    assert len(process.stdout.splitlines()) == 1
    assert program.server.commits == 1
