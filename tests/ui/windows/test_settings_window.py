from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QListWidget, QMessageBox, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from app.core import shortcuts as shortcuts_module
from app.core.images import ImageFormat
from app.core.links import LinkForm
from app.core.ports import BindResult
from app.core.shortcuts import Modifier, Shortcut
from app.settings import Settings, options
from app.settings.schema import Account, AfterCapture, Capture, Hotkeys, Links
from app.ui.account_view import AccountState, AccountView, SessionState, SessionView
from app.ui.settings_window import PageId, SettingsWindow
from app.ui.settings_window import recorder as recorder_module
from app.ui.settings_window.fields import ChoiceField, FolderField, NumberField, Switch, TextField
from app.ui.settings_window.hotkeys_page import HotkeysPage
from app.ui.settings_window.links_page import LinksPage
from app.ui.settings_window.recorder import ShortcutRecorder
from app.ui.theme import Look
from app.ui.widgets import ElidedLabel

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
ENDS = datetime(2026, 3, 10, 14, 30).astimezone()
CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def window(qtbot: QtBot, look: Look) -> SettingsWindow:
    made = SettingsWindow(screenshots_folder="/home/ada/Pictures/Screenshots")
    qtbot.addWidget(made)
    made.present()
    return made


@pytest.fixture
def changes(window: SettingsWindow) -> list[tuple[str, dict[str, Any]]]:
    heard: list[tuple[str, dict[str, Any]]] = []
    window.change_requested.connect(lambda section, values: heard.append((section, values)))
    return heard


def texts(widget: QWidget) -> str:
    shown = [label for label in widget.findChildren(QLabel) if label.isVisible()]
    return "\n".join(each.text_whole() if isinstance(each, ElidedLabel) else each.text() for each in shown)


def button(widget: QWidget, text: str) -> QAbstractButton:
    return next(b for b in widget.findChildren(QAbstractButton) if text in (b.text(), b.accessibleName()))


def control(window: SettingsWindow, page: PageId, key: str) -> QWidget:
    window.open_page(page)
    return window.page(page).fields[key].control


def test_every_setting_has_exactly_one_place(window: SettingsWindow) -> None:
    placed = [key for page_id in PageId for key in window.page(page_id).fields]
    elsewhere = ["hotkeys.shortcuts", "upload.album", "upload.embed", "upload.workflow_embeds"]
    assert sorted([*placed, *elsewhere]) == sorted(option.key for option in options())


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(window: SettingsWindow) -> None:
    kinds = (QAbstractButton, QLineEdit, QSpinBox, QComboBox)
    for page_id in PageId:
        window.open_page(page_id)
        for widget in window.page(page_id).findChildren(QWidget):
            inner = isinstance(widget.parent(), QSpinBox | QComboBox)
            if isinstance(widget, kinds) and widget.isVisible() and not inner:
                assert widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()), widget
                assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget.accessibleName()


def test_changes_apply_at_once(window: SettingsWindow, changes: list[tuple[str, dict[str, Any]]]) -> None:
    switch = control(window, PageId.CAPTURE, "capture.include_cursor")
    assert isinstance(switch, Switch)
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton)
    spin = control(window, PageId.CAPTURE, "capture.delay_s")
    assert isinstance(spin, QSpinBox)
    spin.setValue(5)
    combo = control(window, PageId.CAPTURE, "capture.image_format")
    assert isinstance(combo, QComboBox)
    QTest.keyClick(combo, Qt.Key.Key_Down)
    assert changes == [
        ("capture", {"include_cursor": True}),
        ("capture", {"delay_s": 5}),
        ("capture", {"image_format": ImageFormat.WEBP}),
    ]


