"""The desktop file that the program writes where nobody has installed one."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from app.system.desktop_entry import ENTRY, ICON, SERVICE, find_entry, keep_entry

COMMAND = ("/opt/my tools/imglink", "--x=100%", 'a"b', "c\\d", "$HOME", "it's")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_DATA_HOME": str(tmp_path / "own"), "XDG_DATA_DIRS": f"{tmp_path / 'all'}:relative"}


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def exec_lines(path: Path) -> list[str]:
    return [line.removeprefix("Exec=") for line in path.read_text().splitlines() if line.startswith("Exec=")]


def test_all_is_written_once_for_this_user_alone(environ: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "own"
    assert find_entry(environ, home=tmp_path) is None
    assert keep_entry(environ, ["/venv/bin/imglink"], home=tmp_path)
    assert written(tmp_path) == sorted(f"own/{name}" for name in (ENTRY, SERVICE, ICON))
    assert find_entry(environ, home=tmp_path) == own / ENTRY
    assert all((own / name).stat().st_mode & 0o077 == 0 for name in (ENTRY, SERVICE, ICON))
    before = {name: (own / name).stat().st_ino for name in (ENTRY, SERVICE, ICON)}
    assert not keep_entry(environ, ["/venv/bin/imglink"], home=tmp_path)
    assert {name: (own / name).stat().st_ino for name in before} == before
    lines = exec_lines(own / ENTRY)
    assert lines[:2] == ["/venv/bin/imglink", "/venv/bin/imglink capture region --copy"]
    assert lines[-1] == "/venv/bin/imglink quit"
    done = subprocess.run(["desktop-file-validate", own / ENTRY], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_follows_the_program_to_another_place(environ: dict[str, str], tmp_path: Path) -> None:
    keep_entry(environ, ["/old/imglink"], home=tmp_path)
    assert keep_entry(environ, COMMAND, home=tmp_path)
    [line] = exec_lines(tmp_path / "own" / SERVICE)
    assert tuple(shlex.split(line.replace("\\\\", "\\"))) == COMMAND
    assert "/old/" not in (tmp_path / "own" / ENTRY).read_text()


@pytest.mark.parametrize("name", [ENTRY, SERVICE])
def test_what_others_wrote_stays(environ: dict[str, str], tmp_path: Path, name: str) -> None:
    theirs = tmp_path / "own" / name
    theirs.parent.mkdir(parents=True)
    theirs.write_text("[Desktop Entry]\nExec=my-own imglink\n")
    keep_entry(environ, COMMAND, home=tmp_path)
    assert theirs.read_text() == "[Desktop Entry]\nExec=my-own imglink\n"
    # A desktop file of the person's own starts the program as they like.
    assert (tmp_path / "own" / SERVICE).exists() == (name == SERVICE)


def test_what_a_package_brings_takes_the_place_of_ours(environ: dict[str, str], tmp_path: Path) -> None:
    keep_entry(environ, COMMAND, home=tmp_path)
    installed = tmp_path / "all" / ENTRY
    installed.parent.mkdir(parents=True)
    installed.write_text("[Desktop Entry]\nExec=imglink\n")
    assert keep_entry(environ, COMMAND, home=tmp_path)
    assert written(tmp_path / "own") == [ICON]
    assert not keep_entry(environ, COMMAND, home=tmp_path)
    assert find_entry(environ, home=tmp_path) == installed


def test_a_list_of_folders_that_names_our_own_changes_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    environ = {**environ, "XDG_DATA_DIRS": environ["XDG_DATA_HOME"]}
    assert keep_entry(environ, COMMAND, home=tmp_path)
    assert not keep_entry(environ, COMMAND, home=tmp_path)
    assert (tmp_path / "own" / ENTRY).exists()


def test_where_nothing_can_be_written_nothing_happens(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "own").touch()
    assert not keep_entry(environ, COMMAND, home=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_without_variables_it_is_below_the_home_folder(tmp_path: Path) -> None:
    assert keep_entry({"XDG_DATA_DIRS": str(tmp_path / "none")}, COMMAND, home=tmp_path)
    assert (tmp_path / ".local/share" / ENTRY).is_file()
