"""The way into the program: the icon where there is a tray, else the window, whatever comes and goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import QObject, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from app.core.ports import Notice
from app.ui.on_demand import OnDemand
from app.ui.theme import Look
from app.ui.tray import Tray
from app.ui.tray_window import TrayWindow
from app.ui.way_in import WayIn

# The second is what Qt says of a shown icon where there is no screen.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", "systemTrayWindowChanged", extend=True)


@dataclass
class Door:
    """A way in, and what it does to its surroundings."""

    tray: Tray
    window: OnDemand[TrayWindow]
    way_in: WayIn
    has_tray: list[bool]
    notices: list[Notice] = field(default_factory=list)
    answers: list[Callable[[str], None]] = field(default_factory=list)
    quits: list[bool] = field(default_factory=list)
    can_notify: bool = True

    def offers_quit(self) -> bool:
        buttons = self.window.get().findChildren(QPushButton)
        return any(each.text() == "Quit" and not each.isHidden() for each in buttons)


@pytest.fixture
def door(qtbot: QtBot, look: Look, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    has_tray = [False]
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: has_tray[0])
    tray, window, owner = Tray(), OnDemand(TrayWindow), QObject()
    tray.build_menu()
    tray.show()

    def notify(notice: Notice, on_action: Callable[[str], None], otherwise: Callable[[], None]) -> None:
        if not made.can_notify:
            otherwise()
            return
        made.notices.append(notice)
        made.answers.append(on_action)

    way_in = WayIn(tray, window, notify, lambda: made.quits.append(True), owner)
    made = Door(tray, window, way_in, has_tray)
    yield made
    way_in.stop()
    if window.made is not None:
        window.made.close()
        window.made.deleteLater()
    for each in (tray.menu, tray, owner):
        each.deleteLater()


def test_without_a_tray_the_window_can_quit_and_with_one_the_menu_does(door: Door) -> None:
    door.window.get().open_near(QRect())
    assert door.offers_quit()
    door.has_tray[0] = True
    door.way_in.tray_came()
    assert not door.offers_quit()


def test_a_tray_that_died_is_noticed_when_the_window_is_seen_again(door: Door) -> None:
    door.has_tray[0] = True
    window = door.window.get()
    window.open_near(QRect())
    assert not door.offers_quit()
    window.close()
    door.has_tray[0] = False
    window.open_near(QRect())
    assert door.offers_quit()


def test_closing_the_only_way_in_is_said_once_with_the_way_back(door: Door) -> None:
    window = door.window.get()
    for _ in range(2):
        window.open_near(QRect())
        window.close()
    [notice] = door.notices
    assert notice.title == "ImgLink is still running"
    assert [key for key, _ in notice.actions] == ["default", "open", "quit"]
    door.answers[0]("default")
    assert window.isVisible()
    door.answers[0]("quit")
    assert door.quits == [True]


def test_where_it_cannot_be_said_the_window_stays_in_the_task_bar(door: Door) -> None:
    door.can_notify = False
    window = door.window.get()
    for _ in range(2):
        window.open_near(QRect())
        assert not window.isMinimized()
        window.close()
        assert window.isMinimized()


def test_with_a_tray_and_at_the_end_closing_says_nothing(door: Door) -> None:
    window = door.window.get()
    door.has_tray[0] = True
    window.open_near(QRect())
    window.close()
    door.has_tray[0] = False
    window.open_near(QRect())
    door.way_in.stop()
    window.close()
    assert door.notices == []


def test_an_icon_is_made_anew_only_for_a_tray_that_came_after_it(door: Door) -> None:
    first = door.tray._icon
    door.tray.set_summary("1 upload running")
    door.has_tray[0] = True
    door.way_in.tray_came()
    second = door.tray._icon
    assert second is not first
    assert second.isVisible()
    assert not first.isVisible()
    assert second.toolTip() == "ImgLink: 1 upload running"
    assert second.contextMenu() is door.tray.menu
    door.way_in.tray_came()
    assert door.tray._icon is second


def test_ctrl_q_quits(door: Door, qtbot: QtBot) -> None:
    window = door.window.get()
    window.open_near(QRect())
    qtbot.waitUntil(window.isActiveWindow)
    with qtbot.waitSignal(window.quit_requested):
        QTest.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
