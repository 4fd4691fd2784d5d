"""What `sh packaging/dev.sh run` and `shots` do, done."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

PACKAGING = Path(__file__).parents[2] / "packaging"


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def test_a_run_without_a_display_shows_one_capture_from_key_to_link(tmp_path: Path) -> None:
    picture = tmp_path / "screen.png"
    command = [sys.executable, str(PACKAGING / "virtual_run.py"), str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "this runs on a virtual one" in done.stdout
    assert re.search(r"^The link on the clipboard: http://127\.0\.0\.1:\d+/", done.stdout, re.MULTILINE)
    assert size_of(picture) == (1280, 800)


def test_a_run_that_fails_says_why_and_shows_the_screen(tmp_path: Path) -> None:
    picture = tmp_path / "screen.png"
    script = "import sys, virtual_run; virtual_run.PROGRAM = ['false']; sys.exit(virtual_run.main(sys.argv[1:]))"
    command = [sys.executable, "-c", script, str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, cwd=PACKAGING)
    assert done.returncode == 1
    assert "It did not work: ended without printing" in done.stderr
    assert size_of(picture) == (1280, 800)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [(["--help"], 0, "usage: sh packaging/dev.sh run"), (["screen"], 2, "let it end in .png")],
)
def test_a_run_explains_itself_and_refuses_what_is_no_picture_before_it_starts(
    arguments: list[str], code: int, says: str
) -> None:
    command = [sys.executable, str(PACKAGING / "virtual_run.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == code
    assert says in done.stdout + done.stderr
    assert "virtual one" not in done.stdout


def test_every_window_has_its_pictures(tmp_path: Path) -> None:
    command = [sys.executable, str(PACKAGING / "shots.py"), "--into", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    names = {path.name for path in tmp_path.glob("*.png")}
    for window in ("tray-window-first", "tray-window-busy", "card-copied", "settings-account", "settings-hotkeys"):
        assert {f"{window}-{look}-{scale}x.png" for look in ("light", "dark") for scale in (1, 2)} <= names
    width, height = size_of(tmp_path / "card-copied-light-1x.png")
    assert size_of(tmp_path / "card-copied-light-2x.png") == (width * 2, height * 2)
