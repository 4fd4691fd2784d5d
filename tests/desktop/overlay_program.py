"""The overlay alone, for the tests and benchmarks: opens it when told to, and prints what happens as JSON lines.

usage: python -m tests.desktop.overlay_program [--adjustable] [--windows-only] [--cold]
Every SIGUSR1 freezes the screen and opens the overlay. It prints `ready`, `shown` (with the milliseconds since
the signal), `answer` (with the areas that were repainted meanwhile), and ends on SIGTERM.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from app.capture.x11.backend import X11Capture
from app.core.geometry import Rect
from app.core.ports import Selection
from app.ui.overlay import Overlay, painter, window
from app.ui.overlay.look import Look
from app.ui.overlay.scene import Scene


class Program:
    """One overlay, opened again and again."""

    def __init__(self, application: QApplication, arguments: Sequence[str]) -> None:
        self.application = application
        self.windows_only = "--windows-only" in arguments
        self.capture = X11Capture(os.environ)
        self.overlay = Overlay(adjustable="--adjustable" in arguments)
        self.overlay.shown.connect(self.tell_shown)
        self.triggered_at = 0.0
        self.is_shown = False
        self.repaints: list[int] = []
        self.paint = painter.paint
        setattr(window, "paint", self.count)  # noqa: B010 - not an attribute of ours to name
        if "--cold" not in arguments:
            self.capture.grab()
            self.overlay.warm_up()

    def open(self) -> None:
        self.triggered_at = time.perf_counter()
        self.is_shown = False
        self.repaints = []
        self.overlay.select(
            self.capture.grab(),
            windows_only=self.windows_only,
            last_region=Rect(11, 22, 333, 222),
            on_done=self.tell_answer,
        )

    def count(
        self,
        on: QPainter,
        picture: painter.Picture,
        scene: Scene,
        look: Look,
        help_image: QImage,
        parts: Sequence[Rect],
    ) -> None:
        self.paint(on, picture, scene, look, help_image, parts)
        if self.is_shown:
            self.repaints.append(sum(part.width * part.height for part in parts))

    def tell_shown(self) -> None:
        if self.is_shown:
            return
        self.is_shown = True
        ms = 1000 * (time.perf_counter() - self.triggered_at)
        # Said after the paint has gone to the X server, so that whoever reads it finds the pixels there.
        QTimer.singleShot(0, lambda: say("shown", ms=ms))

    def tell_answer(self, answer: Selection | None) -> None:
        rect = str(answer.rect_px) if answer else None
        kind = answer.kind.value if answer else None
        title = answer.window_title if answer else None
        say("answer", rect=rect, kind=kind, title=title, repaints=self.repaints)

    def close(self) -> None:
        self.overlay.close()
        self.capture.close()


def say(what: str, **more: object) -> None:
    print(json.dumps({"event": what, **more}), flush=True)


def main(arguments: Sequence[str]) -> None:
    application = QApplication(list(arguments))
    application.setQuitOnLastWindowClosed(False)
    program = Program(application, arguments)
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    signal.set_wakeup_fd(theirs.fileno())
    for number in (signal.SIGUSR1, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read)

    def arrived() -> None:
        for number in ours.recv(64):
            if number == signal.SIGUSR1:
                program.open()
            else:
                application.quit()

    notifier.activated.connect(arrived)
    say("ready")
    application.exec()
    program.close()


if __name__ == "__main__":
    main(sys.argv)
