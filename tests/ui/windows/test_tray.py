from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from app.core.imglink import Album, AlbumId, EmbedFields, EmbedId, EmbedProfile
from app.core.uploads import UploadState
from app.core.workflow import DEFAULT_SHORTCUTS
from app.ui import texts
from app.ui.tray import Tray, TrayState
from tests.ui.windows.conftest import MakeItem


@pytest.fixture
def tray(qtbot: QtBot) -> Iterator[Tray]:
    made = Tray()
    made.build_menu()
    yield made
    made.hide()
    made.menu.deleteLater()
    made.deleteLater()


def entries(menu: QMenu) -> dict[str, QAction]:
    found: dict[str, QAction] = {}
    for action in menu.actions():
        submenu = action.menu()
        if not action.isVisible() or action.isSeparator():
            continue
        found[action.text()] = action
        if isinstance(submenu, QMenu):
            found |= entries(submenu)
    return found


def test_every_entry_of_the_menu_does_something(tray: Tray, qtbot: QtBot) -> None:
    expected = {
        "Capture region": (tray.capture_requested, ["region"]),
        "Capture whole screen": (tray.capture_requested, ["screen"]),
        "Capture window": (tray.capture_requested, ["window"]),
        "Capture last region again": (tray.capture_requested, ["last"]),
        "Upload from clipboard": (tray.capture_requested, ["clipboard"]),
        "Upload files…": (tray.upload_files_requested, []),
        "Capture same window again": (tray.capture_requested, ["same-window"]),
        "Capture fixed size": (tray.capture_requested, ["fixed"]),
        "Manage albums…": (tray.albums_requested, []),
        "Manage…": (tray.embeds_requested, []),
        "History…": (tray.history_requested, []),
        "Gallery": (tray.gallery_requested, []),
        "Settings…": (tray.settings_requested, []),
        "Pause uploads": (tray.pause_toggled, [True]),
        "Quit": (tray.quit_requested, []),
    }
    found = entries(tray.menu)
    assert set(found) - {"Capture", "Open ImgLink", "Albums", "Embed profiles"} == set(expected)
    for text, (signal, arguments) in expected.items():
        with qtbot.waitSignal(signal, timeout=1000) as heard:
            found[text].trigger()
        assert heard.args == arguments
    with qtbot.waitSignal(tray.window_requested, timeout=1000) as heard:
        found["Open ImgLink"].trigger()
    assert isinstance(heard.args and heard.args[0], QRect)


def test_the_profile_of_new_uploads_is_chosen_in_the_menu(tray: Tray, qtbot: QtBot) -> None:
    profiles = [EmbedProfile(EmbedId("1"), EmbedFields("Brand & co")), EmbedProfile(EmbedId("2"), EmbedFields("Other"))]
    tray.set_embeds(profiles, EmbedId("2"))
    found = entries(tray.menu)
    assert [name for name in ("No profile", "Brand && co", "Other") if found[name].isChecked()] == ["Other"]
    with qtbot.waitSignal(tray.embed_chosen, timeout=1000) as heard:
        found["Brand && co"].trigger()
    assert heard.args == ["1"]
    tray.set_embeds([], EmbedId("7"))
    with qtbot.waitSignal(tray.embed_chosen, timeout=1000) as heard:
        entries(tray.menu)["No profile"].trigger()
    assert heard.args == [None]
    assert "Other" not in entries(tray.menu)
    assert entries(tray.menu)["Profile 7"].isCheckable()


def test_keys_are_shown_beside_the_captures(tray: Tray) -> None:
    tray.set_shortcuts({**DEFAULT_SHORTCUTS, "screen": "", "window": "not a key"})
    found = entries(tray.menu)
    assert found["Capture region"].shortcut().toString() == "Ctrl+Shift+4"
    assert found["Capture whole screen"].shortcut().isEmpty()
    assert found["Capture window"].shortcut().isEmpty()


