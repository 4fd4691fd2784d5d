"""What holds for every test: a private home, no way to the person's desktop, and nothing left behind.

PySide6 is never imported here: the unit tests also run where it is not installed.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

THREAD_GRACE_S = 2.0
"""How long a thread that is just ending may take."""

ALLOWED_THREADS = {
    "pytest_timeout": "the time-out of the test itself, where it cannot use a signal",
    "Dummy-": "threading's name for a thread of C code that has called Python; it is not ours to join",
}
"""Beginnings of the names of threads that may be left after a test, each with its reason."""

ALLOWED_WIDGETS = {
    "QTipLabel": "Qt keeps the last tool tip's window for the next one",
}
"""Classes of top-level widgets that may be left after a test, each with its reason."""

_UNSET = (
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "SSH_AUTH_SOCK",
    "PYTHON_KEYRING_BACKEND",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
)
_session_home: Path | None = None


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    # Where there is no Qt there is no pytest-qt either, and its settings in pyproject.toml would be unknown words.
    if not pluginmanager.hasplugin("pytest-qt"):
        for name in ("qt_api", "qt_log_level_fail", "qt_log_ignore"):
            parser.addini(name, "of pytest-qt, which is not installed here")


def pytest_configure() -> None:
    # Generated cases are new ones at every run by hand; a change is judged by the same ones every time.
    settings.register_profile("same-every-time", derandomize=True)
    if os.environ.get("CI"):
        settings.load_profile("same-every-time")
    # Fixtures of wider scope than one test, and imports, get a private home as well.
    global _session_home  # noqa: PLW0603 - pytest_unconfigure has no other way to know it
    _session_home = Path(tempfile.mkdtemp(prefix="imglink-tests-"))
    for name in names_to_unset():
        del os.environ[name]
    os.environ.update(private_environment(_session_home))
    # A shell that runs the tests in the background has them ignore Ctrl+C, nohup has them ignore the end of the
    # terminal, and what they start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    # All tests and what they import stay to the end: after each window, the collector need not look through them again.
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    if _session_home is not None:
        shutil.rmtree(_session_home)


def names_to_unset() -> list[str]:
    """The variables set now that would lead a test to the person's desktop, proxy or account."""
    return [name for name in os.environ if name in _UNSET or name.startswith("IMGLINK_")]


def private_environment(folder: Path) -> dict[str, str]:
    """Variables that put home, settings, data and runtime folder below `folder`, and every Qt window off the screen."""
    home, runtime_dir = folder / "home", folder / "run"
    home.mkdir()
    runtime_dir.mkdir(mode=0o700)
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_RUNTIME_DIR": str(runtime_dir),
        # An address where nobody listens: with none at all, libraries go and look for the person's own bus.
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime_dir}/no-bus",
        "QT_QPA_PLATFORM": "offscreen",
    }


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for each test; the folder that `HOME` names."""
    folder = tmp_path_factory.mktemp("private", numbered=True)
    for name in names_to_unset():
        monkeypatch.delenv(name)
    for name, value in private_environment(folder).items():
        monkeypatch.setenv(name, value)
    return folder / "home"


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Fail the test that leaves a thread behind, daemon or not."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not _may_stay(thread)]
    deadline = time.monotonic() + THREAD_GRACE_S
    for thread in left:
        thread.join(max(0.0, deadline - time.monotonic()))
    names = [f"{thread.name} ({thread.__class__.__name__})" for thread in left if thread.is_alive()]
    if names:
        pytest.fail(f"threads left behind: {', '.join(names)}", pytrace=False)


def _may_stay(thread: threading.Thread) -> bool:
    return thread.name.startswith(tuple(ALLOWED_THREADS))


@pytest.fixture(autouse=True)
def no_window_left() -> Iterator[None]:
    """Fail the test that leaves a window behind; counts only when something has imported Qt."""
    before = _top_level_widgets()
    yield
    left = _top_level_widgets() - before
    if left:
        # Cycles of Python objects keep their windows until the collector runs, and deleteLater() waits for its event.
        left.clear()
        gc.collect()
        _deliver_deferred_deletes()
        left = _top_level_widgets() - before
    if left:
        names = sorted(f"{type(widget).__name__} “{widget.windowTitle()}”" for widget in left)  # type: ignore[attr-defined]
        pytest.fail(f"windows left behind: {', '.join(names)}", pytrace=False)


def _top_level_widgets() -> set[object]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return set()
    return {widget for widget in widgets.QApplication.topLevelWidgets() if type(widget).__name__ not in ALLOWED_WIDGETS}


def _deliver_deferred_deletes() -> None:
    core = sys.modules["PySide6.QtCore"]
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
