from __future__ import annotations

import os
import plistlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.doctor import Part
from app.core.errors import UserFacingError
from app.system.autostart import Autostart, LaunchAgent, XdgAutostart, choose_autostart, named_command, start_command

Make = Callable[..., Autostart]
COMMAND = ("/opt/my tools/imglink", "--x=100%", 'a"b', "c\\d", "$HOME", "`id`")
BOTH = pytest.mark.parametrize("make", [XdgAutostart, LaunchAgent])


@BOTH
def test_it_is_off_until_it_is_turned_on_and_off_again(tmp_path: Path, make: Make) -> None:
    autostart = make(tmp_path / "new" / "entry", COMMAND)
    autostart.turn_off()
    assert not autostart.is_on()
    autostart.turn_on()
    autostart.turn_on()
    assert autostart.is_on()
    assert [path.name for path in autostart.path.parent.iterdir()] == ["entry"]
    autostart.turn_off()
    assert not autostart.is_on()
    assert list(autostart.path.parent.iterdir()) == []


@BOTH
def test_a_folder_that_is_none_is_explained(tmp_path: Path, make: Make) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserFacingError, match="could not be changed") as caught:
        make(tmp_path / "file" / "entry", COMMAND).turn_on()
    assert str(tmp_path / "file") in caught.value.remedy
    assert caught.value.part is Part.AUTOSTART


@BOTH
@pytest.mark.parametrize("data", [b"", b"\xff\xfe nonsense", b"<plist><dict/></plist>"])
def test_a_damaged_agent_is_off_and_can_be_replaced(tmp_path: Path, make: Make, data: bytes) -> None:
    autostart = make(tmp_path / "entry", COMMAND)
    autostart.path.write_bytes(data)
    if make is LaunchAgent:
        assert not autostart.is_on()
    autostart.turn_on()
    assert autostart.is_on()


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_what_a_desktops_settings_switched_off_is_off(tmp_path: Path, line: str) -> None:
    autostart = XdgAutostart(tmp_path / "entry", COMMAND)
    autostart.turn_on()
    text = autostart.path.read_text().replace("X-GNOME-Autostart-enabled=true", "")
    autostart.path.write_text(f"{text}{line}\n")
    assert not autostart.is_on()


def test_the_desktop_file_runs_exactly_the_command(tmp_path: Path) -> None:
    autostart = XdgAutostart(tmp_path / "entry", COMMAND)
    autostart.turn_on()
    entries = dict(line.split("=", 1) for line in autostart.path.read_text(encoding="utf-8").splitlines()[1:])
    # As desktops read it: first the file's escapes, then the quotes, then the field codes.
    line = entries["Exec"].replace("\\\\", "\\")
    # The quoting rules are a shell's.
    printed = subprocess.run(["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, text=True, check=True).stdout
    assert tuple(word.replace("%%", "%") for word in printed.splitlines()) == COMMAND


def test_the_launch_agent_runs_exactly_the_command(tmp_path: Path) -> None:
    autostart = LaunchAgent(tmp_path / "entry", COMMAND)
    autostart.turn_on()
    agent = plistlib.loads(autostart.path.read_bytes())
    assert tuple(agent["ProgramArguments"]) == COMMAND
    agent["Disabled"] = True
    autostart.path.write_bytes(plistlib.dumps(agent))
    assert not autostart.is_on()


def test_each_platform_has_its_place(tmp_path: Path) -> None:
    def path(platform: str, **environ: str) -> str:
        return str(choose_autostart(environ, home=tmp_path, platform=platform).path.relative_to(tmp_path))

    assert path("linux") == ".config/autostart/cc.imglink.Desktop.desktop"
    assert path("linux", XDG_CONFIG_HOME=str(tmp_path / "c")) == "c/autostart/cc.imglink.Desktop.desktop"
    assert path("linux", XDG_CONFIG_HOME="relative") == ".config/autostart/cc.imglink.Desktop.desktop"
    assert path("darwin") == "Library/LaunchAgents/cc.imglink.Desktop.plist"


def test_the_command_that_is_installed_starts(tmp_path: Path) -> None:
    autostart = choose_autostart(dict(os.environ), home=tmp_path, platform="darwin")
    autostart.turn_on()
    words = plistlib.loads(autostart.path.read_bytes())["ProgramArguments"]
    assert words[-1].endswith("imglink") or words[-2:] == ["-m", "app"]


def test_the_desktop_calls_the_program_by_name_only_where_it_finds_it(tmp_path: Path) -> None:
    program = tmp_path / "imglink"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert named_command({"PATH": str(tmp_path)}) == ("imglink",)
    assert named_command({"PATH": "/nonexistent"}) == start_command({})
    # Whoever has entered the environment of this Python finds it there, and the desktop does not.
    environment = str(Path(sys.executable).parent)
    assert sys.prefix == sys.base_prefix or named_command({"PATH": environment}) == start_command({})
