"""Two screens side by side with different scale factors: everything stays exact to the physical pixel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCREENS = [
    {"name": "A", "x": 0, "y": 0, "width": 1280, "height": 800, "dpr": 1},
    # The offscreen platform takes sizes in logical units: this one has 1280 × 800 pixels as well.
    {"name": "B", "x": 1280, "y": 0, "width": 640, "height": 400, "dpr": 2},
]
ROOT = Path(__file__).parents[3]


def outcome(scenario: str, folder: Path) -> dict[str, object]:
    """Run the scenario in a process of its own: the platform's screens are fixed when Qt starts."""
    config = folder / "screens.json"
    config.write_text(
        json.dumps({"screens": [{"logicalDpi": 96, "logicalBaseDpi": 96, **screen} for screen in SCREENS]})
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.overlay.two_screens", scenario],
        env={**os.environ, "QT_QPA_PLATFORM": f"offscreen:configfile={config}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    result: dict[str, object] = json.loads(done.stdout)
    assert result["scales"] == [1.0, 2.0]
    assert result["windows"] == {"1": [0, 0, 1280, 800], "2": [1280, 0, 640, 400]}
    return result


@pytest.mark.parametrize(
    ("scenario", "rect", "kind"),
    [
        ("from_left_to_right", "1200,100,180,200", "region"),
        ("from_right_to_left", "1199,99,182,202", "region"),
        ("inside_the_right_one_on_odd_pixels", "1301,41,178,61", "region"),
        ("click_a_window_on_the_right", "1500,100,301,201", "window"),
        ("keys_go_by_physical_pixels", "1481,200,5,2", "region"),
        ("monitor_two", "1280,0,1280,800", "monitor"),
        ("the_whole_desktop", "0,0,2560,800", "screen"),
        ("under_a_modal_dialog", "1300,40,99,99", "region"),
    ],
)
def test_on_two_screens_with_different_scale_factors(tmp_path: Path, scenario: str, rect: str, kind: str) -> None:
    assert outcome(scenario, tmp_path)["answers"] == [[rect, kind]]