def test_showing_settings_changes_nothing(window: SettingsWindow, changes: list[tuple[str, dict[str, Any]]]) -> None:
    settings = Settings(
        capture=Capture(delay_s=9, image_format=ImageFormat.JPEG, include_cursor=True),
        links=Links(form=LinkForm.HTML),
    )
    window.set_settings(settings, {})
    fields = window.page(PageId.CAPTURE).fields
    assert isinstance(fields["capture.delay_s"], NumberField)
    assert fields["capture.delay_s"]._spin.value() == 9
    assert isinstance(fields["capture.image_format"], ChoiceField)
    assert fields["capture.image_format"]._combo.currentText() == "JPEG"
    assert changes == []


def test_a_wrong_text_is_told_while_typing_and_not_stored(
    window: SettingsWindow, changes: list[tuple[str, dict[str, Any]]]
) -> None:
    line = control(window, PageId.ADVANCED, "account.base_url")
    row = window.page(PageId.ADVANCED).rows["account.base_url"]
    assert isinstance(line, QLineEdit)
    line.selectAll()
    QTest.keyClicks(line, "http://example.org")
    assert "Only https" in row.problem
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert changes == []
    line.selectAll()
    QTest.keyClicks(line, "https://example.org")
    assert row.problem == ""
    assert changes == []
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert changes == [("account", {"base_url": "https://example.org"})]


def test_what_is_being_typed_is_not_overwritten_by_another_change(window: SettingsWindow) -> None:
    line = control(window, PageId.ADVANCED, "account.base_url")
    assert isinstance(line, QLineEdit)
    window.activateWindow()
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "https://exa")
    window.set_settings(Settings(capture=Capture(delay_s=2)), {})
    assert line.text() == "https://exa"


def test_the_environment_wins_and_says_so(window: SettingsWindow) -> None:
    account = Account(base_url="http://127.0.0.1:9")
    window.set_settings(Settings(account=account), {"account.base_url": "IMGLINK_BASE_URL"})
    line = control(window, PageId.ADVANCED, "account.base_url")
    assert isinstance(line, QLineEdit)
    assert line.isReadOnly()
    row = window.page(PageId.ADVANCED).rows["account.base_url"]
    # That is nothing wrong.
    assert (row.note, row.problem) == ("Decided by IMGLINK_BASE_URL in the environment.", "")
    window.set_settings(Settings(), {})
    assert row.note == ""


def test_a_list_of_choices_opens_with_all_of_them(window: SettingsWindow) -> None:
    for page, key in ((PageId.APPEARANCE, "appearance.theme"), (PageId.LINKS, "links.form")):
        combo = control(window, page, key)
        assert isinstance(combo, QComboBox)
        combo.showPopup()
        view = combo.view()
        last = combo.model().index(combo.count() - 1, 0)
        assert view.viewport().rect().contains(view.visualRect(last))
        combo.hidePopup()


def test_a_setting_that_counts_only_with_another_is_greyed(window: SettingsWindow) -> None:
    quality = control(window, PageId.CAPTURE, "capture.jpeg_quality")
    assert not quality.isEnabled()
    window.set_settings(
        Settings(capture=Capture(image_format=ImageFormat.JPEG), after_capture=AfterCapture(save_to_folder=True)), {}
    )
    assert quality.isEnabled()
    assert control(window, PageId.AFTER_CAPTURE, "after_capture.folder").isEnabled()


def test_an_empty_folder_shows_the_usual_one(window: SettingsWindow) -> None:
    field = window.page(PageId.AFTER_CAPTURE).fields["after_capture.folder"]
    assert isinstance(field, FolderField)
    assert field._line.placeholderText() == "/home/ada/Pictures/Screenshots"


