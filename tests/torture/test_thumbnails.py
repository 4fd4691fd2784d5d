"""Thousands of damaged pictures through cache and decoders, and what the system sees of hostile ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COUNT = 5000
# A failure is looked into with the same pictures; another seed finds more in the long run.
SEED = 1
MOST_GROWTH_KIB = 64 * 1024


@pytest.mark.timeout(300)
def test_five_thousand_damaged_thumbnails_are_pictures_or_refusals_and_memory_is_bounded(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.torture.thumbnail_mill", str(tmp_path), str(COUNT), str(SEED)]
    environ = os.environ | {"QT_QPA_PLATFORM": "offscreen", "PYTHONFAULTHANDLER": "1"}
    mill = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=240, check=False)
    assert mill.returncode == 0, mill.stderr[-2000:]
    told = json.loads(mill.stdout)
    seen = told["seen"]
    pictures = told["pictures"]
    assert pictures > COUNT
    # Each ended as one or the other; it must have been close enough to pictures to mean something.
    assert set(seen) <= {"service: picture", "service: refused", "planted: picture", "planted: refused"}
    assert seen["service: picture"] + seen["service: refused"] == pictures
    assert min(seen["service: picture"], seen["service: refused"]) > pictures // 4
    assert seen["planted: picture"] > pictures // 4
    assert told["cache_bytes"] <= 1_000_000
    assert told["peak_growth_kib"] < MOST_GROWTH_KIB
