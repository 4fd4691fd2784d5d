"""A warm grab of a 4K desktop, beside a plain copy of as many bytes and beside Qt's own grab.

Each way to grab has a process of its own on a private desktop: Qt connects to one display for the life of a process,
and what one way leaves of the heap decides whether the next one's buffer is made of fresh pages.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.core.geometry import Rect
from benches.frame import Race, benchmark
from benches.pictures import SIZE_4K, desktop
from tests.desktop.session import desktop_session

ROOT = Path(__file__).resolve().parents[2]
WINDOWS = 30
AREA = {"left": 0, "top": 0, "width": SIZE_4K[0], "height": SIZE_4K[1]}


@benchmark("warm 4K grab to QImage, against memcpy", gate=3.5, rounds=7, warmups=1)
def against_memcpy() -> Iterator[Race]:
    with _grabbers(windows=0) as measure:
        yield _race(measure, {"memcpy of the frame": "memcpy"})


@benchmark("warm 4K grab to QImage, against grabWindow", gate=0.4, rounds=7, warmups=1)
def against_qt() -> Iterator[Race]:
    with _grabbers(windows=0) as measure:
        yield _race(measure, {"QScreen.grabWindow": "qt", "a new mss each time": "new mss"})


@benchmark("warm 4K grab with 30 windows listed", gate=None, rounds=7, warmups=1)
def with_windows() -> Iterator[Race]:
    with _grabbers(windows=WINDOWS) as measure:
        yield _race(measure, {"mss, the pixels alone": "mss"})


def _race(measure: Callable[[str], float], peers: dict[str, str]) -> Race:
    def figure(what: str) -> Callable[[], float]:
        return lambda: measure(what)

    return Race(figure("ours"), {name: figure(what) for name, what in peers.items()}, is_timed=False)


@contextmanager
def _grabbers(*, windows: int) -> Iterator[Callable[[str], float]]:
    """Takes the name of a way to grab, and answers with the milliseconds one took in that way's own process."""
    with desktop_session(monitors=1, monitor_size=SIZE_4K) as session, ExitStack() as children:
        session.paint(desktop())
        for number in range(windows):
            place = Rect(40 + number % 10 * 300, 60 + number // 10 * 500, 280, 400)
            session.open_window(f"window {number}", place)
        started: dict[str, _Child] = {}

        def measure(what: str) -> float:
            if what not in started:
                started[what] = children.enter_context(_child(what, session.env))
            return started[what]()

        yield measure


_Child = Callable[[], float]


@contextmanager
def _child(what: str, env: Mapping[str, str]) -> Iterator[_Child]:
    path = os.pathsep.join((str(ROOT), str(ROOT / "packaging")))
    process = subprocess.Popen(
        [sys.executable, "-m", "benches.grab", what],
        env={**env, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    question, answer = process.stdin, process.stdout

    def measure() -> float:
        question.write("\n")
        question.flush()
        return float(answer.readline())

    try:
        yield measure
    finally:
        question.close()
        answer.close()
        process.wait()


def _serve(what: str) -> None:
    """The child: for each line it reads, the median of a few grabs in a row.

    Warm means that one came just before; else the figure tells what other processes left in the cache.
    """
    way = {"ours": _ours, "memcpy": _memcpy, "qt": _qt, "mss": _mss, "new mss": _new_mss}[what]()
    for _ in sys.stdin:
        way()
        print(statistics.median(_timed_ms(way) for _ in range(5)), flush=True)


def _timed_ms(way: Callable[[], object]) -> float:
    begin = time.perf_counter()
    way()
    return (time.perf_counter() - begin) * 1000


def _ours() -> Callable[[], object]:
    from PySide6.QtGui import QImage

    from app.capture.x11.backend import X11Capture

    capture = X11Capture(os.environ)

    def grab() -> object:
        taken = capture.grab()
        frame = taken.frames[0]
        return taken, QImage(frame.pixels, *SIZE_4K, frame.stride, QImage.Format.Format_RGB32)

    return grab


def _memcpy() -> Callable[[], object]:
    pixels = bytearray(SIZE_4K[0] * SIZE_4K[1] * 4)
    return lambda: bytearray(pixels)


def _qt() -> Callable[[], object]:
    from PySide6.QtGui import QGuiApplication

    application = QGuiApplication(sys.argv)

    def grab() -> object:
        return application.primaryScreen().grabWindow(0).toImage()

    return grab


def _mss() -> Callable[[], object]:
    from mss import MSS

    shooter = MSS()
    return lambda: shooter.grab(AREA)


def _new_mss() -> Callable[[], object]:
    from mss import MSS

    def grab() -> object:
        with MSS() as made:
            return made.grab(AREA)

    return grab


if __name__ == "__main__":
    _serve(sys.argv[1])
