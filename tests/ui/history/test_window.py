"""The history window as a person uses it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import UserFacingError
from app.core.history import HistorySort
from app.core.imglink import Visibility
from app.core.links import LinkForm
from app.core.service_errors import Forbidden
from app.core.uploads import RemoteState
from app.ui.history_window.arrangement import arrange
from app.ui.history_window.switch import ViewMode
from app.ui.image_drag import IMAGES_MIME, images_in
from app.ui.theme import Look
from tests.ui.history.harness import Opened, make_entries, make_entry, opened

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

PLAIN = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def ten(qtbot: QtBot, tmp_path: Path) -> Iterator[Opened]:
    with opened(qtbot, make_entries(10), tmp_path) as history:
        yield history


def press(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.keyClick(widget, key, modifier)


def test_what_is_typed_is_searched_and_cleared_by_escape(ten: Opened) -> None:
    ten.window.filters.search.setText("picture 7")
    ten.filled(1)
    assert ten.shown() == ["picture 7.png"]
    ten.window.escape()
    ten.filled(10)
    assert ten.window.isVisible()


def test_only_the_last_of_several_searches_is_shown(ten: Opened) -> None:
    import asyncio

    ten.store.hold = asyncio.Event()
    for text in ("picture 1", "picture 2", "picture 3"):
        ten.window.filters.search.setText(text)
        ten.window.filters._search_now()
    asked = len(ten.store.asked)
    ten.until(lambda: len(ten.store.asked) >= 4 or len(ten.store.asked) > asked)
    ten.bridge.call_soon(ten.store.hold.set)
    ten.filled(1)
    assert ten.shown() == ["picture 3.png"]


def test_a_filter_becomes_a_chip_that_takes_it_away(qtbot: QtBot, tmp_path: Path) -> None:
    entries = [make_entry(0), make_entry(1, visibility=Visibility.PRIVATE), make_entry(2)]
    with opened(qtbot, entries, tmp_path) as history:
        menu = history.window.filters.make_menu()
        next(action for action in actions(menu) if action.text() == "Private").trigger()
        history.filled(1)
        item = history.window.filters._flow.itemAt(0)
        chip = None if item is None else item.widget()
        assert isinstance(chip, QPushButton)
        assert chip.accessibleName() == "Remove the filter Private"
        chip.click()
        history.filled(3)


def test_nothing_uploaded_nothing_found_and_an_error_are_said(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, [], tmp_path, wait=False) as history:
        listing = history.window.listing
        history.until(lambda: listing.currentWidget() is listing._empty)
        assert "Ctrl+Shift+4" in listing._empty.said
        history.window.filters.search.setText("x")
        history.until(lambda: listing.currentWidget() is listing._no_match)
        history.store.fails = UserFacingError("The disk does not answer.")
        history.window.retry_requested.emit()
        history.until(lambda: listing.currentWidget() is listing._error)
        assert "The disk does not answer." in listing._error.said
        history.store.fails = None
        history.window.retry_requested.emit()
        history.until(lambda: listing.currentWidget() is listing._no_match)


def test_grid_and_table_show_the_same_choice(ten: Opened) -> None:
    ten.choose(2, 3, 5)
    ten.window.set_mode(ViewMode.TABLE)
    rows = {index.row() for index in ten.window.listing.table.selectionModel().selectedRows()}
    assert rows == {2, 3, 5}
    assert ten.window.listing.table.selectionModel() is ten.window.listing.grid.selectionModel()


def test_a_click_on_a_header_sorts_and_a_second_one_turns_the_days_round(ten: Opened) -> None:
    ten.window.set_mode(ViewMode.TABLE)
    header = ten.window.listing.table.horizontalHeader()
    header.sectionClicked.emit(1)
    ten.until(lambda: ten.shown()[:1] == ["picture 9.png"])
    assert ten.window.filters.query.sort is HistorySort.OLDEST
    header.sectionClicked.emit(2)
    ten.until(lambda: ten.window.model.order is HistorySort.LARGEST)
    assert header.sortIndicatorSection() == 2


def test_the_keys_lead_everywhere(ten: Opened) -> None:
    grid = ten.window.listing.grid
    ten.window.filters.left_downwards.emit()
    assert grid.currentIndex().row() == 0
    for key, row in (
        (Qt.Key.Key_End, 9),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Left, 0),
        (Qt.Key.Key_PageDown, None),
        (Qt.Key.Key_PageUp, None),
    ):
        press(grid, key)
        assert row is None or grid.currentIndex().row() == row
    press(grid, Qt.Key.Key_Home)
    press(grid, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
    assert len(ten.window.listing.chosen()) == 10
    press(grid, Qt.Key.Key_Home)
    assert len(ten.window.listing.chosen()) == 1
    press(grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(ten.window.listing.chosen()) == 10


def test_down_keeps_the_column_over_a_day_that_is_shorter(ten: Opened) -> None:
    # NOON's day has 2 pictures at 11:00 and 03:00 UTC in any zone near it; days have three at most.
    grid = ten.window.listing.grid
    ten.window.listing.focus_list()
    seen = [grid.currentIndex().row()]
    for _ in range(10):
        press(grid, Qt.Key.Key_Down)
        seen.append(grid.currentIndex().row())
    assert seen == sorted(seen)
    sections = ten.window.model.sections
    assert set(seen) >= {section.first_row for section in sections}


def test_the_keys_of_the_list_do_what_the_menu_does(ten: Opened) -> None:
    grid, heard = ten.window.listing.grid, list[str]()
    for name in ("delete", "forget", "favourite", "edit"):
        signal = getattr(ten.window, f"{name}_requested")
        signal.connect(lambda *_, name=name: heard.append(name))
    ten.choose(0)
    ten.window.listing.focus_list()
    press(grid, Qt.Key.Key_D, CTRL)
    press(grid, Qt.Key.Key_E, CTRL)
    press(grid, Qt.Key.Key_Delete)
    press(grid, Qt.Key.Key_C, CTRL)
    ten.until(lambda: ten.clipboard.text)
    press(grid, Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    assert heard == ["favourite", "edit", "delete", "forget"]
    ten.filled(9)


@pytest.mark.parametrize("mode", ViewMode)
def test_clicks_choose_as_everywhere(ten: Opened, mode: ViewMode) -> None:
    ten.window.set_mode(mode)
    view = ten.window.listing.view

    def click(row: int, modifier: Qt.KeyboardModifier = PLAIN) -> list[int]:
        place = view.visualRect(ten.window.model.index(row, 0)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, place)
        return [row for row, each in enumerate(ten.window.model.ids) if each in ten.window.listing.chosen()]

    shift = Qt.KeyboardModifier.ShiftModifier
    assert click(1) == [1]
    assert click(4, shift) == [1, 2, 3, 4]
    assert click(3, CTRL) == [1, 2, 4]
    assert click(5, CTRL) == [1, 2, 4, 5]
    # On one of several, the others are let go.
    assert click(2) == [2]
    assert click(0, shift) == [0, 1, 2]


def test_enter_opens_what_is_chosen(ten: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.ui import history_actions

    addresses: list[str] = []
    monkeypatch.setattr(history_actions, "open_url", addresses.append)
    ten.choose(0)
    ten.window.listing.focus_list()
    press(ten.window.listing.grid, Qt.Key.Key_Return)
    ten.until(lambda: addresses)
    press(ten.window.listing.grid, Qt.Key.Key_Return, CTRL)
    ten.until(lambda: len(addresses) > 1)
    assert addresses == [make_entry(0).image.viewer, make_entry(0).image.url]


def test_escape_in_a_field_takes_back_what_was_typed_and_leaves_the_window(ten: Opened) -> None:
    ten.choose(0)
    ten.window.edit_title()
    QTest.keyClicks(ten.window.details.title, "wrong")
    press(ten.window.details.title, Qt.Key.Key_Escape)
    assert ten.window.details.title.text() == ""
    assert ten.window.isVisible()
    assert ten.store.entries_by_id[ten.window.model.ids[0]].title == ""


def test_letters_typed_in_the_list_go_to_the_search(ten: Opened) -> None:
    ten.window.listing.focus_list()
    QTest.keyClicks(ten.window.listing.grid, "p")
    assert ten.window.filters.search.text() == "p"


def test_control_c_copies_the_links_of_all_that_are_chosen(ten: Opened) -> None:
    ten.choose(0, 2)
    ten.window.copy(None)
    ten.until(lambda: ten.clipboard.text)
    assert ten.clipboard.text == "https://imglink.example/i/id00000000\nhttps://imglink.example/i/id00000002"


@pytest.mark.parametrize("form", list(LinkForm))
def test_every_form_is_copied_from_the_menu(ten: Opened, form: LinkForm) -> None:
    from app.core.links import format_link

    ten.choose(1)
    ten.window.copy(form)
    ten.until(lambda: ten.clipboard.text)
    entry = make_entry(1)
    assert ten.clipboard.text == format_link(entry.image, form, file_name=entry.file_name)


def test_one_that_is_chosen_is_shown_whole(ten: Opened) -> None:
    ten.choose(3)
    details = ten.window.details
    ten.until(lambda: details.entry_id == ten.window.model.ids[3])
    texts = [part.text().replace("\u200b", "") for part in details.findChildren(QLabel) if part.isVisibleTo(details)]
    for expected in ("640 × 480", "1 kB", "image/png", "id00000003", "Public"):
        assert expected in texts


def test_a_title_is_saved_by_enter_and_found_by_the_search(ten: Opened) -> None:
    ten.choose(4)
    ten.window.edit_title()
    ten.window.details.title.setText("The red boat")
    press(ten.window.details.title, Qt.Key.Key_Return)
    ten.until(lambda: ten.shown()[4] == "The red boat")
    ten.window.filters.search.setText("red boat")
    ten.filled(1)


def test_a_note_is_saved_when_another_one_is_chosen(ten: Opened) -> None:
    ten.choose(4)
    entry_id = ten.window.model.ids[4]
    ten.window.details.note.setPlainText("Two lines\nof text")
    ten.choose(5)
    ten.until(lambda: ten.store.entries_by_id[entry_id].note == "Two lines\nof text")
    assert ten.window.details.note.toPlainText() == ""


def test_what_is_being_typed_survives_news_of_the_entry(ten: Opened) -> None:
    ten.choose(4)
    entry_id = ten.window.model.ids[4]
    ten.window.details.title.setText("half a wo")
    ten.window.favourite_requested.emit([entry_id], True)
    ten.until(lambda: (known := ten.window.model.known(entry_id)) is not None and known.favourite)
    assert ten.window.details.title.text() == "half a wo"


def test_control_d_gives_a_star_and_takes_it(ten: Opened) -> None:
    ten.choose(0, 1)
    first = ten.window.model.ids[0]
    for expected in (True, False):
        ten.window.toggle_favourite()
        ten.until(lambda wanted=expected: (e := ten.window.model.known(first)) is not None and e.favourite is wanted)


def test_what_is_forgotten_comes_back_by_undo(ten: Opened) -> None:
    ten.choose(1, 2)
    ten.window.forget()
    ten.until(lambda: ten.window.model.rowCount() == 8 and ten.window.action.isVisible())
    assert not ten.api.deleted
    ten.window.undo_requested.emit()
    ten.filled(10)
    assert ten.shown()[1] == "picture 1.png"


def test_what_is_deleted_is_kept_by_undo_before_anything_is_sent(ten: Opened) -> None:
    ten.choose(0, 1, 2)
    ten.window.delete()
    ten.until(lambda: "3 images" in ten.window.action.accessibleName())
    ten.window.undo_requested.emit()
    ten.until(lambda: "kept" in ten.window.action.accessibleName())
    assert not ten.api.deleted


def test_what_is_deleted_is_marked_gone_and_failures_are_listed_one_by_one(qtbot: QtBot, tmp_path: Path) -> None:
    entries = make_entries(4)
    with opened(qtbot, entries, tmp_path, undo_s=0.0) as history:
        history.api.refuses = {
            entries[1].image_id: UserFacingError("The service is busy."),
            entries[2].image_id: UserFacingError("The service is asleep."),
        }
        history.choose(0, 1, 2)
        history.window.delete()
        results = history.window.results
        history.until(results.isVisible)
        assert history.api.deleted == [entries[0].image_id]
        assert "2 images were not deleted." in results.accessibleName()
        assert results._list.toPlainText() == (
            "picture 1.png: The service is busy.\npicture 2.png: The service is asleep."
        )
        first = entries[0].id
        history.until(
            lambda: (e := history.window.model.known(first)) is not None and e.remote_state is RemoteState.GONE
        )


def test_a_key_without_the_scope_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    entries = make_entries(2)
    with opened(qtbot, entries, tmp_path, undo_s=0.0) as history:
        history.api.refuses = {entry.image_id: Forbidden("Insufficient scope") for entry in entries}
        history.choose(0, 1)
        history.window.delete()
        history.until(history.window.results.isVisible)
        assert "image:delete" in history.window.results.accessibleName()


def test_an_anonymous_one_cannot_be_deleted_and_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, [make_entry(0, anonymous=True), make_entry(1)], tmp_path) as history:
        history.choose(0)
        action = next(a for a in actions(history.window.make_menu()) if a.text().startswith("Delete on ImgLink"))
        assert not action.isEnabled()
        assert "without an account" in action.toolTip()
        history.window.delete()
        assert "without an account" in history.window.results.accessibleName()


def test_without_a_copy_editing_and_uploading_again_say_why_not(ten: Opened) -> None:
    ten.choose(0)
    by_text = {action.text().split(" — ")[0]: action for action in actions(ten.window.make_menu())}
    for text in ("Upload again", "Edit", "Show in folder"):
        assert not by_text[text].isEnabled()
        assert "No copy" in by_text[text].toolTip()


def test_the_service_is_asked_and_gone_is_said(ten: Opened) -> None:
    entry = make_entry(0)
    ten.choose(0)
    ten.api.images[entry.image_id] = replace(entry.image, views=77)
    ten.window.details._refresh.click()
    ten.until(lambda: ten.window.details._facts["views"].text() == "77")
    del ten.api.images[entry.image_id]
    ten.until(ten.window.details._refresh.isEnabled)
    ten.window.details._refresh.click()
    ten.until(ten.window.details._gone.isVisible)
    assert "Gone from ImgLink" in ten.window.details._gone.text()


def test_new_uploads_appear_on_top_and_the_choice_stays(ten: Opened) -> None:
    from app.core.history import HistoryAdded

    ten.choose(0)
    chosen = ten.window.listing.chosen()
    newest = make_entry(-1)
    ten.store.entries_by_id[newest.id] = newest
    ten.bridge.call_soon(ten.history._observers.notify, HistoryAdded((newest,)))
    ten.filled(11)
    assert ten.shown()[0] == "picture -1.png"
    assert ten.window.listing.chosen() == chosen


def test_what_is_chosen_while_the_list_is_read_again_stays_chosen(ten: Opened) -> None:
    import asyncio

    ten.choose(2, 3)
    ten.store.hold = asyncio.Event()
    asked = len(ten.store.asked)
    ten.window.retry_requested.emit()
    ten.until(lambda: len(ten.store.asked) > asked)
    newest = make_entry(-1)
    ten.store.entries_by_id[newest.id] = newest
    ten.choose(5)
    ten.bridge.call_soon(ten.store.hold.set)
    ten.filled(11)
    assert ten.window.listing.chosen() == [make_entry(5).id]


def test_a_drag_offers_links_text_and_image_ids(ten: Opened) -> None:
    ten.choose(0, 1)
    data = ten.window.listing.drag_data({})
    assert data is not None
    assert [url.toString() for url in data.urls()] == [make_entry(n).image.url for n in (0, 1)]
    assert images_in(data) == ["id00000000", "id00000001"]


@pytest.mark.parametrize("content", [b"", b"[", b"{}", b'["../../x"]', b"[5]", b"[" * 99999, b"null"])
def test_a_drag_with_our_name_and_other_content_is_nothing(content: bytes) -> None:
    from PySide6.QtCore import QByteArray, QMimeData

    data = QMimeData()
    data.setData(IMAGES_MIME, QByteArray(content))
    assert images_in(data) == []


def test_a_file_is_dragged_under_a_sensible_name_and_goes_with_the_window(qtbot: QtBot, tmp_path: Path) -> None:
    ours = tmp_path / "0f3a.upload"
    ours.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(32))
    hostile = "../evil.desktop"
    with opened(qtbot, [make_entry(0, path=ours, file_name=hostile, title="Sea/side <b>")], tmp_path) as history:
        history.choose(0)
        history.window.listing._prepare_drag()
        history.until(lambda: history.window.listing._drag_files)
        data = history.window.listing.drag_data({})
        assert data is not None
        (url,) = data.urls()
        copy = Path(url.toLocalFile())
        assert copy.name == "Sea-side -b-.png"
        assert copy.read_bytes() == ours.read_bytes()
    assert not copy.exists()


def test_the_window_comes_back_as_it_was_left(ten: Opened, qtbot: QtBot, tmp_path: Path) -> None:
    ten.window.set_mode(ViewMode.TABLE)
    ten.window.filters.set_sort(HistorySort.NAME)
    ten.window.listing.table.setColumnHidden(3, True)
    ten.window.close()
    ten.until(ten.remembered.load)
    with opened(qtbot, make_entries(3), tmp_path) as again:
        again.until(lambda: again.window.listing.mode is ViewMode.TABLE)
        assert again.window.filters.query.sort is HistorySort.NAME
        assert again.window.listing.table.isColumnHidden(3)


@pytest.mark.parametrize("values", [{"geometry": "ä%%", "mode": "x", "sort": "", "columns": "AAAA"}, {}])
def test_a_remembered_window_that_cannot_be_understood_is_no_harm(ten: Opened, values: dict[str, str]) -> None:
    arrange(ten.window, values)
    assert ten.window.isVisible()


def test_what_happened_while_the_window_was_closed_is_seen_when_it_opens(ten: Opened) -> None:
    ten.window.close()
    ids = [ten.window.model.ids[0]]
    ten.bridge.submit(lambda: ten.history.forget(ids), owner=ten.controller, on_error=ten.errors.append)
    ten.until(lambda: ten.controller._reader is not None and ten.controller._reader._is_stale)
    ten.controller.present()
    ten.filled(9)


def test_foreign_text_is_never_taken_for_markup(qtbot: QtBot, look: Look, tmp_path: Path) -> None:
    planted = '<img src="file:///etc/passwd"><b>x</b>'
    entry = make_entry(0, file_name=planted, title=planted, note=planted, mime=planted, sha256=planted)
    entry = replace(entry, image=replace(entry.image, url=planted, viewer=planted, delete=planted))
    with opened(qtbot, [entry], tmp_path) as history:
        history.choose(0)
        history.window.filters.search.setText("img")
        history.filled(1)
        history.window.results.show_results(planted, [planted])
        for part in history.window.findChildren(QLabel):
            assert part.textFormat() is Qt.TextFormat.PlainText, part.text()
        index = history.window.model.index(0, 0)
        assert "<img" not in index.data(Qt.ItemDataRole.ToolTipRole)
        assert all("<img" not in part.toolTip() for part in history.window.findChildren(QWidget))


def actions(menu: QMenu) -> list[QAction]:
    """All of a menu and of the menus in it."""
    found: list[QAction] = []
    for action in menu.actions():
        inner = action.menu()
        found += actions(inner) if isinstance(inner, QMenu) else [action]
    return found
