from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.cli.parser import parse
from app.core.shortcuts import Shortcut
from app.core.workflow import BUILT_IN_WORKFLOWS
from app.system.compositor_keys import COMMANDS, binding_help
from app.system.session import Session, SessionType

KEYS = {"region": Shortcut.parse("Ctrl+Shift+4"), "screen": Shortcut.parse("Super+PageUp")}


def session(*desktops: str) -> Session:
    return Session(SessionType.WAYLAND, desktops[-1] if desktops else "", tuple(each.lower() for each in desktops))


@pytest.mark.parametrize(
    ("desktop", "place", "lines"),
    [
        (
            "sway",
            "~/.config/sway/config",
            "bindsym Ctrl+Shift+4 exec imglink capture region --copy\n"
            "bindsym Mod4+Page_Up exec imglink capture screen --copy",
        ),
        (
            "Hyprland",
            "hyprland.conf",
            "bind = CTRL SHIFT, 4, exec, imglink capture region --copy\n"
            "bind = SUPER, Page_Up, exec, imglink capture screen --copy",
        ),
        (
            "niri",
            "config.kdl",
            '    Ctrl+Shift+4 { spawn "imglink" "capture" "region" "--copy"; }\n'
            '    Super+Page_Up { spawn "imglink" "capture" "screen" "--copy"; }',
        ),
        (
            "labwc",
            "rc.xml",
            '<keybind key="C-S-4"><action name="Execute" command="imglink capture region --copy"/></keybind>\n'
            '<keybind key="W-Page_Up"><action name="Execute" command="imglink capture screen --copy"/></keybind>',
        ),
        (
            "KDE",
            "System Settings",
            "# Ctrl+Shift+4\nimglink capture region --copy\n# Super+PageUp\nimglink capture screen --copy",
        ),
    ],
)
def test_each_desktop_gets_the_lines_that_it_reads(desktop: str, place: str, lines: str) -> None:
    told = binding_help(session(desktop), KEYS)
    assert place in told.where
    assert told.lines == lines


ODD = ("/opt/my tools/it's", "a\\b", "-m", "app")
"""A program that is not to be had by one plain word."""


@pytest.mark.parametrize(
    ("desktop", "before"),
    [
        ("sway", "bindsym Ctrl+Shift+4 exec "),
        ("Hyprland", "bind = CTRL SHIFT, 4, exec, "),
        ("KDE", "# Ctrl+Shift+4\n"),
        ("", "Ctrl+Shift+4: "),
    ],
)
def test_a_program_with_odd_characters_is_one_word_of_a_shell(desktop: str, before: str) -> None:
    told = binding_help(session(desktop), {"region": KEYS["region"]}, ODD)
    command = told.lines.removeprefix(before)
    assert shlex.split(command) == [*ODD, "capture", "region", "--copy"]


def test_hyprland_is_told_how_its_newer_file_has_it() -> None:
    lua = 'hl.bind("CTRL + SHIFT + 4", hl.dsp.exec_cmd("imglink capture region --copy"))'
    assert binding_help(session("Hyprland"), KEYS).where.endswith(lua)
    assert "hl.bind" in binding_help(session("Hyprland"), {}).where


def test_labwc_gets_a_command_as_xml_has_texts() -> None:
    told = binding_help(session("labwc"), {"region": KEYS["region"]}, ODD)
    action = ElementTree.fromstring(told.lines).find("action")
    assert action is not None
    assert shlex.split(action.attrib["command"]) == [*ODD, "capture", "region", "--copy"]


def test_niri_gets_every_word_in_quotes_of_its_own() -> None:
    told = binding_help(session("niri"), {"region": KEYS["region"]}, ODD)
    words = told.lines.partition("spawn ")[2].removesuffix("; }")
    assert [json.loads(word) for word in re.findall(r'"(?:[^"\\]|\\.)*"', words)] == [
        *ODD,
        "capture",
        "region",
        "--copy",
    ]


def test_gnome_gets_a_command_with_quotes_as_a_text(tmp_path: Path) -> None:
    told = binding_help(session("GNOME"), {"region": KEYS["region"]}, ODD)
    line = next(line for line in told.lines.splitlines() if "/ command " in line)
    text = shlex.split(line)[-1]
    assert shlex.split(json.loads(text)) == [*ODD, "capture", "region", "--copy"]


@pytest.mark.parametrize("before", ["@as []", "['/org/custom0/']"])
def test_gnomes_lines_keep_the_shortcuts_that_are_there(tmp_path: Path, before: str) -> None:
    program = tmp_path / "gsettings"
    program.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = get ]; then echo "{before}"; exit; fi\n'
        f'shift; printf "%s|" "$@" >>{tmp_path}/set; echo >>{tmp_path}/set\n'
    )
    program.chmod(0o755)
    told = binding_help(session("ubuntu", "GNOME"), KEYS)
    subprocess.run(["sh", "-eu"], input=told.lines, text=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)
    schema = "org.gnome.settings-daemon.plugins.media-keys"
    path = "/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings/imglink{}/"
    done = (tmp_path / "set").read_text().splitlines()
    assert f"{schema}.custom-keybinding:{path.format(0)}|command|imglink capture region --copy|" in done
    assert f"{schema}.custom-keybinding:{path.format(0)}|binding|<Control><Shift>4|" in done
    assert f"{schema}.custom-keybinding:{path.format(1)}|binding|<Super>Page_Up|" in done
    own = f"'{path.format(0)}', '{path.format(1)}'"
    kept = "'/org/custom0/', " if "custom0" in before else ""
    assert done[-1] == f"{schema}|custom-keybindings|[{kept}{own}]|"


def test_an_unknown_desktop_gets_the_commands() -> None:
    told = binding_help(session(), KEYS)
    assert told.lines.startswith("Ctrl+Shift+4: imglink capture region --copy")


def test_what_no_command_does_is_left_out() -> None:
    assert binding_help(session("sway"), {"clipboard": Shortcut.parse("F1")}).lines == ""


@pytest.mark.parametrize("command", COMMANDS.values())
def test_every_command_is_one_that_the_command_line_knows(command: str) -> None:
    program, *words = command.split()
    assert program == "imglink"
    assert parse(words).copy


def test_every_workflow_that_takes_the_screen_has_a_command() -> None:
    assert set(COMMANDS) == {workflow.id for workflow in BUILT_IN_WORKFLOWS} - {"clipboard"}
