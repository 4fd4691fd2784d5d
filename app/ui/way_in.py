"""Keeps the program within reach: by its icon in the tray, and where there is none, by its window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QRect

from app.core.ports import Notice
from app.ui.on_demand import OnDemand
from app.ui.tray import Tray

if TYPE_CHECKING:
    from app.ui.tray_window import TrayWindow

_OPEN, _QUIT = "open", "quit"


class Notify(Protocol):
    """Shows a notification."""

    def __call__(self, notice: Notice, on_action: Callable[[str], None], otherwise: Callable[[], None], /) -> None:
        """`on_action` gets the key of what was clicked; `otherwise` is called when it cannot be shown."""


class WayIn(QObject):
    """Lives on the Qt thread. A panel may come, go and come back at any time; what is offered follows.

    Where there is no tray, the window has a button to quit, and closing it leaves the keys working: that is said once,
    with what opens it again. Where not even that can be said, the window stays in the task bar.
    """

    def __init__(
        self,
        tray: Tray,
        window: OnDemand[TrayWindow],
        notify: Notify,
        quit_program: Callable[[], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._tray = tray
        self._window = window
        self._notify = notify
        self._quit_program = quit_program
        self._has_told = False
        self._is_over = False
        self._is_empty = False
        """True while a tray takes icons and shows none."""
        window.when_made(self._join)

    def tray_came(self) -> None:
        """A panel has come that Qt may not have noticed."""
        if not self._is_over:
            self._is_empty = False
            self._tray.renew()
            self._look()

    def tray_is_empty(self) -> None:
        """There is a tray that takes icons, and nobody who shows them: Qt counts that as a tray."""
        if not self._is_over:
            self._is_empty = True
            self._window.get().open_near(QRect())
            self._look()

    def stop(self) -> None:
        """Say no more: the program ends."""
        self._is_over = True

    def _join(self, window: TrayWindow) -> None:
        window.seen.connect(self._look)
        window.closed.connect(self._closed)
        self._look()

    def _look(self) -> None:
        if (window := self._window.made) is not None:
            window.set_has_tray(self._has_tray())

    def _has_tray(self) -> bool:
        return Tray.is_available() and not self._is_empty

    def _closed(self) -> None:
        if self._is_over or self._has_told or self._has_tray():
            return
        self._has_told = True
        notice = Notice(
            self.tr("ImgLink is still running"),
            self.tr("There is no tray here for its icon. Start it again to open its window."),
            (("default", self.tr("Open")), (_OPEN, self.tr("Open")), (_QUIT, self.tr("Quit ImgLink"))),
        )
        self._notify(notice, self._answer, self._stay_in_task_bar)

    def _answer(self, key: str) -> None:
        if key == _QUIT:
            self._quit_program()
        else:
            self._window.get().open_near(self._tray.icon_rect)

    def _stay_in_task_bar(self) -> None:
        self._has_told = False
        if not self._is_over:
            self._window.get().showMinimized()
