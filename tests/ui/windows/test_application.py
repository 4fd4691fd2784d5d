"""The application as a whole, where its services do not behave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.settings.file import SettingsFile
from app.settings.remembered import RememberedWindow
from app.ui.application import Application, Parts
from app.ui.bridge import Bridge
from app.ui.overlay import Overlay
from app.ui.settings_controller import OwnSystem
from app.ui.theme import Look
from app.ui.tray import Tray

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


def test_it_ends_even_when_a_service_does_not(qapp: QApplication, qtbot: QtBot, look: Look, tmp_path: Path) -> None:
    tray, bridge = Tray(), Bridge()
    tray.build_menu()
    parts = Parts(
        bridge=bridge,
        settings_file=SettingsFile(tmp_path / "settings.json", {}),
        overlay=Overlay(),
        build=never_ready,
        close=hang,
        on_ready=lambda _bound: None,
        look=look,
        screenshots_folder="",
        read_key=never_ready,  # type: ignore[arg-type]  # nobody calls it
        is_first_start=lambda: False,
        history_window=RememberedWindow(tmp_path / "history_window.json"),
        sign_in_page=lambda: ((), {}),
        system=OwnSystem(hang, Off()),
    )
    application = Application(parts, tray)
    bridge.start()
    QTimer.singleShot(0, application, application.stop)
    QTimer.singleShot(5000, application, lambda: qapp.exit(9))
    with qtbot.capture_exceptions() as exceptions:
        assert qapp.exec() == 0
    assert [kind for kind, *_ in exceptions] == [TimeoutError]
    for each in (application, tray.menu, tray, bridge):
        each.deleteLater()
