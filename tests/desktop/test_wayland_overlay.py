"""The overlay over a real Wayland compositor, at every scale: what is marked is what is taken, to the pixel."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.capture.choose import choose_capture
from app.core.geometry import Point, Rect
from app.core.screen import Desktop, Monitor
from tests.desktop.processes import Process
from tests.desktop.sway import ARRANGEMENTS, SCALES, OutputPlan, SwaySession, arranged, sway_session
from tests.desktop.test_wayland_capture import rgb

ROOT = Path(__file__).parents[2]
FIRST, SECOND = (1366, 768), (1280, 1024)
"""Sizes that scales do not divide, as those of laptops are."""
ONE_AND_ONE = (OutputPlan(), OutputPlan(place=(1280, 0)))
ONE_AND_TWO = (OutputPlan(), OutputPlan((1600, 1000), 2, (1280, 0)))
TWO_AND_TWO = (OutputPlan((1600, 1000), 2), OutputPlan((1600, 1000), 2, (800, 0)))


class Person:
    """Uses the overlay of a program that runs on the session, and knows where each physical pixel is."""

    def __init__(self, session: SwaySession) -> None:
        self.session = session
        self.desktop: Desktop = choose_capture(session.env).grab()
        command = [sys.executable, "-m", "tests.desktop.overlay_program"]
        self.program: Process = session.spawn(command, env={"PYTHONPATH": str(ROOT)})
        self._seen = 0
        self._shown = [session.picture_of(number) for number in range(1, len(session.outputs) + 1)]
        self.next("ready")

    def next(self, event: str) -> dict[str, Any]:
        """Wait for the next thing that the program says, which must be this."""

        def line() -> str | None:
            assert self.program.is_running, self.program.describe()
            lines = self.program.stdout.split("\n")[:-1]
            return lines[self._seen] if len(lines) > self._seen else None

        text = self.session.wait_for(line, what=f"the program did not say “{event}”")
        assert text is not None
        self._seen += 1
        said: dict[str, Any] = json.loads(text)
        assert said["event"] == event, said
        return said

    def open(self, output: int, x: int, y: int) -> None:
        """Open the overlay, and return when it follows the pointer at this pixel of this output."""
        self.program.send_signal(signal.SIGUSR1)
        self.next("shown")
        count = len(self.session.outputs)
        self.session.wait_for(lambda: self.session.fullscreen_windows() == count, what="not every output is covered")
        self.session.at(*self.place(output, x, y))
        before = self._shown[output - 1]
        end = (before.width - 40, y, before.width, y + 1)
        # The cross goes from edge to edge, where no pointer of the compositor's own lies.
        self.session.wait_for(
            lambda: self.session.picture_of(output).crop(end).tobytes() != before.crop(end).tobytes(),
            what="the overlay does not see the pointer",
        )

    def rect(self) -> str | None:
        found: str | None = self.next("answer")["rect"]
        self.session.wait_for(lambda: self.session.fullscreen_windows() == 0, what="the overlay stayed")
        return found

    def monitor(self, output: int) -> Monitor:
        return next(each for each in self.desktop.monitors if each.name == f"HEADLESS-{output}")

    def place(self, output: int, x: int, y: int) -> tuple[float, float]:
        """The middle of a physical pixel of an output, in logical units of the layout."""
        plan = self.session.outputs[output - 1]
        return plan.place[0] + (x + 0.5) / plan.scale, plan.place[1] + (y + 0.5) / plan.scale

    def end(self, output: int) -> tuple[int, int, int]:
        """The last pixel but one that the pointer reaches on an output, which cuts its size to whole logical units."""
        plan = self.session.outputs[output - 1]
        return output, int(plan.logical.width * plan.scale) - 2, int(plan.logical.height * plan.scale) - 2

    def shows(self, first: tuple[int, int, int], last: tuple[int, int, int]) -> bytes:
        """What lies between two pixels of one output, both included, as another program saw it before."""
        output, left, top = first
        return self._shown[output - 1].crop((left, top, last[1] + 1, last[2] + 1)).tobytes()

    def drag(self, *pixels: tuple[int, int, int]) -> None:
        """Drag over these pixels, each as output, x and y on it."""
        self.session.drag_logical(*(self.place(*pixel) for pixel in pixels))

    def spanning(self, first: tuple[int, int, int], last: tuple[int, int, int]) -> str:
        """The rectangle that a drag from the one pixel to the other takes."""
        corners = [
            Point(self.monitor(output).rect_px.x + x, self.monitor(output).rect_px.y + y)
            for output, x, y in (first, last)
        ]
        return str(Rect.spanning(*corners))


@contextlib.contextmanager
def person(outputs: Sequence[OutputPlan]) -> Iterator[Person]:
    with sway_session(outputs, bus=False) as session:
        session.paint_patterns()
        yield Person(session)


@pytest.mark.parametrize("scales", SCALES.values(), ids=SCALES)
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_a_drag_takes_exactly_the_physical_pixels(arrangement: str, scales: tuple[float, float]) -> None:
    outputs = arranged(arrangement, OutputPlan(FIRST, scales[0]), OutputPlan(SECOND, scales[1]))
    with person(outputs) as someone:
        # To the last pixels that a pointer reaches: there, what is a little off is off by most.
        for first, last in [((1, 1001, 603), someone.end(1)), ((2, 17, 20), someone.end(2))]:
            someone.open(*first)
            someone.drag(first, (first[0], first[1] + 40, first[2] + 30), last)
            rect = someone.rect()
            assert rect == someone.spanning(first, last)
            # The other program's picture is exact where nothing was rounded.
            if outputs[first[0] - 1].scale in (1, 2):
                assert rgb(someone.desktop.crop(Rect.parse(rect))) == someone.shows(first, last)
        first, last = (2, 301, 251), (1, 1297, 401)
        someone.open(*first)
        someone.drag(first, (2, 340, 290), last)
        assert someone.rect() == someone.spanning(first, last)


@pytest.mark.parametrize("outputs", [ONE_AND_ONE, TWO_AND_TWO], ids=["1", "2"])
def test_what_is_marked_looks_as_it_did_and_the_rest_is_dimmed(outputs: tuple[OutputPlan, ...]) -> None:
    with person(outputs) as someone:
        session = someone.session
        before = session.picture_of(1)
        someone.open(1, 100, 100)
        places = [someone.place(1, 100, 100), someone.place(1, 300, 200), someone.place(1, 499, 399)]
        session.at(*places[0])
        session.press()
        for place in places[1:]:
            session.at(*place)
        inside, outside = (110, 110, 480, 380), (600, 300, 700, 400)
        bright = sum(before.crop(outside).tobytes())
        session.wait_for(
            lambda: sum(session.picture_of(1).crop(outside).tobytes()) < 0.8 * bright, what="nothing was dimmed"
        )
        marked = before.crop(inside).tobytes()
        session.wait_for(lambda: session.picture_of(1).crop(inside).tobytes() == marked, what="it looks different")
        session.release()
        assert someone.rect() == someone.spanning((1, 100, 100), (1, 499, 399))


def test_keys_work_and_escape_cancels() -> None:
    with person(ONE_AND_TWO) as someone:
        someone.open(1, 600, 400)
        someone.session.keys("Escape")
        assert someone.rect() is None
        someone.open(2, 600, 400)
        someone.session.keys("2")
        assert someone.rect() == str(someone.monitor(2).rect_px)
        someone.open(1, 600, 400)
        someone.session.keys("Right", "Return", "Right", "Down", "Return")
        assert someone.rect() == "601,400,2,2"
