"""A real KWin with KDE's own portal: pixels, windows, keys, and the whole way to the link. See `kwin_program.py`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_on_kde_keys_windows_and_regions_become_links() -> None:
    prefix = ["unshare", "-U", "--map-user=1000", "--map-group=1000"] if os.getuid() == 0 else []
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "tests.desktop.kwin_program"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["screenshots"]["name"] == "portal"
    # Its portal always draws the pointer; all else is exact, on both outputs.
    assert len(found["screenshots"]["differing"]) == 2
    assert all(part < 0.002 for part in found["screenshots"]["differing"])
    assert found["screenshots"]["left"] == []
    assert found["shortcuts"]["probe"].startswith("portal")
    assert found["shortcuts"]["triggers"] == {"region": "Ctrl+Shift+F4", "screen": "Meta+Print"}
    assert found["shortcuts"]["pressed"] == ["region"]
    # The last that was opened is the topmost, and each is of its own colour, but for the pointer.
    assert found["windows"]["listed"] == ["blue", "red"]
    assert found["windows"]["seen"][0] == [420, 280, [[0, 0, 255]]]
    assert found["windows"]["doctor"] == "KWin"
    assert found["windows"]["taken"] == [400, 300]
    assert found["windows"]["counts"] == [2]
    assert found["whole way"]["link"]
    assert found["whole way"]["size"] == [200, 80]
    assert found["whole way"]["differing"] == 0