def test_search_thins_out_rows_and_pages(window: SettingsWindow) -> None:
    search = next(line for line in window.findChildren(QLineEdit) if line.accessibleName() == "Search the settings")
    pages = window.findChildren(QListWidget)[0]
    search.setText("jpeg quality")
    assert [pages.item(row).text() for row in range(pages.count()) if not pages.item(row).isHidden()] == ["Capture"]
    assert "JPEG quality" in texts(window)
    assert "Delay" not in texts(window)
    search.setText("no such thing")
    assert "No setting has these words." in texts(window)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert search.text() == ""
    assert "Delay" in texts(window)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_the_preview_follows_the_template_and_a_wrong_one_is_told(
    window: SettingsWindow, changes: list[tuple[str, dict[str, Any]]]
) -> None:
    window.set_settings(Settings(links=Links(form=LinkForm.CUSTOM, template="$id")), {})
    page = window.page(PageId.LINKS)
    assert isinstance(page, LinksPage)
    field = page.fields["links.template"]
    assert isinstance(field, TextField)
    assert page.preview == "_RxgFRvwh9"
    window.open_page(PageId.LINKS)
    field._line.selectAll()
    QTest.keyClicks(field._line, "$width!")
    assert page.preview == "1920!"
    QTest.keyClicks(field._line, "$nope")
    assert "$nope is not known" in page.rows["links.template"].problem
    assert page.preview == "1920!"
    QTest.keyClick(field._line, Qt.Key.Key_Return)
    assert changes == []


def test_a_key_passes_through_once_and_is_not_kept(window: SettingsWindow, qtbot: QtBot) -> None:
    page = window.page(PageId.ACCOUNT)
    line = next(line for line in page.findChildren(QLineEdit) if line.accessibleName() == "API key")
    assert line.echoMode() is QLineEdit.EchoMode.Password
    assert not button(page, "Add key").isEnabled()
    line.setText("  canary-key \n")
    with qtbot.waitSignal(window.key_entered, timeout=1000) as heard:
        button(page, "Add key").click()
    assert heard.args == ["canary-key"]
    assert line.text() == ""


def test_the_account_says_where_the_key_is_and_what_it_may_do(window: SettingsWindow, qtbot: QtBot) -> None:
    page = window.page(PageId.ACCOUNT)
    assert "25 MB, one upload every 30 minutes" in texts(page)
    window.set_account(AccountView(AccountState.READY, store_name="KWallet", message="It may upload."))
    assert "Kept in KWallet." in texts(page)
    assert "It may upload." in texts(page)
    with qtbot.waitSignal(window.check_key_requested, timeout=1000):
        button(page, "Check").click()
    window.set_account(AccountView(AccountState.READY, is_persistent=False, store_notice="Install a keyring."))
    assert texts(page).count("Install a keyring.") == 1
    assert "forgotten" not in texts(page)
    window.set_account(AccountView(AccountState.READY, is_persistent=False))
    assert texts(page).count("forgotten when ImgLink quits") == 1


def test_a_first_key_that_is_refused_is_not_said_to_be_kept(window: SettingsWindow) -> None:
    page = window.page(PageId.ACCOUNT)
    window.set_account(AccountView(store_name="KWallet", problem="ImgLink does not accept it."))
    assert "ImgLink does not accept it." in texts(page)
    assert "No API key" in texts(page)
    assert "Kept in" not in texts(page)
    assert not button(page, "Remove…").isVisible()
    window.set_account(AccountView(AccountState.READY, store_name="KWallet"))
    assert "ImgLink does not accept it." not in texts(page)


def test_a_key_is_removed_only_after_a_question(window: SettingsWindow, qtbot: QtBot) -> None:
    window.set_account(AccountView(AccountState.READY))
    with qtbot.assertNotEmitted(window.remove_key_requested):
        button(window, "Remove…").click()
    [box] = window.findChildren(QMessageBox)
    # Enter must not do what cannot be undone.
    assert box.defaultButton() is box.button(QMessageBox.StandardButton.Cancel)
    with qtbot.waitSignal(window.remove_key_requested, timeout=1000):
        button(box, "Remove").click()


