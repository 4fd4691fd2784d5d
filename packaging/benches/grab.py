"""A warm grab of a 4K desktop, beside a plain copy of as many bytes and beside Qt's own grab.

A child process on a private desktop does the work: Qt connects to one display for the life of a process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.geometry import Rect
from benches.frame import Race, benchmark
from benches.pictures import SIZE_4K, desktop
from tests.desktop.session import desktop_session

ROOT = Path(__file__).resolve().parents[2]
WINDOWS = 30


@benchmark("warm 4K grab to QImage, against memcpy", gate=3.5, rounds=15, warmups=3)
def against_memcpy() -> Iterator[Race]:
    with _grabber(windows=0) as measure:
        yield _race(measure, {"memcpy of the frame": "memcpy"})


@benchmark("warm 4K grab to QImage, against grabWindow", gate=0.4, rounds=15, warmups=3)
def against_qt() -> Iterator[Race]:
    with _grabber(windows=0) as measure:
        yield _race(measure, {"QScreen.grabWindow": "qt", "a new mss each time": "new mss"})


@benchmark("warm 4K grab with 30 windows listed", gate=None, rounds=15, warmups=3)
def with_windows() -> Iterator[Race]:
    with _grabber(windows=WINDOWS) as measure:
        yield _race(measure, {"mss, the pixels alone": "mss"})


def _race(measure: Callable[[str], float], peers: dict[str, str]) -> Race:
    def figure(what: str) -> Callable[[], float]:
        return lambda: measure(what)

    return Race(figure("ours"), {name: figure(what) for name, what in peers.items()}, is_timed=False)


@contextmanager
def _grabber(*, windows: int) -> Iterator[Callable[[str], float]]:
    """A child that takes the name of a way to grab, and answers with its milliseconds."""
    with desktop_session(monitors=1, monitor_size=SIZE_4K) as session:
        session.paint(desktop())
        for number in range(windows):
            place = Rect(40 + number % 10 * 300, 60 + number // 10 * 500, 280, 400)
            session.open_window(f"window {number}", place)
        path = os.pathsep.join((str(ROOT), str(ROOT / "packaging")))
        child = subprocess.Popen(
            [sys.executable, "-m", "benches.grab"],
            env={**session.env, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        question, answer = child.stdin, child.stdout

        def measure(what: str) -> float:
            question.write(what + "\n")
            question.flush()
            return float(answer.readline())

        try:
            yield measure
        finally:
            question.close()
            answer.close()
            child.wait()


def _serve() -> None:
    """The child: answer one question a line."""
    from mss import MSS
    from PySide6.QtGui import QGuiApplication, QImage

    from app.capture.x11.backend import X11Capture

    application = QGuiApplication(sys.argv)
    screen = application.primaryScreen()
    capture = X11Capture(os.environ)
    area = {"left": 0, "top": 0, "width": SIZE_4K[0], "height": SIZE_4K[1]}
    shooter = MSS()
    pixels = bytearray(SIZE_4K[0] * SIZE_4K[1] * 4)

    def ours() -> object:
        desktop = capture.grab()
        frame = desktop.frames[0]
        return desktop, QImage(frame.pixels, *SIZE_4K, frame.stride, QImage.Format.Format_RGB32)

    def new_mss() -> object:
        with MSS() as made:
            return made.grab(area)

    ways: dict[str, Callable[[], object]] = {
        "ours": ours,
        "memcpy": lambda: bytearray(pixels),
        "qt": lambda: screen.grabWindow(0).toImage(),
        "mss": lambda: shooter.grab(area),
        "new mss": new_mss,
    }
    for line in sys.stdin:
        begin = time.perf_counter()
        ways[line.strip()]()
        print((time.perf_counter() - begin) * 1000, flush=True)
    capture.close()
    shooter.close()


if __name__ == "__main__":
    _serve()
