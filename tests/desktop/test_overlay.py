"""The overlay on a real X server, with real keys and a real mouse."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from Xlib import X, display

from app.core.geometry import Point, Rect
from tests.desktop.processes import Process
from tests.desktop.session import DesktopSession, desktop_session

ROOT = Path(__file__).parents[2]
KEY_COUNTER = """
from Xlib import X, display
d = display.Display()
w = d.screen().root.create_window(700, 500, 200, 200, 0, X.CopyFromParent, event_mask=X.KeyPressMask)
w.set_wm_name("Typing")
w.map()
while True:
    event = d.next_event()
    if event.type == X.KeyPress:
        print("key", event.detail, flush=True)
"""


class Person:
    """Uses the overlay of a program that runs on the session."""

    def __init__(self, session: DesktopSession, *options: str, env: Mapping[str, str] | None = None) -> None:
        self.session = session
        command = [sys.executable, "-m", "tests.desktop.overlay_program", *options]
        self.program: Process = session.spawn(command, cwd=ROOT, env=env)
        self._seen = 0
        self.scales: list[float] = self.next("ready")["scales"]

    def next(self, event: str) -> dict[str, Any]:
        """Wait for the next thing that the program says, which must be this."""

        def line() -> str | None:
            lines = self.program.stdout.split("\n")[:-1]
            assert self.program.is_running, self.program.describe()
            return lines[self._seen] if len(lines) > self._seen else None

        text = self.session.wait_for(line, what=f"the program did not say “{event}”")
        assert text is not None
        self._seen += 1
        said: dict[str, Any] = json.loads(text)
        assert said["event"] == event, said
        return said

    def open(self) -> None:
        self.program.send_signal(signal.SIGUSR1)
        self.next("shown")

    def answer(self) -> dict[str, Any]:
        said = self.next("answer")
        # Nothing may be left on the screen.
        self.session.wait_for(lambda: not self.overlays())
        return said

    def rect(self) -> str | None:
        found: str | None = self.answer()["rect"]
        return found

    def overlays(self) -> list[Rect]:
        return [window.rect_px for window in self.session.windows() if window.pid == self.program.pid]

    def key_until(self, key: str, event: str) -> dict[str, Any]:
        """Press a key again and again: the keyboard may still be on its way back to us."""
        lines = self.program.stdout.count("\n")

        def pressed() -> bool:
            self.session.xdotool("key", key)
            return self.program.stdout.count("\n") > lines

        self.session.wait_for(pressed)
        return self.next(event)


@pytest.fixture
def person(desktop: DesktopSession) -> Person:
    desktop.paint_pattern()
    return Person(desktop)


@contextlib.contextmanager
def two_monitors(*options: str, env: Mapping[str, str] | None = None) -> Iterator[Person]:
    with desktop_session(monitors=2, monitor_size=(1000, 700)) as session:
        session.paint_pattern()
        yield Person(session, *options, env=env)


def test_a_drag_gives_exactly_the_region(person: Person) -> None:
    person.open()
    person.session.drag(Point(301, 203), Point(700, 499))
    assert person.answer() | {"repaints": []} == {
        "event": "answer",
        "rect": "301,203,400,297",
        "kind": "region",
        "title": "",
        "repaints": [],
    }


def test_it_covers_everything_and_leaves_the_selection_as_it_was(person: Person) -> None:
    before = person.session.screenshot()
    panel = person.session.spawn(["trayer", "--edge", "top", "--height", "30"])
    person.session.wait_for(lambda: any(window.pid == panel.pid for window in person.session.windows()))
    person.open()
    assert person.session.windows()[0].pid == person.program.pid
    assert person.overlays() == [Rect(0, 0, 1280, 800)]
    person.session.xdotool("mousemove", 300, 200, "mousedown", 1, "mousemove", 500, 300, "mousemove", 600, 400)
    inside = Rect(300, 200, 301, 201)
    expected = before.crop((300, 200, 601, 401)).tobytes()
    person.session.wait_for(lambda: person.session.screenshot(inside).tobytes() == expected)
    dimmed = person.session.screenshot(Rect(900, 600, 100, 100)).tobytes()
    assert sum(dimmed) < 0.7 * sum(before.crop((900, 600, 1000, 700)).tobytes())
    person.session.xdotool("mouseup", 1)
    assert person.rect() == "300,200,301,201"


def test_one_click_takes_the_window_under_the_pointer(person: Person) -> None:
    opened = person.session.open_window("A note", Rect(200, 150, 300, 200))
    person.open()
    person.session.click(350, 250)
    answer = person.answer()
    assert (answer["kind"], answer["title"]) == ("window", "A note")
    assert Rect.parse(answer["rect"]).encloses(opened.rect_px)
    opened.close()


def test_escape_and_the_right_button_cancel(person: Person) -> None:
    person.open()
    person.session.xdotool("key", "Escape")
    assert person.rect() is None
    person.open()
    person.session.click(400, 400, button=3)
    assert person.rect() is None


@pytest.mark.parametrize(
    ("keys", "rect", "kind"),
    [
        (["1"], "0,0,1280,800", "monitor"),
        (["f"], "0,0,1280,800", "screen"),
        (["l"], "11,22,333,222", "region"),
        (["Left", "shift+Up", "Return", "shift+Right", "shift+Right", "Down", "Return"], "599,390,21,2", "region"),
    ],
)
def test_keys(person: Person, keys: list[str], rect: str, kind: str) -> None:
    person.session.move(600, 400)
    person.open()
    person.session.xdotool("key", *keys)
    answer = person.answer()
    assert (answer["rect"], answer["kind"]) == (rect, kind)


def test_the_pointer_goes_with_the_arrow_keys_and_the_mouse_takes_over_from_there(person: Person) -> None:
    person.session.move(600, 400)
    person.open()
    person.session.xdotool("key", "shift+Right", "Down")
    where = person.session.xdotool("getmouselocation", "--shell")
    assert where.split()[:2] == ["X=610", "Y=401"]
    person.session.xdotool("mousedown", 1, "mousemove_relative", 20, 20, "mousemove_relative", 19, 9, "mouseup", 1)
    assert person.rect() == "610,401,40,30"


def test_shift_alt_and_space_while_dragging(person: Person) -> None:
    do = person.session.xdotool
    person.open()
    do("mousemove", 300, 300, "mousedown", 1, "keydown", "shift", "mousemove", 340, 310, "mouseup", 1, "keyup", "shift")
    assert person.rect() == "300,300,41,41"
    person.open()
    do("mousemove", 300, 300, "mousedown", 1, "keydown", "alt", "mousemove", 340, 310, "mouseup", 1, "keyup", "alt")
    assert person.rect() == "260,290,81,21"
    person.open()
    do("mousemove", 300, 300, "mousedown", 1, "mousemove", 349, 329, "keydown", "space")
    do("mousemove", 369, 349, "keyup", "space", "mouseup", 1)
    assert person.rect() == "320,320,50,30"


def test_ctrl_at_the_release_leaves_handles_and_enter_takes_it(person: Person) -> None:
    do = person.session.xdotool
    person.open()
    do("mousemove", 300, 300, "mousedown", 1, "mousemove", 399, 349, "keydown", "ctrl", "mouseup", 1, "keyup", "ctrl")
    do("mousemove", 399, 349, "mousedown", 1, "mousemove", 419, 359, "mouseup", 1)
    do("key", "Right", "shift+Down", "ctrl+Left", "Return")
    assert person.rect() == "301,310,119,60"


def test_modifiers_still_held_from_the_hotkey_change_nothing(person: Person) -> None:
    person.session.xdotool("keydown", "ctrl", "keydown", "shift")
    person.open()
    person.session.drag(Point(300, 300), Point(399, 329))
    assert person.rect() == "300,300,100,30"
    person.session.xdotool("keyup", "shift", "keyup", "ctrl")


def test_the_keyboard_comes_from_another_program_and_goes_back_to_it(person: Person) -> None:
    typing = person.session.spawn([sys.executable, "-c", KEY_COUNTER])
    window = person.session.window("Typing")
    person.session.wait_for(lambda: person.session.active_window() == window.id)
    person.open()
    person.session.xdotool("key", "x", "Escape")
    assert person.rect() is None
    assert typing.stdout == ""
    assert person.session.active_window() == window.id
    person.session.xdotool("key", "x")
    typing.wait_for_output("key")


def test_while_another_program_holds_the_keyboard_the_mouse_works_and_then_the_keys(person: Person) -> None:
    other = display.Display(person.session.display)
    try:
        root = other.screen().root
        assert root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime) == X.GrabSuccess
        other.sync()
        person.open()
        person.session.drag(Point(300, 200), Point(399, 299))
        assert person.rect() == "300,200,100,100"
        person.open()
        person.session.xdotool("key", "Escape")
        assert person.overlays()
        other.ungrab_keyboard(X.CurrentTime)
        other.sync()
        assert person.key_until("Escape", "answer")["rect"] is None
    finally:
        other.close()


def test_a_reused_window_never_shows_its_old_frame(person: Person) -> None:
    session = person.session
    session.paint(Image.new("RGB", (1280, 800), (255, 0, 0)))
    person.open()
    session.xdotool("key", "Escape")
    person.answer()
    session.paint(Image.new("RGB", (1280, 800), (0, 0, 255)))
    session.wait_for(lambda: session.screenshot(Rect(1000, 100, 1, 1)).getpixel((0, 0)) == (0, 0, 255))
    person.program.send_signal(signal.SIGUSR1)
    seen: set[Any] = set()
    spot = Rect(1000, 100, 1, 1)

    def looked() -> bool:
        seen.add(session.screenshot(spot).getpixel((0, 0)))
        return '"shown"' in person.program.stdout.split('"answer"')[-1]

    session.wait_for(looked)
    seen.add(session.screenshot(spot).getpixel((0, 0)))
    assert all(pixel[0] == 0 for pixel in seen), seen
    assert len(seen) == 2, seen


def test_a_drag_repaints_a_small_part_of_the_screen(person: Person) -> None:
    person.open()
    moves: list[str | int] = ["mousemove", 200, 200, "mousedown", 1]
    for step in range(1, 41):
        moves += ["mousemove", 200 + 15 * step, 200 + 8 * step, "sleep", "0.01"]
    person.session.xdotool(*moves, "mouseup", 1)
    repaints = person.answer()["repaints"]
    assert len(repaints) > 20
    assert sum(repaints) / len(repaints) < 0.15 * 1280 * 800


def test_a_drag_crosses_two_monitors() -> None:
    with two_monitors() as person:
        person.open()
        assert sorted(str(rect) for rect in person.overlays()) == ["0,0,1000,700", "1000,0,1000,700"]
        person.session.drag(Point(900, 100), Point(1199, 399))
        assert person.rect() == "900,100,300,300"
        person.open()
        person.session.xdotool("key", "2")
        assert person.rect() == "1000,0,1000,700"


@pytest.mark.parametrize(
    "env",
    [
        {"QT_SCALE_FACTOR": "2"},
        {"QT_SCREEN_SCALE_FACTORS": "MONITOR-1=1;MONITOR-2=2"},
        {"QT_SCREEN_SCALE_FACTORS": "MONITOR-1=1.5;MONITOR-2=1.25"},
    ],
    ids=["2 and 2", "1 and 2", "1.5 and 1.25"],
)
def test_scale_factors_change_no_pixel(env: dict[str, str]) -> None:
    with two_monitors(env=env) as person:
        before = person.session.screenshot()
        person.open()
        person.session.drag(Point(1101, 201), Point(1333, 399))
        assert person.rect() == "1101,201,233,199"
        person.open()
        do = person.session.xdotool
        do("mousemove", 1299, 333, "mousedown", 1, "mousemove", 1100, 200, "mousemove", 801, 101)
        inside = Rect(801, 101, 499, 233)
        expected = before.crop((801, 101, 1300, 334)).tobytes()
        person.session.wait_for(lambda: person.session.screenshot(inside).tobytes() == expected)
        do("mouseup", 1)
        assert person.rect() == "801,101,499,233"
        person.session.move(1501, 301)
        person.open()
        do("key", "Right", "Return", "Right", "Right", "Down", "Return")
        assert person.rect() == "1502,301,3,2"


def test_a_monitor_that_goes_away_cancels_and_the_next_time_it_works() -> None:
    with two_monitors() as person:
        person.open()
        person.session.run(["xrandr", "--delmonitor", "MONITOR-2"])
        assert person.rect() is None

        def reopened() -> bool:
            person.open()
            return person.overlays() == [Rect(0, 0, 1000, 700)]

        assert reopened()
        person.session.drag(Point(300, 200), Point(399, 299))
        assert person.rect() == "300,200,100,100"