@pytest.mark.parametrize(
    ("session", "words"),
    [
        (SessionView(), "Not signed in"),
        (SessionView(SessionState.SIGNED_IN, "mia", ENDS), "Signed in as mia"),
        (SessionView(SessionState.SIGNED_IN, "mia", ENDS), "Until Tuesday, 10 March 2026"),
        (SessionView(SessionState.UNCHECKED), "Signed in"),
        (SessionView(SessionState.LAPSED, "mia", ENDS), "The session is over"),
        (SessionView(SessionState.REFUSED, "mia", ENDS), "The session was refused"),
    ],
)
def test_the_session_says_whose_it_is_and_until_when(window: SettingsWindow, session: SessionView, words: str) -> None:
    window.set_account(AccountView(session=session))
    page = window.page(PageId.ACCOUNT)
    assert words in texts(page)
    assert ("Until" in texts(page)) == (session.state is SessionState.SIGNED_IN)
    assert ("anonymous" in texts(page)) == (session.state is SessionState.SIGNED_OUT)


def test_one_signs_in_and_out_from_the_account_page(window: SettingsWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.sign_in_requested, timeout=1000):
        button(window, "Sign in…").click()
    assert not button(window, "Sign out").isVisible()
    window.set_account(AccountView(session=SessionView(SessionState.SIGNED_IN)))
    with qtbot.waitSignal(window.sign_out_requested, timeout=1000):
        button(window, "Sign out").click()
    window.set_account(AccountView(session=SessionView(SessionState.SIGNED_IN, is_fixed=True)))
    assert not button(window, "Sign out").isVisible()
    assert not button(window, "Sign in again…").isVisible()


def test_where_there_is_no_good_key_the_window_opens_ready_for_one(qtbot: QtBot, look: Look) -> None:
    made = SettingsWindow()
    qtbot.addWidget(made)
    made.present()
    key = next(line for line in made.findChildren(QLineEdit) if line.accessibleName() == "API key")
    qtbot.waitUntil(key.hasFocus, timeout=5000)
    made.close()
    made.set_account(AccountView(AccountState.READY))
    key.clearFocus()
    made.present()
    assert not key.hasFocus()


def recorder(window: SettingsWindow, name: str) -> ShortcutRecorder:
    window.open_page(PageId.HOTKEYS)
    return next(r for r in window.findChildren(ShortcutRecorder) if r.accessibleName().startswith(name))


@pytest.mark.parametrize(
    ("key", "held", "expected"),
    [
        (Qt.Key.Key_Dollar, CTRL | SHIFT, "Ctrl+Shift+4"),
        (Qt.Key.Key_X, CTRL | ALT, "Ctrl+Alt+X"),
        (Qt.Key.Key_Print, Qt.KeyboardModifier.NoModifier, "Print"),
        (Qt.Key.Key_Print, SHIFT, "Shift+Print"),
        (Qt.Key.Key_F9, CTRL, "Ctrl+F9"),
        (Qt.Key.Key_Backtab, CTRL | SHIFT, "Ctrl+Shift+Tab"),
        (Qt.Key.Key_Escape, CTRL, "Ctrl+Escape"),
        (Qt.Key.Key_Plus, CTRL, "Ctrl+Plus"),
    ],
)
def test_pressing_keys_records_them(
    window: SettingsWindow,
    changes: list[tuple[str, dict[str, Any]]],
    qtbot: QtBot,
    key: Qt.Key,
    held: Qt.KeyboardModifier,
    expected: str,
) -> None:
    field = recorder(window, "Capture window")
    with qtbot.waitSignal(window.recording_changed, timeout=1000) as heard:
        field.click()
    assert heard.args == [True]
    QTest.keyClick(field, Qt.Key.Key_Control)
    assert field.is_recording
    if expected == "Ctrl+Shift+4":
        window.set_settings(Settings(hotkeys=Hotkeys({"region": "", "window": "F2"})), {})
    with qtbot.waitSignal(window.recording_changed, timeout=1000) as heard:
        QTest.keyClick(field, key, held)
    assert heard.args == [False]
    [(section, values)] = changes
    assert (section, values["shortcuts"]["window"]) == ("hotkeys", expected)


