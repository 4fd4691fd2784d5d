from __future__ import annotations

import pytest

from app.cli.parser import build_parser, parse
from app.core.geometry import Rect


@pytest.mark.parametrize("image_id", ["-abcDEF_12", "--bcDEF_12", "_RxgFRvwh9", "aBcDeFgHiJ"])
@pytest.mark.parametrize("command", ["info", "delete"])
def test_ids_are_taken_as_they_are(command: str, image_id: str) -> None:
    arguments = parse([command, image_id, "--json"])
    assert arguments.ids == [image_id]
    assert arguments.json is True


def test_several_ids_with_options_between_them() -> None:
    arguments = parse(["delete", "-aaaaaaaaa", "--json", "--bbbbbbbb"])
    assert arguments.ids == ["-aaaaaaaaa", "--bbbbbbbb"]
    assert arguments.json is True


def test_an_explicit_double_dash_works_too() -> None:
    assert parse(["delete", "--", "-aaaaaaaaa"]).ids == ["-aaaaaaaaa"]


@pytest.mark.parametrize(
    "argv",
    [
        ["info"],
        ["info", "a/b"],
        ["info", "../../etc"],
        ["delete", "with space"],
        ["upload"],
        ["capture", "sideways"],
        ["capture", "monitor", "0"],
        ["capture", "region", "2"],
        ["capture", "--no-upload"],
        ["capture", "--geometry", "1,2,3"],
        ["capture", "--delay", "-1"],
        ["capture", "--delay", "nan"],
        ["upload", "a.png", "--link", "carrier-pigeon"],
        ["account"],
        ["account", "key", "set", "the-key-itself"],
        ["demo", "--port", "70000"],
        ["nonsense"],
    ],
)
def test_wrong_usage_exits_with_2_and_says_why(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse(argv)
    assert stop.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "--help" in printed.err


def test_capture_defaults_to_a_region() -> None:
    arguments = parse(["capture"])
    assert (arguments.mode, arguments.number, arguments.geometry, arguments.cursor) == ("region", None, None, None)


def test_capture_takes_a_monitor_and_a_geometry() -> None:
    assert parse(["capture", "monitor", "2"]).number == 2
    assert parse(["capture", "--geometry", "-10,20,30,40"]).geometry == Rect(-10, 20, 30, 40)


def test_without_a_command_the_application_starts() -> None:
    assert parse([]).command is None
    assert parse(["--demo"]).demo is True


def test_every_command_has_help() -> None:
    text = build_parser().format_help()
    for command in ("capture", "upload", "info", "delete", "account", "doctor", "demo"):
        assert f"\n    {command} " in text


@pytest.mark.parametrize("word", ["IMGLINK_API_KEY", "130", "IMGLINK_BASE_URL"])
def test_help_tells_exit_codes_and_environment(word: str) -> None:
    assert word in build_parser().format_help()
