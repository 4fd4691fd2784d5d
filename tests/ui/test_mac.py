"""What the windows ask of a Mac, over AppKit in memory; its names and numbers are pyobjc's own."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.geometry import Rect
from app.core.screen import Monitor
from app.ui import mac
from app.ui.countdown import CountdownWindow
from app.ui.overlay import Overlay, grab, window
from tests.ui.overlay.frames import desktop_of
from tests.unit.macos.framework import METADATA, selector

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

EDITOR, OURSELVES = 4711, os.getpid()


class Program:
    """NSRunningApplication."""

    def __init__(self, told: list[str], pid: int) -> None:
        self._told, self._pid = told, pid

    def processIdentifier(self) -> int:
        return self._pid

    def activateWithOptions_(self, options: int) -> bool:
        self._told.append(f"{self._pid} is active")
        return options == 0


class Application:
    """NSApplication before macOS 14."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def activateIgnoringOtherApps_(self, ignoring: bool) -> None:
        assert ignoring
        self._told.append("we are active")


class NewApplication(Application):
    """NSApplication from macOS 14 on."""

    def yieldActivationToApplication_(self, program: Program) -> None:
        self._told.append(f"we let {program.processIdentifier()}")


class NativeWindow:
    """NSWindow."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def setLevel_(self, level: int) -> None:
        self._told.append(f"level {level}")

    def setCollectionBehavior_(self, behavior: int) -> None:
        self._told.append(f"behavior {behavior}")


class Mac:
    """The parts of pyobjc that are used, and what they were told, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.views: list[int] = []
        self.frontmost: Program | None = Program(self.told, EDITOR)
        self.application: Application = Application(self.told)
        workspace = SimpleNamespace(frontmostApplication=lambda: self.frontmost)
        appkit: dict[str, Any] = {
            name: int(value) for name, value in METADATA["constants"].items() if name.startswith("NSW") and value
        }
        appkit["NSScreenSaverWindowLevel"] = int(METADATA["constants"]["NSScreenSaverWindowLevel"])
        appkit["NSWorkspace"] = SimpleNamespace(sharedWorkspace=lambda: workspace)
        appkit["NSApplication"] = SimpleNamespace(sharedApplication=lambda: self.application)
        monkeypatch.setitem(sys.modules, "AppKit", SimpleNamespace(**appkit))
        monkeypatch.setitem(sys.modules, "objc", SimpleNamespace(objc_object=self._object))
        for module in (mac, grab, window):
            monkeypatch.setattr(module, "is_mac", lambda: True)

    def _object(self, *, c_void_p: ctypes.c_void_p) -> Any:
        self.views.append(c_void_p.value or 0)
        return SimpleNamespace(window=lambda: NativeWindow(self.told))


@pytest.fixture
def macos(monkeypatch: pytest.MonkeyPatch) -> Mac:
    return Mac(monkeypatch)


@pytest.fixture
def overlay(qapp: object) -> Iterator[Overlay]:
    made = Overlay()
    yield made
    made.close()


def choose(overlay: Overlay, qtbot: QtBot) -> window.OverlayWindow:
    """Open it, and return its window."""
    size = QGuiApplication.primaryScreen().size()
    desktop = desktop_of(Monitor(1, "", Rect(0, 0, size.width(), size.height())))
    with qtbot.waitSignal(overlay.shown):
        overlay.select(desktop, windows_only=False, last_region=None, on_done=lambda _: None)
    return next(
        each for each in QApplication.topLevelWidgets() if isinstance(each, window.OverlayWindow) and each.isVisible()
    )


def test_it_lies_above_the_menu_bar_on_every_space_and_has_the_keys(macos: Mac, overlay: Overlay, qtbot: QtBot) -> None:
    shown = choose(overlay, qtbot)
    assert macos.views == [int(shown.winId())]
    # Above the Dock (20), the menu bar (24) and menus (101); on all spaces, stationary, beside full-screen windows.
    assert macos.told == ["level 1000", "behavior 273", "we are active"]
    # A modal session would let macOS change the level.
    assert shown.windowModality() is Qt.WindowModality.NonModal
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    assert macos.told[3:] == [f"{EDITOR} is active"]


def test_from_macos_14_on_the_former_program_is_let_become_active(macos: Mac, overlay: Overlay, qtbot: QtBot) -> None:
    macos.application = NewApplication(macos.told)
    QTest.keyClick(choose(overlay, qtbot), Qt.Key.Key_Escape)
    assert macos.told[3:] == [f"we let {EDITOR}", f"{EDITOR} is active"]


@pytest.mark.parametrize("pid", [None, OURSELVES], ids=["none", "ourselves"])
def test_nothing_is_given_back_where_no_other_program_was_active(
    macos: Mac, overlay: Overlay, qtbot: QtBot, pid: int | None
) -> None:
    # As when the button of our own window was pressed.
    macos.frontmost = Program(macos.told, pid) if pid else None
    QTest.keyClick(choose(overlay, qtbot), Qt.Key.Key_Escape)
    assert macos.told == ["level 1000", "behavior 273", "we are active"]


def test_without_pyobjc_it_is_where_qt_puts_it(monkeypatch: pytest.MonkeyPatch, overlay: Overlay, qtbot: QtBot) -> None:
    # As on this computer.
    for module in (mac, grab, window):
        monkeypatch.setattr(module, "is_mac", lambda: True)
    shown = choose(overlay, qtbot)
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    assert not shown.isVisible()


def test_keys_are_called_what_keyboards_call_them() -> None:
    # Qt has Ctrl for Command on a Mac, where the same code means it.
    assert [mac.key_name(name, platform="darwin") for name in ("Ctrl", "Alt", "Shift")] == ["Cmd", "Option", "Shift"]
    assert [mac.key_name(name, platform="linux") for name in ("Ctrl", "Alt", "Shift")] == ["Ctrl", "Alt", "Shift"]


def test_a_window_that_is_asked_for_comes_before_those_of_other_programs(macos: Mac, qtbot: QtBot) -> None:
    shown = QWidget()
    qtbot.addWidget(shown)
    shown.show()
    mac.bring_to_front(shown)
    assert macos.told == ["we are active"]


def test_on_other_desktops_that_is_left_to_qt(macos: Mac, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    monkeypatch.setattr(mac, "is_mac", lambda: False)
    shown = QWidget()
    qtbot.addWidget(shown)
    shown.show()
    mac.bring_to_front(shown)
    assert macos.told == []
    qtbot.waitUntil(shown.isActiveWindow)


def test_a_countdown_is_there_while_another_program_is_the_active_one(qtbot: QtBot) -> None:
    countdown = CountdownWindow(60, lambda _: None)
    qtbot.addWidget(countdown)
    assert countdown.testAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)


@pytest.mark.parametrize("name", ["activateIgnoringOtherApps_", "activateWithOptions_"])
def test_the_selectors_are_known_to_pyobjc(name: str) -> None:
    assert selector(name) in METADATA["selectors"]
