"""What the tray application has loaded when it is ready and nothing has been asked of it yet.

Memory and time go with it, and no timing would tell as surely which import crept in.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, linecache, os, sys
from PySide6.QtCore import QTimer
from app.bootstrap import desktop, tray
from app.system.instance import Instance
from app.ui.tray import Tray

# Where there is none, the tray window is shown instead; offscreen there is none.
Tray.is_available = staticmethod(lambda: True)
build = desktop.build_application

def tell(application):
    if application._services is None:
        QTimer.singleShot(20, application, lambda: tell(application))
        return
    print(json.dumps({"modules": sorted(sys.modules), "sources": sorted(linecache.cache)}))
    application.stop()

def build_and_tell(*parts):
    application = build(*parts)
    QTimer.singleShot(0, application, lambda: tell(application))
    return application

desktop.build_application = build_and_tell
instance = Instance.claim(os.environ["XDG_RUNTIME_DIR"])
sys.exit(tray.run_application(instance))
"""


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("home")
    runtime, state = home / "run", home / ".local/state/imglink"
    for folder in (runtime, state):
        folder.mkdir(mode=0o700, parents=True)
    # The very first start shows the tray window by itself.
    (state / "welcomed").touch()
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV") if name in os.environ}
    environ = {
        **kept,
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "PYTHONPATH": str(ROOT),
        "QT_QPA_PLATFORM": "offscreen",
        "IMGLINK_CAPTURE": "fake",
        "IMGLINK_HOTKEYS": "null",
        # Nobody listens there.
        "IMGLINK_BASE_URL": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=False, env=environ, cwd=home, capture_output=True, text=True, timeout=120
    )
    found: dict[str, Any] = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    assert "app.ui.application" in found["modules"], done.stderr
    return found


def assert_untouched(names: Sequence[str], loaded: Sequence[str]) -> None:
    """None of these modules, nor anything in them, is loaded."""
    assert [each for each in loaded if any(f"{each}.".startswith(f"{name}.") for name in names)] == []


def test_windows_are_loaded_when_someone_wants_them(idle: dict[str, Any]) -> None:
    windows = [f"app.ui.{name}" for name in ("history_window", "albums_window", "embeds_window", "gallery_window")]
    assert_untouched([*windows, "app.ui.tray_window", "app.ui.settings_window", "app.ui.sign_in"], idle["modules"])


def test_nothing_heavy_is_loaded_before_it_is_needed(idle: dict[str, Any]) -> None:
    network = ("httpx", "httpcore", "h11", "anyio", "certifi", "PySide6.QtNetwork")
    pictures = ("PIL", "isal", "numpy", "app.encoding.metadata")
    keyring = ("keyring", "secretstorage", "cryptography")
    tables = ("html", "plistlib", "xml", "email", "http")
    assert_untouched([*network, *pictures, *keyring, *tables, "pynput", "app.demo"], idle["modules"])


def test_only_the_back_ends_of_this_desktop_are_loaded(idle: dict[str, Any]) -> None:
    others = ("app.capture.wayland", "app.capture.macos", "app.capture.x11", "mss")
    assert_untouched([*others, "app.hotkeys.macos", "app.hotkeys.portal", "app.hotkeys.x11"], idle["modules"])


def test_no_source_is_kept_in_memory(idle: dict[str, Any]) -> None:
    assert [path for path in idle["sources"] if not path.startswith("<")] == []
