"""Windows of one colour each, as a program.

`python -m tests.desktop.coloured_windows TITLE=COLOUR[,WIDTHxHEIGHT] …` opens them one after the other.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.desktop.processes import Process
from tests.desktop.running import ROOT
from tests.desktop.session import DesktopSession

SETTLE_MS = 300


class _Window(QWidget):
    def __init__(self, title: str, colour: str, size: tuple[int, int]) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self._colour = QColor(colour)
        self.resize(*size)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._colour)
        painter.end()


def open_windows(session: DesktopSession, *windows: str) -> Process:
    """Open them, one after the other, so that the last is the topmost; returns when all are there."""
    process = session.spawn(
        [sys.executable, "-m", "tests.desktop.coloured_windows", *windows], env={"PYTHONPATH": str(ROOT)}
    )
    process.wait_for_output("shown", 30)
    return process


def main() -> None:
    application = QApplication(sys.argv[:1])
    windows: list[_Window] = []

    def show_next() -> None:
        if len(windows) == len(sys.argv) - 1:
            print("shown", flush=True)
            return
        title, _, look = sys.argv[1 + len(windows)].partition("=")
        colour, _, size = look.partition(",")
        width, height = (int(number) for number in (size or "300x200").split("x"))
        windows.append(_Window(title, colour, (width, height)))
        windows[-1].show()
        QTimer.singleShot(SETTLE_MS, show_next)

    show_next()
    sys.exit(application.exec())


if __name__ == "__main__":
    main()