@pytest.mark.parametrize(("platform", "command"), [("linux", "Meta"), ("darwin", "Ctrl")])
def test_the_menu_names_keys_as_qt_does_on_the_platform(
    tray: Tray, monkeypatch: pytest.MonkeyPatch, platform: str, command: str
) -> None:
    monkeypatch.setattr(texts, "sys", SimpleNamespace(platform=platform))
    tray.set_shortcuts({"region": "Cmd+Option+4"})
    assert entries(tray.menu)["Capture region"].shortcut() == QKeySequence(f"{command}+Alt+4")
    assert not entries(tray.menu)["Capture region"].shortcut().isEmpty()


def test_a_click_opens_the_window_and_the_menu_button_does_not(tray: Tray, qtbot: QtBot) -> None:
    with qtbot.waitSignal(tray.window_requested, timeout=1000):
        tray._icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    with qtbot.assertNotEmitted(tray.window_requested):
        tray._icon.activated.emit(QSystemTrayIcon.ActivationReason.Context)


def test_where_a_click_opens_the_menu_it_does_not_open_the_window_as_well(qtbot: QtBot) -> None:
    # As on a Mac, where Qt tells of the click before it opens the menu.
    tray = Tray(click_opens_menu=True)
    tray.build_menu()
    wanted: list[QRect] = []
    tray.window_requested.connect(wanted.append)
    tray._icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    assert wanted == []
    entries(tray.menu)["Open ImgLink"].trigger()
    assert len(wanted) == 1
    tray.menu.deleteLater()
    tray.deleteLater()


def test_recent_uploads_copy_their_link_and_names_are_harmless(tray: Tray, make_item: MakeItem, qtbot: QtBot) -> None:
    assert "Copy recent link" not in entries(tray.menu)
    tray.set_recent([make_item("a", UploadState.DONE, file_name="Tom & Jerry\t\u202e.png"), make_item("b")])
    found = entries(tray.menu)
    with qtbot.waitSignal(tray.copy_link_requested, timeout=1000) as heard:
        found["Tom && Jerry  .png"].trigger()
    assert heard.args == ["a"]
    tray.set_recent([])
    assert "Copy recent link" not in entries(tray.menu)


def test_state_summary_and_pause_are_shown(tray: Tray) -> None:
    idle = tray._icon.icon().pixmap(22, 22).toImage()
    tray.set_state(TrayState.ATTENTION)
    assert tray.state is TrayState.ATTENTION
    assert tray._icon.icon().pixmap(22, 22).toImage() != idle
    tray.set_summary("2 uploads")
    assert tray._icon.toolTip() == "ImgLink: 2 uploads"
    tray.set_paused(True)
    assert entries(tray.menu)["Pause uploads"].isChecked()


def test_the_menu_says_why_nothing_is_sent(tray: Tray) -> None:
    before = set(entries(tray.menu))
    tray.set_info("Next upload at 14:32")
    first = tray.menu.actions()[0]
    assert (first.text(), first.isEnabled(), first.isVisible()) == ("Next upload at 14:32", False, True)
    tray.set_info("")
    assert set(entries(tray.menu)) == before


def test_captures_can_be_sent_to_an_album_and_to_none_again(tray: Tray, qtbot: QtBot) -> None:
    albums = [Album(AlbumId(f"a{number}"), f"Album & {number}") for number in range(30)]
    tray.set_albums(albums, AlbumId("a25"))
    offered = {action.text(): action for action in tray._albums.actions() if action.isCheckable()}
    assert len(offered) == 22  # the first twenty, the one that is chosen, and none
    assert [text for text, action in offered.items() if action.isChecked()] == ["Album && 25"]
    with qtbot.waitSignal(tray.album_chosen, timeout=1000) as heard:
        offered["Album && 3"].trigger()
    assert heard.args == ["a3"]
    with qtbot.waitSignal(tray.album_chosen, timeout=1000) as heard:
        offered["No album"].trigger()
    assert heard.args == [None]
    tray.set_albums([], AlbumId("gone"))
    assert [action.text() for action in tray._albums.actions() if action.isChecked()] == ["Album gone"]
    tray.set_albums([], None)
    assert len(tray._albums.actions()) == 1
