"""Monitors that are plugged in and changed while the person chooses, on Wayland."""

from __future__ import annotations

from app.core.geometry import Point, Rect
from app.demo import DemoServer
from tests.desktop.running import RunningProgram, pixels
from tests.desktop.sway import TWO, SwaySession, sway_session
from tests.desktop.wayland_running import do_action, running_program

THIRD = "output HEADLESS-3 resolution 1280x800 position 2560 0 bg #404040 solid_color\n"
"""It is not there at first. This compositor cannot take one away again: its headless outputs stay."""
SAID = "A monitor was plugged in"
TAKEN = Rect(101, 403, 320, 240)
"""On the second output, because on the first is the application's window, and notifications lie in the corner."""


def open_overlay(desktop: SwaySession, outputs: int) -> None:
    do_action(desktop, "region")
    desktop.wait_for(lambda: desktop.fullscreen_windows() == outputs, what="the overlay did not come")


def ends_with_a_word(desktop: SwaySession, *, times: int) -> None:
    desktop.wait_for(lambda: desktop.fullscreen_windows() == 0, what="the overlay stayed")
    desktop.wait_for(
        lambda: desktop.notifications().count(f"summary: '{SAID}") == times, what="nobody said why the overlay went"
    )


def captures_what_is_there_now(program: RunningProgram, desktop: SwaySession, painted: bytes, outputs: int) -> None:
    before = desktop.clipboard_text()
    # The pointer is painted into the picture, and what lay there before stays until there is something to paint.
    desktop.at(1300, 780)
    desktop.wait_for(
        lambda: pixels(desktop.picture_of(2), TAKEN) == painted, what="something lies on the second output"
    )
    open_overlay(desktop, outputs)
    desktop.settle_overlay(Point(1381, 403))
    desktop.drag(Point(1381, 403), Point(1700, 642))
    program.wait_for_link(before=before)
    is_same = program.uploaded_picture().tobytes() == painted
    assert is_same
    desktop.wait_for(lambda: desktop.fullscreen_windows() == 0, what="the overlay stayed")


def test_a_monitor_that_comes_or_changes_while_choosing_ends_it_with_a_word() -> None:
    with DemoServer() as server, sway_session(TWO, notifications=True, config=THIRD) as desktop:
        painted = pixels(desktop.paint_patterns()[1], TAKEN)
        # Qt may say so when the scale changes at the moment of an expose; the pixels below show whether it matters.
        stale = "The cached device pixel ratio value was stale on window expose."
        with running_program(desktop, server, may_say=(stale,)) as program:
            open_overlay(desktop, 2)
            desktop.sway("create_output")
            ends_with_a_word(desktop, times=1)
            assert server.commits == 0
            desktop.layout = Rect(0, 0, 3840, 800)
            captures_what_is_there_now(program, desktop, painted, 3)
            open_overlay(desktop, 3)
            desktop.sway("output", "HEADLESS-3", "scale", "2")
            ends_with_a_word(desktop, times=2)
            desktop.layout = Rect(0, 0, 3200, 800)
            captures_what_is_there_now(program, desktop, painted, 3)
