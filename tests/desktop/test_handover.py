"""Commands beside the running application: handed over, and what happens when it goes away meanwhile."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.core.geometry import Point, Rect
from app.demo import DemoServer
from tests.desktop.processes import Process
from tests.desktop.running import PROGRAM, RunningProgram, pixels, program_environment, running_program
from tests.desktop.session import DesktopSession

TITLE = "ImgLink"
_HEAVY = ("asyncio", "httpx", "sqlite3", "PySide6", "argparse", "dataclasses", "pathlib")
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
    images = program.server.images()
    assert process.stdout.splitlines() == [f"{program.server.base_url}/cdn/{image.id}.png" for image in images]
    assert len(images) == 2
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
