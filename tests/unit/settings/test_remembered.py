from __future__ import annotations

from pathlib import Path

import pytest

from app.core.geometry import Rect
from app.core.screen import KnownWindow
from app.settings.remembered import RememberedRegion


def test_a_region_is_remembered_across_runs(tmp_path: Path) -> None:
    path = tmp_path / "remembered.json"
    RememberedRegion(path).store(Rect(-5, 6, 7, 8))
    assert RememberedRegion(path).load() == Rect(-5, 6, 7, 8)
    assert [entry.name for entry in tmp_path.iterdir()] == ["remembered.json"]


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"last_region": [1,2,3]}', '{"last_region": [0,0,0,0]}', "[" * 9999]
)
def test_a_broken_file_is_no_region(tmp_path: Path, content: str) -> None:
    path = tmp_path / "remembered.json"
    path.write_text(content)
    assert RememberedRegion(path).load() is None


def test_a_folder_that_is_gone_is_no_failure(tmp_path: Path) -> None:
    RememberedRegion(tmp_path / "gone" / "remembered.json").store(Rect(0, 0, 1, 1))


def test_a_folder_that_is_a_file_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    RememberedRegion(tmp_path / "file" / "remembered.json").store(Rect(0, 0, 1, 1))


def test_region_and_window_are_remembered_beside_each_other(tmp_path: Path) -> None:
    path = tmp_path / "remembered.json"
    RememberedRegion(path).store(Rect(1, 2, 3, 4))
    RememberedRegion(path).store_window(KnownWindow(5, "Küche"))
    assert RememberedRegion(path).load() == Rect(1, 2, 3, 4)
    assert RememberedRegion(path).load_window() == KnownWindow(5, "Küche")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"last_window": 5}', '{"last_window": ["5", "t"]}'])
def test_a_window_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "remembered.json"
    path.write_text(text)
    assert RememberedRegion(path).load_window() is None
