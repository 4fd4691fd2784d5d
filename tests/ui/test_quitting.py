"""Nothing is left undone when it is Qt that quits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.bootstrap.tray import _Launcher
from app.ui.tray import Tray


def test_the_services_are_closed_when_the_desktop_makes_qt_quit(qapp: QApplication) -> None:
    # As by Cmd+Q on a Mac, which Qt answers by itself.
    stops: list[str] = []
    tray, nothing = Tray(), cast(Any, SimpleNamespace())
    launcher = _Launcher(qapp, tray, nothing, nothing, {}, use_demo_server=False)
    # Before there are any, there is nothing to close.
    for application in (None, SimpleNamespace(stop=lambda: stops.append("stopped"))):
        launcher._application = cast(Any, application)
        QTimer.singleShot(0, qapp, qapp.quit)
        assert qapp.exec() == 0
    assert stops == ["stopped"]
    qapp.aboutToQuit.disconnect(launcher._wrap_up)
    tray.menu.deleteLater()
    tray.deleteLater()
