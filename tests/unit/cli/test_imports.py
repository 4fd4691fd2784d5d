"""What a command loads: a start is paid for every time, and Qt need not be there at all."""

from __future__ import annotations

import pytest

from tests.unit.cli.harness import Cli, assert_untouched, modules_of

WITH_TIMES = {"PYTHONPROFILEIMPORTTIME": "1"}
QT = ("PySide6", "shiboken6")
KEYRING = ("keyring", "secretstorage", "jeepney", "cryptography")
DESKTOP = ("Xlib", "mss", "pynput", "PIL", "isal", "numpy")
DEMO = ("starlette", "uvicorn")


@pytest.mark.parametrize("words", [["--help"], ["capture", "--help"], ["--version"], ["upload"]])
def test_help_loads_nothing_heavy(cli: Cli, words: list[str]) -> None:
    loaded = modules_of(cli.run(*words, env=WITH_TIMES))
    heavy = ("asyncio", "ssl", "httpx", "sqlite3", "logging", "subprocess", "tempfile", "hashlib")
    assert_untouched([*heavy, *QT, *KEYRING, *DESKTOP, *DEMO], loaded)
    rooms = {module.split(".")[1] for module in loaded if module.startswith("app.")}
    assert rooms <= {"bootstrap", "cli", "core", "system"}


def test_an_upload_loads_what_it_needs_and_no_more(cli: Cli, pictures: list[str]) -> None:
    done = cli.run("upload", *pictures[:2], env=WITH_TIMES)
    assert done.code == 0
    loaded = modules_of(done)
    assert {"httpx", "sqlite3"} <= loaded
    assert_untouched([*QT, *KEYRING, *DESKTOP, *DEMO, "click", "rich", "pygments"], loaded)


@pytest.mark.parametrize(
    "words",
    [
        ["info", "xxxxxxxxxx"],
        ["delete", "xxxxxxxxxx"],
        ["account", "status"],
        ["account", "key", "check"],
        ["doctor"],
    ],
)
def test_no_command_without_a_window_loads_qt(cli: Cli, words: list[str]) -> None:
    assert_untouched(QT, modules_of(cli.run(*words, env=WITH_TIMES)))


def test_info_opens_neither_keyring_nor_database(cli: Cli) -> None:
    done = cli.run("info", "xxxxxxxxxx", env={**WITH_TIMES, "IMGLINK_API_KEY": None})
    assert_untouched([*KEYRING, "sqlite3"], modules_of(done))
