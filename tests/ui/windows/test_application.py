"""The application as a whole, where its services do not behave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.core.doctor import Part
from app.core.errors import UserFacingError
from app.core.ports import Notice, OnPressed
from app.settings.file import SettingsFile
from app.settings.remembered import RememberedWindow
from app.ui.application import Application, Parts
from app.ui.bridge import Bridge
from app.ui.overlay import Overlay
from app.ui.settings_controller import OwnSystem
from app.ui.theme import Look
from app.ui.tray import Tray
from tests.ui.windows.test_unsaved_controller import problem

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


async def never_ready(_run_soon: object) -> Any:
    raise AssertionError("nothing starts it in these tests")


class Off:
    """An autostart that is off, and stays so."""

    def is_on(self) -> bool:
        return False

    def turn_on(self) -> None:
        raise AssertionError

    def turn_off(self) -> None:
        raise AssertionError


async def hang() -> Any:
    raise TimeoutError


async def end_at_once() -> None:
    return None


@contextmanager
def built(look: Look, folder: Path, close: Callable[[], Awaitable[None]]) -> Iterator[Application]:
    """The application with its asyncio thread and without services; to be stopped within."""
    tray, bridge = Tray(), Bridge()
    tray.build_menu()
    parts = Parts(
        bridge=bridge,
        settings_file=SettingsFile(folder / "settings.json", {}),
        overlay=Overlay(),
        build=never_ready,
        close=close,
        on_ready=lambda _bound: None,
        look=look,
        screenshots_folder="",
        read_key=never_ready,  # type: ignore[arg-type]  # nobody calls it
        is_first_start=lambda: False,
        history_window=RememberedWindow(folder / "history_window.json"),
        sign_in_page=lambda: ((), {}),
        system=OwnSystem(hang, Off()),
    )
    application = Application(parts, tray)
    bridge.start()
    # As in the program: else Qt takes its last window for the end, of the tests that follow too.
    before = QApplication.quitOnLastWindowClosed()
    QApplication.setQuitOnLastWindowClosed(False)
    yield application
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.setQuitOnLastWindowClosed(before)
    for each in (application, tray.menu, tray, bridge):
        each.deleteLater()


def test_it_ends_even_when_a_service_does_not(qapp: QApplication, qtbot: QtBot, look: Look, tmp_path: Path) -> None:
    with built(look, tmp_path, hang) as application:
        QTimer.singleShot(0, application, application.stop)
        QTimer.singleShot(5000, application, lambda: qapp.exit(9))
        with qtbot.capture_exceptions() as exceptions:
            assert qapp.exec() == 0
        assert [kind for kind, *_ in exceptions] == [TimeoutError]


def test_a_failure_leads_to_the_systems_settings(
    qapp: QApplication, qtbot: QtBot, look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    with built(look, tmp_path, end_at_once) as application:
        message = "This desktop does not allow ImgLink to take pictures of the screen at all."
        application.show_error(UserFacingError(message, settings_url="x-apple.systempreferences:a?b"))
        window = application.window.get()
        said = next(each for each in window.findChildren(QLabel) if each.text() == message)
        # Too long for one line here, and nothing to be cut in the middle.
        assert said.wordWrap()
        opens = [each for each in window.findChildren(QPushButton) if each.text() == "Open the system's settings"]
        assert len(opens) == 1
        opens[0].click()
        application.stop()
    assert opened == ["x-apple.systempreferences:a?b"]


def test_a_command_that_quits_waits_for_the_person_where_pictures_would_be_lost(
    qapp: QApplication, qtbot: QtBot, look: Look, tmp_path: Path
) -> None:
    told: list[str] = []
    answers: list[bool] = []

    def box() -> QMessageBox:
        [found] = application.window.get().findChildren(QMessageBox)
        return found

    def ask() -> None:
        bridge = application._bridge
        bridge.submit(lambda: application.quit_for_command(told.append), owner=bridge, on_done=answers.append)

    with built(look, tmp_path, end_at_once) as application:
        application.unsaved.keep(problem(new=None))
        ask()
        qtbot.waitUntil(lambda: bool(application.window.get().findChildren(QMessageBox)), timeout=5000)
        assert "1 picture is not saved" in told[0]
        assert answers == []
        # Who asks once more takes the question over.
        first = box()
        ask()
        qtbot.waitUntil(lambda: answers == [False], timeout=5000)
        qtbot.waitUntil(lambda: application.window.get().findChildren(QMessageBox) not in ([], [first]), timeout=5000)
        box().button(QMessageBox.StandardButton.Cancel).click()
        qtbot.waitUntil(lambda: answers == [False, False], timeout=5000)
        assert application.unsaved.count == 1

        ask()
        qtbot.waitUntil(lambda: bool(application.window.get().findChildren(QMessageBox)), timeout=5000)
        [agree] = [each for each in box().buttons() if "lose" in each.text()]
        # It stops within the click.
        QTimer.singleShot(0, application, agree.click)
        assert qapp.exec() == 0
        assert application.unsaved.count == 0


def test_the_overlay_gets_the_keyboard_by_what_came_with_the_key(
    qtbot: QtBot, look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Keys:
        async def start(self, on_pressed: OnPressed, on_change: object) -> None:
            on_pressed("region", "a token")

    with built(look, tmp_path, end_at_once) as application:
        asked: list[object] = []
        monkeypatch.setattr(application, "_submit", asked.append)
        bridge = application._bridge
        bridge.submit(lambda: application._start_hotkeys(cast(Any, Keys())), owner=bridge)
        qtbot.waitUntil(lambda: bool(asked), timeout=5000)
        assert application._parts.overlay.activation_token == "a token"
        application.stop()


class Told:
    """A notification service that a test clicks."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.answers: list[Callable[[str], None] | None] = []

    async def show(self, notice: Notice, on_action: Callable[[str], None] | None = None) -> None:
        self.answers.append(on_action)
        self.notices.append(notice)


def test_a_failure_of_the_desktop_leads_to_the_doctor(
    qtbot: QtBot, look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with built(look, tmp_path, end_at_once) as application:
        told = Told()
        application._services = cast(Any, SimpleNamespace(notifier=told))
        problem = UserFacingError("No keyring.", remedy="Start one.")
        problem.part = Part.KEYRING
        shown: list[Part | None] = []
        monkeypatch.setattr(application.settings, "present_doctor", shown.append)
        application.show_error(problem)
        application.show_error(UserFacingError("Something else."))
        qtbot.waitUntil(lambda: len(told.notices) == 2, timeout=5000)
        by_title = {notice.title: (notice, answer) for notice, answer in zip(told.notices, told.answers, strict=True)}
        notice, answer = by_title["No keyring."]
        assert notice.actions == (("default", "What the doctor says"), ("open", "What the doctor says"))
        assert answer is not None
        answer("open")
        qtbot.waitUntil(lambda: shown == [Part.KEYRING], timeout=5000)
        assert by_title["Something else."][0].actions == ()
        application._services = None
        application.stop()
