"""The albums' window by itself: names for every control, keys for everything, and drags that nobody should believe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QByteArray, QMimeData, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QDialog, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import ErrorKind
from app.core.history import EntryId, HistoryEntry
from app.core.imglink import Album, AlbumChanges, AlbumId, Image, ImageId
from app.core.jobs import Job, JobId, JobItem, JobItemState, JobKind, JobsHold, JobState
from app.core.workflow import SourceKind
from app.ui.albums_window import AlbumsWindow
from app.ui.albums_window.chooser import AlbumChooser
from app.ui.albums_window.edit_dialog import EditDialog
from app.ui.albums_window.picker import Picker
from app.ui.image_drag import IMAGES_MIME, images_in, put_images
from tests.ui.windows.albums_bench import press, words_of

pytestmark = [
    pytest.mark.qt_log_ignore("This plugin does not support", extend=True),
    pytest.mark.usefixtures("look"),
]

ALBUMS = tuple(Album(AlbumId(f"a{number}"), f"Album {number}", image_count=number) for number in range(4))
IMAGES = tuple(Image(ImageId(f"i{number}"), f"https://e/{number}") for number in range(30))
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[AlbumsWindow]:
    made = AlbumsWindow(lambda *_: None)
    made.set_albums(ALBUMS)
    made.set_images(replace(ALBUMS[0], images=IMAGES), {})
    made.resize(made.sizeHint())
    made.show()
    yield made
    made.close()
    made.deleteLater()


def job(state: JobState, *states: JobItemState) -> Job:
    items = tuple(
        JobItem(ImageId(f"i{number}"), each, "No." if each is JobItemState.FAILED else "")
        for number, each in enumerate(states)
    )
    return Job(JobId("j1"), JobKind.ADD_TO_ALBUM, "a0", "Album 0", items, NOW, state)


def nameless(widget: QWidget) -> list[QWidget]:
    controls = [*widget.findChildren(QAbstractButton), *widget.findChildren(QLineEdit)]
    controls += [*widget.findChildren(QPlainTextEdit), *widget.findChildren(QAbstractItemView)]
    return [
        each
        for each in controls
        if not (each.accessibleName() or (isinstance(each, QAbstractButton) and each.text()))
        # Qt's own cross in a field; Escape and selecting all do the same.
        and not isinstance(each.parent(), QLineEdit)
    ]


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(window: AlbumsWindow, qtbot: QtBot) -> None:
    window.set_jobs([job(JobState.FINISHED, JobItemState.FAILED, JobItemState.DONE)], None)
    window.show_notice("Something")
    dialog, picker = EditDialog(window, ALBUMS[0]), Picker(window, "Album", lambda *_: None)
    chooser = AlbumChooser(window, ALBUMS, 2, lambda *_: None)
    for widget in (window, dialog, picker, chooser):
        assert nameless(widget) == []
        buttons = [each for each in widget.findChildren(QAbstractButton) if each.isVisibleTo(widget)]
        buttons = [each for each in buttons if not isinstance(each.parent(), QLineEdit)]
        assert all(each.focusPolicy() & Qt.FocusPolicy.TabFocus for each in buttons)
    for each in (dialog, picker, chooser):
        each.reject()


def test_albums_and_images_are_gone_through_and_acted_on_by_keyboard(window: AlbumsWindow, qtbot: QtBot) -> None:
    window.list.setFocus()
    with qtbot.waitSignal(window.album_chosen, timeout=1000) as chosen:
        QTest.keyClick(window.list, Qt.Key.Key_Down)
    assert chosen.args == ["a1"]
    QTest.keyClick(window.list, Qt.Key.Key_Up)
    window.set_images(replace(ALBUMS[0], images=IMAGES), {})
    grid = window.page.grid
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Home)
    QTest.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert window.page.selected_ids == ["i0", "i1"]
    assert "2 images selected" in words_of(window)
    with qtbot.waitSignal(window.copy_links_requested, timeout=1000) as copied:
        QTest.keyClick(grid, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert copied.args == [["i0", "i1"]]
    with qtbot.waitSignal(window.remove_requested, timeout=1000) as removed:
        QTest.keyClick(grid, Qt.Key.Key_Delete)
    assert removed.args == ["a0", ["i0", "i1"]]
    QTest.keyClick(grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(window.page.selected_ids) == 30
    grid.clearSelection()
    with qtbot.waitSignal(window.open_requested, timeout=1000) as opened:
        QTest.keyClick(grid, Qt.Key.Key_Home)
        QTest.keyClick(grid, Qt.Key.Key_Return)
    assert opened.args == ["https://e/0"]


def test_the_selection_and_the_chosen_album_outlive_a_new_list(window: AlbumsWindow) -> None:
    window.list.choose("a2")
    window.set_images(replace(ALBUMS[2], images=IMAGES), {})
    window.page.grid.select(["i3", "i4"])
    window.set_albums([ALBUMS[3], ALBUMS[2], ALBUMS[0]])
    window.set_images(replace(ALBUMS[2], images=(*IMAGES[4:], *IMAGES[:1])), {})
    assert window.current_id == "a2"
    assert window.page.selected_ids == ["i4"]
    window.set_albums([ALBUMS[3]])
    assert window.current_id == "a3"


def test_images_that_come_late_for_another_album_are_not_shown(window: AlbumsWindow) -> None:
    window.list.choose("a1")
    window.set_images(replace(ALBUMS[0], images=IMAGES), {})
    assert not window.page.grid.tiles
    window.show_album_failure(ALBUMS[0].id, "Too late")
    assert "Too late" not in words_of(window)


@pytest.mark.parametrize(
    "data",
    [b"", b"[", b"{}", b'"i1"', b"[1]", b'["../etc"]', b"[[[[", b"\xff\xfe", b'["ok", null]', b"[" * 100_000],
)
def test_a_drag_that_is_made_up_brings_nothing(data: bytes) -> None:
    mime = QMimeData()
    mime.setData(IMAGES_MIME, QByteArray(data))
    assert images_in(mime) == []


def test_a_drag_brings_the_ids_that_went_into_it(window: AlbumsWindow) -> None:
    assert images_in(put_images(QMimeData(), ["_RxgFRvwh9", "-x"])) == ["_RxgFRvwh9", "-x"]
    assert images_in(QMimeData()) == []
    model = window.page.grid.model()
    mime = model.mimeData([model.index(2, 0), model.index(5, 0)])
    assert images_in(mime) == ["i2", "i5"]


def test_markup_in_titles_and_names_is_shown_as_it_is(window: AlbumsWindow) -> None:
    evil = Album(AlbumId("a0"), "<b>bold</b>\n& more", "<img src=x>", image_count=1)
    window.set_albums([evil])
    assert "<b>bold</b> & more" in words_of(window)
    assert "<img src=x>" in words_of(window)


@pytest.mark.parametrize("columns_px", [500, 760, 1400])
def test_the_columns_fill_the_width_and_nothing_is_cut(window: AlbumsWindow, columns_px: int, qtbot: QtBot) -> None:
    window.resize(280 + columns_px, 700)
    grid = window.page.grid
    qtbot.waitUntil(lambda: grid.visualRect(grid.model().index(1, 0)).left() > 0, timeout=2000)
    rects = [grid.visualRect(grid.model().index(row, 0)) for row in range(30)]
    assert all(rect.right() <= grid.viewport().width() for rect in rects)
    assert max(rect.right() for rect in rects) > grid.viewport().width() - 40
    assert grid.indexAt(QPoint(rects[0].center())).row() == 0


def test_a_job_says_how_it_stands_and_offers_what_helps(window: AlbumsWindow, qtbot: QtBot) -> None:
    done, failed, pending = JobItemState.DONE, JobItemState.FAILED, JobItemState.PENDING
    window.set_jobs([job(JobState.ACTIVE, done, pending)], JobsHold("Slow down.", ErrorKind.RATE_LIMITED, NOW))
    [bar] = window.job_bars
    qtbot.waitUntil(bar.isVisible, timeout=2000)

    def offered() -> set[str]:
        return {b.text() or b.accessibleName() for b in bar.findChildren(QAbstractButton) if b.isVisible()}

    assert "Slow down. It goes on by itself at" in words_of(bar)
    assert offered() == {"Cancel"}
    window.set_jobs([job(JobState.ACTIVE, done, pending)], JobsHold("Sign in.", ErrorKind.CREDENTIAL))
    assert offered() == {"Sign in…", "Cancel"}
    window.set_jobs([job(JobState.FINISHED, done, done)], None)
    assert offered() == {"Undo", "Dismiss"}
    window.set_jobs([job(JobState.FINISHED, done, failed)], None)
    assert offered() == {"Why?", "Try again", "Undo", "Dismiss"}
    assert "1 of 2 could not be added to “Album 0”" in words_of(bar)
    window.set_jobs([job(JobState.CANCELLED, done, pending)], None)
    assert offered() == {"Go on", "Undo", "Dismiss"}
    window.set_jobs([], None)
    assert window.job_bars == ()


def test_a_new_album_needs_a_title_and_only_a_public_one_a_password(window: AlbumsWindow, qtbot: QtBot) -> None:
    window.start_new()
    dialog = window.dialog
    assert dialog is not None
    title, password = dialog.findChildren(QLineEdit)
    create = next(b for b in dialog.findChildren(QAbstractButton) if b.text() == "Create")
    assert not create.isEnabled()
    title.setText("   ")
    assert not create.isEnabled()
    title.setText(" Norway ")
    password.setText("sesame")
    press(dialog, "Private: only you")
    assert not password.isEnabled()
    with qtbot.waitSignal(window.save_requested, timeout=1000) as saved:
        QTest.keyClick(title, Qt.Key.Key_Return)
    assert saved.args == [None, AlbumChanges("Norway", "", False, None)]
    window.show_refused("No.")
    assert "No." in words_of(dialog)
    assert title.text() == " Norway "
    dialog.reject()
    assert window.dialog is None


def test_only_what_was_changed_of_an_album_is_asked_for(qtbot: QtBot) -> None:
    album = Album(AlbumId("a"), "Old", "Text", has_password=True)
    heard: list[AlbumChanges] = []
    dialog = EditDialog(None, album)
    dialog.entered.connect(heard.append)
    dialog.show()
    press(dialog, "Save")
    assert heard == []
    assert dialog.result() == QDialog.DialogCode.Rejected
    dialog = EditDialog(None, album)
    dialog.entered.connect(heard.append)
    dialog.show()
    press(dialog, "Remove the password")
    press(dialog, "Save")
    assert heard == [AlbumChanges(password="")]
    dialog.reject()


def test_the_picker_keeps_what_was_picked_while_searching_and_asks_for_more_at_the_end(qtbot: QtBot) -> None:
    picker = Picker(None, "Album", lambda *_: None)
    asked: list[tuple[str, int]] = []
    picker.entries_requested.connect(lambda text, count: asked.append((text, count)))
    entries = [HistoryEntry(EntryId(n + 1), IMAGES[n % 30], f"{n}.png", SourceKind.FILE) for n in range(30)]
    picker.resize(500, 300)
    picker.show()
    picker.set_entries("", entries[:20], has_more=True)
    bar = picker.grid.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0, timeout=2000)
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: asked == [("", 20)], timeout=2000)
    picker.set_entries("", entries, has_more=False)
    assert len(picker.grid.tiles) == 30
    picker.grid.select(["i25"])
    picker.findChildren(QLineEdit)[0].setText("x")
    qtbot.waitUntil(lambda: asked[-1] == ("x", 0), timeout=2000)
    picker.set_entries("", entries, has_more=False)
    picker.set_entries("x", entries[:1], has_more=False)
    picker.grid.select(["i0"])
    assert picker.picked_ids == ["i25", "i0"]
    picker.grid.clearSelection()
    assert picker.picked_ids == ["i25"]
    with qtbot.waitSignal(picker.picked, timeout=1000) as picked:
        QTest.keyClick(picker.findChildren(QLineEdit)[0], Qt.Key.Key_Return)
    assert picked.args == [["i25"]]
