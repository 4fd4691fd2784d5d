"""Each guard of tests/conftest.py fails a test that breaks its rule, and lets a good one pass."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def outcome(folder: Path, body: str, *options: str, **environment: str) -> str:
    """Run one test file under the project's own conftest and settings; what pytest printed."""
    (folder / "conftest.py").write_text("from tests.conftest import *\n")
    (folder / "test_it.py").write_text(body)
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), f"--rootdir={folder}"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", *options, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("daemon", [True, False])
def test_a_thread_left_behind_fails(tmp_path: Path, daemon: bool) -> None:
    body = f"""
import threading
def test_it():
    threading.Thread(target=threading.Event().wait, args=(4,), daemon={daemon}, name="forgotten").start()
"""
    assert "threads left behind: forgotten" in outcome(tmp_path, body)


def test_a_thread_that_is_just_ending_is_waited_for(tmp_path: Path) -> None:
    body = """
import threading
def test_it():
    threading.Thread(target=threading.Event().wait, args=(0.2,)).start()
"""
    assert "1 passed" in outcome(tmp_path, body)


def test_an_unawaited_warning_fails(tmp_path: Path) -> None:
    body = """
import warnings
def test_it():
    warnings.warn("look out", stacklevel=1)
"""
    assert "UserWarning: look out" in outcome(tmp_path, body)


def test_an_open_file_left_behind_fails(tmp_path: Path) -> None:
    body = """
def test_it():
    open(__file__)
"""
    assert "ResourceWarning" in outcome(tmp_path, body)


def test_no_test_reaches_the_persons_home_desktop_or_account(tmp_path: Path) -> None:
    body = """
import os
from pathlib import Path
at_import = dict(os.environ)
def test_it(tmp_path_factory):
    for environment in (at_import, os.environ):
        assert "/the/persons/own" not in environment.values()
    assert Path.home() == Path(os.environ["HOME"])
    assert os.environ["HOME"] != at_import["HOME"]
    assert list(Path.home().iterdir()) == []
    assert Path(os.environ["XDG_RUNTIME_DIR"]).stat().st_mode & 0o777 == 0o700
"""
    names = (
        "HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS "
        "PYTHON_KEYRING_BACKEND IMGLINK_API_KEY IMGLINK_BASE_URL https_proxy"
    )
    assert "1 passed" in outcome(tmp_path, body, **dict.fromkeys(names.split(), "/the/persons/own"))


def test_runs_where_pytest_qt_is_not_installed(tmp_path: Path) -> None:
    assert "1 passed" in outcome(tmp_path, "def test_it(): pass", "-p", "no:pytest-qt")
