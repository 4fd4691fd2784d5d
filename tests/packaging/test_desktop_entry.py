"""The desktop entry: valid, and every action of its menu is a command that there is."""

from __future__ import annotations

import configparser
import shlex
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from app.bootstrap.desktop import bus_actions
from app.cli.parser import parse
from app.ui.application import Application

ENTRY = Path(__file__).parents[2] / "packaging/linux/cc.imglink.Desktop.desktop"


def entry() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as the library's documentation has it
    parser.read(ENTRY, encoding="utf-8")
    return parser


def actions() -> list[str]:
    return entry()["Desktop Entry"]["Actions"].strip(";").split(";")


def test_it_is_valid() -> None:
    done = subprocess.run(["desktop-file-validate", ENTRY], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_action_has_its_group_and_every_group_is_offered() -> None:
    groups = [name for name in entry().sections() if name != "Desktop Entry"]
    assert groups == [f"Desktop Action {action}" for action in actions()]


@pytest.mark.parametrize("action", actions())
def test_every_action_is_a_command(action: str) -> None:
    program, *words = shlex.split(entry()[f"Desktop Action {action}"]["Exec"])
    assert program == "imglink"
    # The parser ends the process for what it does not know.
    arguments = parse(words)
    assert arguments.command in ("capture", "quit")
    # A menu has no terminal to print a link to.
    assert arguments.command == "quit" or arguments.copy


def test_every_action_is_one_of_the_running_program() -> None:
    # A launcher that may call the program over the bus does that, and starts no command.
    assert entry()["Desktop Entry"]["DBusActivatable"] == "true"
    done: list[tuple[object, ...]] = []
    program = SimpleNamespace(
        capture=lambda *what, **how: done.append((*what, *how.values())), quit=lambda: done.append(("quit",))
    )
    known = bus_actions(cast(Application, program))
    for action in actions():
        known[action]("token")
    captures = [
        ("region", "token"),
        ("region", "token", 5.0),
        ("window", "token"),
        ("screen", "token"),
        ("last", "token"),
    ]
    assert done == [*captures, ("quit",)]
