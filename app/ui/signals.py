"""SIGINT and SIGTERM as calls on the Qt thread, without polling.

While Qt's event loop runs, Python gets no chance to run its signal handlers; the wake-up descriptor makes Qt's loop
notice.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier


class StopSignals(QObject):
    """Calls `on_stop` when the process is asked to end. Made on the main thread; `close` restores what was there."""

    _SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, on_stop: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._on_stop = on_stop
        self._read_end, self._write_end = socket.socketpair()
        self._read_end.setblocking(False)
        self._write_end.setblocking(False)
        self._notifier = QSocketNotifier(self._read_end.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._drain)
        self._old_descriptor = signal.set_wakeup_fd(self._write_end.fileno())
        self._old_handlers = {number: signal.signal(number, self._ignore) for number in self._SIGNALS}

    def close(self) -> None:
        """Restore the former handlers."""
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_descriptor)
        self._notifier.setEnabled(False)
        self._read_end.close()
        self._write_end.close()

    @staticmethod
    def _ignore(number: int, frame: FrameType | None) -> None:
        """The byte on the wake-up descriptor does the work."""

    def _drain(self) -> None:
        received = self._read_end.recv(64)
        if any(number in received for number in self._SIGNALS):
            self._on_stop()
