"""The overlay: from the trigger to dimmed pixels on a 4K screen, and what a step of a drag costs."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.geometry import Rect
from benches.frame import Race, benchmark
from tests.desktop.processes import Process
from tests.desktop.session import DesktopSession, desktop_session

ROOT = Path(__file__).resolve().parents[2]
SIZE = (3840, 2160)
SPOT = Rect(3000, 300, 1, 1)
"""Far from the pointer and every panel: it changes when the overlay is painted, and only then."""
FLAMESHOT = "flameshot gui"


@benchmark("overlay, warm: trigger to pixels (4K)", gate=0.25, rounds=7)
def warm() -> Iterator[Race]:
    """A process that has shown it before; the peer's daemon runs as well."""
    with screen() as session, flameshot(session) as peer:
        program = started(session)
        yield Race(
            ours=lambda: until_painted(session, lambda: program.send_signal(signal.SIGUSR1)),
            peers={FLAMESHOT: peer},
            is_timed=False,
        )


@benchmark("overlay, first trigger: to pixels (4K)", gate=0.5, rounds=3, warmups=0)
def first() -> Iterator[Race]:
    """A new process each time, warmed up at idle as the program does it."""
    with screen() as session, flameshot(session) as peer:

        def ours() -> float:
            program = started(session)
            took = until_painted(session, lambda: program.send_signal(signal.SIGUSR1))
            program.stop()
            return took

        yield Race(ours=ours, peers={FLAMESHOT: peer}, is_timed=False)


@benchmark("overlay, a step of a drag (4K)", gate=0.3, rounds=3)
def drag() -> Iterator[Race]:
    """What changed, against everything; each figure is the median of 60 steps, block by block in turn."""
    with screen() as session:
        program = started(session)
        naive: list[float] = []

        def ours() -> float:
            until_painted(session, lambda: program.send_signal(signal.SIGUSR1), close=False)
            program.send_signal(signal.SIGUSR2)
            done = len(naive) + 1
            session.wait_for(lambda: len(said(program, "answer")) == done)
            figures = said(program, "drag")[-1]
            naive.append(figures["naive"])
            return figures["ours"]

        yield Race(ours=ours, peers={"full repaint": lambda: naive[-1]}, is_timed=False)


@contextmanager
def screen() -> Iterator[DesktopSession]:
    """A private 4K desktop with a known background, and the pointer out of the way."""
    with desktop_session(monitor_size=SIZE) as session:
        session.paint_pattern()
        session.move(400, 1900)
        yield session


@contextmanager
def flameshot(session: DesktopSession) -> Iterator[Callable[[], float] | None]:
    """A round of the peer with its daemon running; None when it is not installed."""
    if shutil.which("flameshot") is None:
        yield None
        return
    session.spawn(["flameshot"])
    session.wait_for(lambda: session.bus_has("org.flameshot.Flameshot"))
    yield lambda: until_painted(session, lambda: session.spawn(["flameshot", "gui"]))


def started(session: DesktopSession) -> Process:
    """Our overlay in a process of its own, warmed up and waiting."""
    program = session.spawn([sys.executable, "-m", "tests.desktop.overlay_program"], cwd=ROOT)
    program.wait_for_output("ready")
    return program


def said(program: Process, event: str) -> list[dict[str, float]]:
    """What the program has told of this kind of event."""
    lines = [json.loads(line) for line in program.stdout.splitlines(keepends=True) if line.endswith("\n")]
    return [line for line in lines if line["event"] == event]


def is_clear(session: DesktopSession) -> bool:
    """True when no overlay dims the screen."""
    return bool(session.screenshot(SPOT).getpixel((0, 0)) == CLEAR)


def until_painted(session: DesktopSession, trigger: Callable[[], object], *, close: bool = True) -> float:
    """Milliseconds from the trigger until the screen is dimmed; then Escape, until it is clear again."""
    session.wait_for(lambda: is_clear(session))
    begin = time.perf_counter()
    trigger()
    while is_clear(session):
        if time.perf_counter() - begin > 20:
            raise TimeoutError(f"no overlay: {session.describe()}")
    took = 1000 * (time.perf_counter() - begin)

    def dismissed() -> bool:
        session.xdotool("key", "Escape")
        return is_clear(session)

    if close:
        session.wait_for(dismissed)
    return took


def _pattern_at(x: int, y: int) -> tuple[int, int, int]:
    from tests.desktop.x11 import pattern

    pixel = pattern(1, 1, x, y).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    red, green, blue = pixel[:3]
    return int(red), int(green), int(blue)


CLEAR = _pattern_at(SPOT.x, SPOT.y)
"""What the background shows at the spot."""
