"""A real KWin with KDE's own portal: pixels and keys. See `kwin_program.py`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_kdes_portal_gives_the_screen_and_binds_the_keys() -> None:
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
