"""`imglink doctor` where there is no desktop, and its text; on real desktops see tests/desktop/test_cli_doctor.py."""

from __future__ import annotations

import pytest

from app.cli.doctor import report
from app.core.doctor import Part
from app.core.ports import Probe
from app.services.doctor import Finding
from tests.unit.cli.harness import Cli

PARTS = [part.value for part in Part]


def test_without_a_desktop_every_part_says_what_to_do(cli: Cli) -> None:
    done = cli.run("doctor", "--json")
    parts = {each["part"]: each for each in done.json}
    assert list(parts) == PARTS
    for each in parts.values():
        assert set(each) == {"part", "name", "ok", "optional", "reason", "remedy"}
        assert each["ok"] or (each["reason"] and each["remedy"]), each
    for name in ("Session", "Screen capture", "Clipboard"):
        assert parts[name]["ok"] is False
    assert (parts["Keyring"]["ok"], parts["Keyring"]["name"]) == (True, "memory")
    assert parts["Folders"]["ok"] is parts["Demo server"]["ok"] is True
    assert (done.code, done.err) == (1, "")
    assert cli.server.requests == ()


def test_an_unknown_choice_of_a_part_is_that_parts_finding(cli: Cli) -> None:
    parts = {each["part"]: each for each in cli.run("doctor", "--json", env={"IMGLINK_HOTKEYS": "magic"}).json}
    assert "magic" in parts["Shortcuts"]["reason"]
    assert parts["Folders"]["ok"] is True


def test_a_folder_that_cannot_be_written_is_found_and_nothing_is_made(cli: Cli) -> None:
    cli.home.chmod(0o500)
    done = cli.run("doctor", "--json", privileged=False)
    [folders] = [each for each in done.json if each["part"] == "Folders"]
    assert folders["ok"] is False
    assert str(cli.home) in folders["remedy"]
    assert list(cli.home.iterdir()) == []


def test_the_text_is_aligned_and_ends_with_the_sum(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [
        Finding(Part.CAPTURE, Probe("x11", available=True)),
        Finding(Part.TRAY, Probe("none", False, "No tray. " * 20, "Start one.")),
        Finding(Part.KEYRING, Probe("memory", True, "Nothing keeps it.", "Start a keyring.")),
        Finding(Part.SHORTCUTS, Probe("null", False, "No keys.", "Press some.")),
    ]
    assert report(findings, optional={Part.TRAY}, as_json=False) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok       Screen capture  x11"
    assert lines[1] == "note     Tray            none"
    assert lines[2].startswith(" " * 25 + "No tray.")
    assert max(map(len, lines)) <= 100
    assert " " * 25 + "→ Start one." in lines
    assert "note     Keyring         memory" in lines
    assert "MISSING  Shortcuts       null" in lines
    assert lines[-1].startswith("1 of 4 parts do not work here")


@pytest.mark.parametrize(
    ("probe", "summary"),
    [
        (Probe("x11", available=True, reason="Very well."), "Everything works."),
        (
            Probe("x11", True, "So so.", "Do better."),
            "All that is needed works; an arrow (→) says what could be better.",
        ),
    ],
)
def test_all_is_well(probe: Probe, summary: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert report([Finding(Part.CAPTURE, probe)], optional=(), as_json=False) == 0
    assert capsys.readouterr().out.splitlines()[-1] == summary