def test_the_keyboard_layout_of_the_platform_wins(qtbot: QtBot, look: Look) -> None:
    field = ShortcutRecorder("Region", lambda code, state: Shortcut(Modifier.ALT, "Ä"))
    qtbot.addWidget(field)
    field.show()
    field.click()
    with qtbot.waitSignal(field.recorded, timeout=1000) as heard:
        # Synthetic keys carry no scan code, so one is made that does.
        from PySide6.QtCore import QEvent
        from PySide6.QtGui import QKeyEvent
        from PySide6.QtWidgets import QApplication

        QApplication.sendEvent(field, QKeyEvent(QEvent.Type.KeyPress, int(Qt.Key.Key_A), ALT, 48, 0, 8, "", False, 1))
    assert heard.args == ["Alt+Ä"]


def test_on_a_mac_the_command_key_is_what_qt_calls_control(
    qtbot: QtBot, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (recorder_module, shortcuts_module):
        monkeypatch.setattr(module, "sys", SimpleNamespace(platform="darwin"))
    field = ShortcutRecorder("Region", None)
    qtbot.addWidget(field)
    field.show()
    field.click()
    QTest.keyPress(field, Qt.Key.Key_Control)
    assert field.text() == "Cmd+…"
    QTest.keyPress(field, Qt.Key.Key_Meta, CTRL)
    assert field.text() == "Ctrl+Cmd+…"
    with qtbot.waitSignal(field.recorded, timeout=1000) as heard:
        QTest.keyClick(field, Qt.Key.Key_4, CTRL | ALT)
    assert heard.args == ["Option+Cmd+4"]


def test_escape_leaves_a_key_and_backspace_removes_it(
    window: SettingsWindow, changes: list[tuple[str, dict[str, Any]]]
) -> None:
    field = recorder(window, "Capture window")
    field.click()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert window.isVisible()
    assert changes == []
    assert field.text() == "Ctrl+Shift+2"
    field.click()
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert changes[0][1]["shortcuts"]["window"] == ""


def test_a_conflict_or_a_typing_key_is_told_and_not_stored(
    window: SettingsWindow, changes: list[tuple[str, dict[str, Any]]]
) -> None:
    page = window.page(PageId.HOTKEYS)
    assert isinstance(page, HotkeysPage)
    field = recorder(window, "Capture window")
    field.click()
    QTest.keyClick(field, Qt.Key.Key_U, CTRL | SHIFT)
    assert page.problem_of("window") == "Ctrl+Shift+U is the key of “Upload from clipboard” already."
    field.click()
    QTest.keyClick(field, Qt.Key.Key_A)
    assert "typing" in page.problem_of("window")
    assert changes == []
    # The old keys are bound again after each recording.
    window.set_hotkey_results({"window": BindResult(Shortcut.parse("Ctrl+Shift+2"), True)})
    assert "typing" in page.problem_of("window")
    field.click()
    QTest.keyClick(field, Qt.Key.Key_F8)
    assert page.problem_of("window") == ""


def test_a_key_that_could_not_be_bound_says_why(window: SettingsWindow) -> None:
    page = window.page(PageId.HOTKEYS)
    assert isinstance(page, HotkeysPage)
    key = Shortcut.parse("Ctrl+Shift+3")
    window.set_hotkey_results(
        {"screen": BindResult(key, False, "Another program has it."), "region": BindResult(key, True)}
    )
    assert page.problem_of("screen") == "Another program has it."
    assert page.problem_of("region") == ""
    window.set_hotkey_results({})
    assert page.problem_of("screen") == ""


def test_reset_brings_all_default_keys_back(window: SettingsWindow, changes: list[tuple[str, dict[str, Any]]]) -> None:
    window.set_settings(Settings(hotkeys=Hotkeys({"region": "F1"})), {})
    button(window.page(PageId.HOTKEYS), "Reset all").click()
    assert changes == [("hotkeys", {"shortcuts": dict(Hotkeys().shortcuts)})]


def test_notices_are_shown_as_plain_text_and_can_be_dismissed(window: SettingsWindow) -> None:
    window.add_notices(["The file <b>was</b> damaged."])
    QTest.qWait(0)
    assert "The file <b>was</b> damaged." in texts(window)
    button(window, "Dismiss").click()
    QTest.qWait(0)
    assert "damaged" not in texts(window)
