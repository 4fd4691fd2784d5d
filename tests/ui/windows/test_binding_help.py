from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.ports import BindResult
from app.core.shortcuts import Shortcut
from app.settings import Settings
from app.system.compositor_keys import BindingHelp
from app.ui.settings_window.binding_help import BindingHelpPanel
from app.ui.settings_window.hotkeys_page import HotkeysPage

LINES = "bindsym Ctrl+Shift+4 exec imglink capture region --copy"


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[BindingHelpPanel]:
    host = QWidget()
    made = BindingHelpPanel()
    QVBoxLayout(host).addWidget(made)
    yield made
    host.deleteLater()


def test_the_lines_are_shown_as_they_are_and_copied_with_a_button(panel: BindingHelpPanel) -> None:
    panel.set_help(BindingHelp("Add this to <b>the file</b>.", LINES))
    assert panel.isVisibleTo(panel.window())
    texts = [each.text() for each in panel.findChildren(QLabel)]
    assert "Add this to <b>the file</b>." in texts
    asked: list[tuple[str, Callable[[bool], None]]] = []
    panel.copy_requested.connect(lambda text, tell: asked.append((text, tell)))
    panel.findChildren(QPushButton)[0].click()
    [(text, tell)] = asked
    assert text == LINES
    assert "Copied" not in [each.text() for each in panel.findChildren(QLabel)]
    tell(True)
    assert "Copied" in [each.text() for each in panel.findChildren(QLabel)]


def test_nothing_to_tell_is_nothing_to_see(panel: BindingHelpPanel) -> None:
    panel.set_help(BindingHelp("Add this.", LINES))
    panel.set_help(None)
    assert not panel.isVisibleTo(panel.window())
    panel.set_help(BindingHelp("Add this.", ""))
    assert not panel.isVisibleTo(panel.window())


def test_the_page_says_once_what_holds_for_every_key(qtbot: QtBot) -> None:
    page = HotkeysPage(None)
    qtbot.addWidget(page)
    page.set_settings(Settings(), {})
    key = Shortcut.parse("Ctrl+Shift+4")
    page.set_results({"region": BindResult(key, bound=False, reason="No keys here.")})
    assert page.problem_of("region") == "No keys here."
    page.set_unavailable("No keys here.")
    assert page.problem_of("region") == ""


def test_the_desktops_own_choice_of_a_key_is_shown(qtbot: QtBot) -> None:
    page = HotkeysPage(None)
    qtbot.addWidget(page)
    page.set_settings(Settings(), {})
    key = Shortcut.parse("Ctrl+Shift+4")
    page.set_results({"region": BindResult(key, bound=True, trigger="Meta+R")})
    assert page.note_of("region") == "In this desktop's settings: Meta+R"
    page.set_results({"region": BindResult(key, bound=True)})
    assert page.note_of("region") == ""
