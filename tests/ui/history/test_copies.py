"""Our files on their way out: copies that make room, drags that wait for them, exports that are called right."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.core.errors import UserFacingError
from app.core.history import EntryId
from app.ui.history_file_actions import _follow_filter
from app.ui.history_window import listing
from app.ui.history_window.local_copies import LocalCopies, copy_into
from tests.ui.history.harness import make_entry, opened

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(992)


def own_file(folder: Path, number: int) -> Path:
    path = folder / f"{number}.upload"
    path.write_bytes(PNG)
    return path


def test_the_oldest_copies_that_nobody_got_make_room(tmp_path: Path) -> None:
    entries = [make_entry(number, path=own_file(tmp_path, number)) for number in range(5)]
    copies = LocalCopies(most_bytes=2 * len(PNG))
    try:
        made: dict[EntryId, Path] = {}
        for entry in entries:
            made |= copies.make([entry])
            copies.keep([entry.id] if entry is entries[0] else [])
        there = [entry for entry in entries if made[entry.id].exists()]
        assert there == [entries[0], entries[4]]
        # Those that are wanted together stay together, however large they are.
        assert all(path.read_bytes() == PNG for path in copies.make(entries).values())
    finally:
        copies.close()
    assert not any(path.exists() for path in made.values())


def test_a_copy_is_made_once_and_anew_under_a_new_title(tmp_path: Path) -> None:
    entry = make_entry(0, path=own_file(tmp_path, 0))
    copies = LocalCopies()
    try:
        first, second = copies.make([entry]), copies.make([entry])
        assert first == second
        assert copies.make([make_entry(0, path=entry.path, title="Sea")])[entry.id].name == "Sea.png"
    finally:
        copies.close()


def test_a_copy_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"no picture")
    for path, reason in ((damaged, "damaged"), (tmp_path / "missing", "cannot be read")):
        with pytest.raises(UserFacingError, match=reason):
            copy_into(tmp_path / "into", make_entry(0, path=path))


def test_a_drag_waits_for_its_files(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Held:
        @staticmethod
        def mouseButtons() -> object:
            return Qt.MouseButton.LeftButton

    with opened(qtbot, [make_entry(0, path=own_file(tmp_path, 0)), make_entry(1)], tmp_path) as history:
        pane, begun = history.window.listing, list[int]()
        monkeypatch.setattr(pane, "start_drag", lambda data: begun.append(len(data.urls())))
        monkeypatch.setattr(listing, "QGuiApplication", Held)
        history.choose(0)
        pane._prepare_drag()
        pane.grid.drag_requested.emit()
        assert not begun
        history.until(lambda: begun)
        assert [path.suffix for path in pane._drag_files.values()] == [".png"]
        # Without a file there is nothing to wait for.
        history.choose(1)
        pane._prepare_drag()
        pane.grid.drag_requested.emit()
        assert begun == [1, 1]


def test_the_proposed_name_of_an_export_follows_the_kind(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = QFileDialog(None, "", str(tmp_path))
    qtbot.addWidget(dialog)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(["JSON (*.json)", "CSV (*.csv)"])
    dialog.selectFile("imglink-history.json")
    _follow_filter(dialog, "csv")
    assert [Path(name).name for name in dialog.selectedFiles()] == ["imglink-history.csv"]
    dialog.selectFile("my.own.name")
    _follow_filter(dialog, "json")
    assert [Path(name).name for name in dialog.selectedFiles()] == ["my.own.name"]
