"""Every scale factor on every arrangement of monitors, negative origins included: exact to the physical pixel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SIZE = (1400, 1050)
"""In physical pixels: whole logical sizes at every scale of the matrix, as a desktop makes them."""
LAYOUTS = {
    "left-right": ((0, 0), (1400, 0)),
    "above-below": ((0, 0), (0, 1050)),
    "negative origin": ((-1400, -210), (0, 0)),
    "gap": ((0, 0), (1750, 315)),
}
SCALES = ((1, 1), (1.25, 1.25), (1.5, 1.5), (1.75, 1.75), (2, 2), (1, 2), (1.75, 1.25))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("scales", SCALES, ids=str)
def test_selections_are_exact(tmp_path: Path, layout: str, scales: tuple[float, float]) -> None:
    width, height = SIZE
    screens = [
        {"name": str(number), "x": x, "y": y, "width": round(width / scale), "height": round(height / scale)}
        | {"dpr": scale, "logicalDpi": 96, "logicalBaseDpi": 96}
        for number, ((x, y), scale) in enumerate(zip(LAYOUTS[layout], scales, strict=True))
    ]
    config = tmp_path / "screens.json"
    config.write_text(json.dumps({"screens": screens}))
    monitors = [[x, y, width, height] for x, y in LAYOUTS[layout]]
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.overlay.scale_matrix", json.dumps(monitors)],
        env={**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={config}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"count": 11, "wrong": [], "scales": list(scales)}
