"""Starting the tray application: the icon first, the rest in slices, so that nothing stalls for long."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.ui.imports import use_plain_imports
from app.ui.quiet import quieten
from app.ui.tray import Tray
from app.ui.window_role import tell_window_roles

if TYPE_CHECKING:
    from app.bootstrap.profile import Profile
    from app.system.instance import Instance
    from app.ui.application import Application


_TURN_MS = 5
_MOST_TURNS = 10
"""Where there is no tray, or a slow one, nothing waits for it longer than this."""
_LATE = ("asyncio", "app.ui.bridge", "app.ui.overlay", "app.services.suite", "app.ui.application")
"""Imported one in each slice: together they would hold up the icon's menu for half a second."""


def run_application(instance: Instance, *, use_demo_server: bool = False) -> int:
    """Run the tray application, which `instance` makes the only one, until the person quits; returns the exit code."""
    use_plain_imports()
    quieten()
    if sys.platform == "darwin":
        from app.system.mac_desktop import stay_out_of_dock

        stay_out_of_dock()
    qt = QApplication([sys.argv[0]])
    qt.setApplicationName("ImgLink")
    qt.setDesktopFileName("cc.imglink.Desktop")
    qt.setQuitOnLastWindowClosed(False)
    tell_window_roles()
    if sys.platform == "darwin":
        from app.system.mac_desktop import hide_from_dock

        hide_from_dock()
    tray = Tray()
    tray.show()
    with ExitStack() as stack:
        _Launcher(qt, tray, stack, instance, os.environ, use_demo_server=use_demo_server).start()
        return qt.exec()


class _Launcher:
    """Takes one slice of the start for each turn of Qt's event loop."""

    def __init__(
        self,
        qt: QApplication,
        tray: Tray,
        stack: ExitStack,
        instance: Instance,
        environ: Mapping[str, str],
        *,
        use_demo_server: bool,
    ) -> None:
        self._qt = qt
        self._tray = tray
        self._stack = stack
        self._instance = instance
        self._environ = environ
        self._use_demo_server = use_demo_server
        self._slices = self._load()
        self._application: Application | None = None
        qt.aboutToQuit.connect(self._wrap_up)

    def start(self) -> None:
        """Begin as soon as the icon is in its panel, or it is clear that this takes longer."""
        self._tray.quit_requested.connect(self.quit)
        self._turns_left = _MOST_TURNS
        QTimer.singleShot(0, self._qt, self._await_icon)

    def _await_icon(self) -> None:
        self._turns_left -= 1
        has_settled = not self._tray.icon_rect.isEmpty() or self._turns_left <= 0
        QTimer.singleShot(0 if has_settled else _TURN_MS, self._qt, self._step if has_settled else self._await_icon)

    def quit(self) -> None:
        """Quit as the person asks for it: not without a word when pictures would be lost."""
        if self._application is not None:
            self._application.quit()
        else:
            self.stop()

    def stop(self) -> None:
        """Quit, however far it has come."""
        self._slices.close()
        if self._application is not None:
            self._application.stop()
        else:
            self._qt.quit()

    def _wrap_up(self) -> None:
        """However Qt was made to quit: on a Mac by Cmd+Q too, and by the end of the session."""
        if self._application is not None:
            self._application.stop()

    def _step(self) -> None:
        try:
            next(self._slices)
        except StopIteration:
            return
        except Exception as error:
            from app.cli.streams import say
            from app.core.errors import UserFacingError

            # Whatever it is, a start that failed must not leave a dead icon behind.
            self._qt.exit(1)
            if not isinstance(error, UserFacingError):
                raise
            say(f"imglink: {error}")
            return
        QTimer.singleShot(0, self._qt, self._step)

    def _load(self) -> Generator[None, None, None]:
        from app.ui.signals import StopSignals

        self._stack.callback(StopSignals(self.stop).close)
        self._tray.build_menu()
        yield
        for name in _LATE:
            importlib.import_module(name)
            yield
        from app.bootstrap.desktop import build_application

        yield
        profile, banner = self._open_profile()
        yield
        self._application = build_application(self._qt, self._tray, profile, banner, self._instance)
        yield
        self._application.start()

    def _open_profile(self) -> tuple[Profile, str]:
        from app.bootstrap.profile import open_profile

        if not self._use_demo_server:
            return open_profile(self._environ), ""
        from app.demo import DEMO_API_KEY, DemoServer

        server = self._stack.enter_context(DemoServer())
        profile = open_profile(self._environ, demo_url=server.base_url, demo_key=DEMO_API_KEY)
        return profile, f"This is the demo: uploads go to {server.base_url} on this computer."
