"""The overlay alone, for the tests and benchmarks: opens it when told to, and prints what happens as JSON lines.

usage: python -m tests.desktop.overlay_program [--adjustable] [--windows-only]
Every SIGUSR1 freezes the screen and opens the overlay. It prints `ready`, `shown` (with the milliseconds since
the signal), `answer` (with the areas that were repainted meanwhile), and ends on SIGTERM.
SIGUSR2 while it is open makes it drag by itself; `drag` tells the milliseconds for a move, and for a full repaint.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import sys
import time
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QRegion
from PySide6.QtWidgets import QApplication

from app.capture.choose import choose_capture
from app.core.geometry import Rect
from app.core.ports import Selection
from app.ui.overlay import Overlay, painter, window
from app.ui.overlay.look import Look
from app.ui.overlay.panels import Panels
from app.ui.overlay.picture import Picture
from app.ui.overlay.scene import Scene
from app.ui.overlay.screens import rects_of

DRAG_STEPS = 120
DRAG_BLOCK = 30


class Program:
    """One overlay, opened again and again."""

    def __init__(self, application: QApplication, arguments: Sequence[str]) -> None:
        self.application = application
        self.windows_only = "--windows-only" in arguments
        self.capture = choose_capture(os.environ)
        self.overlay = Overlay(adjustable="--adjustable" in arguments)
        self.overlay.shown.connect(self.tell_shown)
        self.triggered_at = 0.0
        self.is_shown = False
        self.repaints: list[int] = []
        self.paint = painter.paint
        setattr(window, "paint", self.count)  # noqa: B010 - not an attribute of ours to name
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
        picture: Picture,
        scene: Scene,
        look: Look,
        panels: Panels,
        help_image: QImage,
        region: QRegion,
    ) -> None:
        self.paint(on, picture, scene, look, panels, help_image, region)
        if self.is_shown:
            self.repaints.append(sum(part.width() * part.height() for part in rects_of(region)))

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

    def drag(self) -> None:
        surface = next(each for each in QApplication.topLevelWidgets() if isinstance(each, window.OverlayWindow))
        mouse(surface, QEvent.Type.MouseButtonPress, 600, 400)
        figures: dict[bool, list[float]] = {False: [], True: []}
        for step in range(1, DRAG_STEPS + 1):
            # Block by block: a full repaint leaves nothing of ours in the processor's caches.
            naive = step // DRAG_BLOCK % 2 == 1
            begin = time.perf_counter()
            mouse(surface, QEvent.Type.MouseMove, 600 + 12 * step, 400 + 8 * step)
            if naive:
                surface.update()
            self.application.processEvents()
            # A question to the X server, answered when it has dealt with everything before.
            surface.screen().grabWindow(0, 0, 0, 1, 1)
            figures[naive].append(1000 * (time.perf_counter() - begin))
        mouse(surface, QEvent.Type.MouseButtonRelease, 900, 700)
        say("drag", ours=statistics.median(figures[False]), naive=statistics.median(figures[True]))

    def close(self) -> None:
        self.overlay.close()
        self.capture.close()


def mouse(surface: window.OverlayWindow, kind: QEvent.Type, x: int, y: int) -> None:
    at, left, none = QPointF(x, y), Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if kind is QEvent.Type.MouseMove else left
    held = none if kind is QEvent.Type.MouseButtonRelease else left
    event = QMouseEvent(kind, at, at, button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(surface, event)


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
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read)

    def arrived() -> None:
        for number in ours.recv(64):
            if number == signal.SIGUSR1:
                program.open()
            elif number == signal.SIGUSR2:
                program.drag()
            else:
                application.quit()

    notifier.activated.connect(arrived)
    say("ready", scales=[screen.devicePixelRatio() for screen in application.screens()])
    application.exec()
    program.close()


if __name__ == "__main__":
    main(sys.argv)
