"""What the capture does when the X server changes or goes away under an open connection."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.capture.x11.backend import X11Capture
from app.core.errors import ErrorKind, UserFacingError
from app.core.geometry import Rect
from tests.desktop.processes import Process, dies_with_parent
from tests.desktop.session import desktop_session
from tests.unit.capture.contract import rgb_of


class Server:
    """An X server that a test can end and start again under the same number."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starts = 0
        self._process: Process | None = None
        self.display = ""

    def start(self, size: str) -> None:
        read_end, write_end = os.pipe()
        number = [self.display] if self.display else []
        options = f"-displayfd {write_end} -screen 0 {size}x24 -nolisten tcp -noreset".split()
        self._starts += 1
        stem = self._folder / f"server-{self._starts}"
        command = dies_with_parent(["Xvfb", *number, *options])
        self._process = Process(command, env=dict(os.environ), log_stem=stem, pass_fds=[write_end])
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            self.display = f":{ready.readline().strip()}"

    def stop(self) -> None:
        assert self._process is not None
        self._process.stop()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    made.start("320x200")
    yield made
    made.stop()


def test_a_lost_server_is_told_in_words_and_the_next_grab_connects_again(server: Server) -> None:
    capture = X11Capture({"DISPLAY": server.display})
    assert capture.grab().rect_px == Rect(0, 0, 320, 200)
    server.stop()
    for _ in range(2):
        with pytest.raises(UserFacingError, match=server.display) as caught:
            capture.grab()
        assert caught.value.kind is ErrorKind.ENVIRONMENT
        assert caught.value.remedy
        assert caught.value.__cause__ is not None
    assert not capture.probe().available
    server.start("400x300")
    assert capture.probe().available
    assert capture.grab().rect_px == Rect(0, 0, 400, 300)
    capture.close()


def test_a_server_that_was_restarted_between_two_grabs_is_not_even_noticed(server: Server) -> None:
    capture = X11Capture({"DISPLAY": server.display})
    capture.grab(cursor=True)
    server.stop()
    server.start("512x384")
    assert capture.grab().rect_px == Rect(0, 0, 512, 384)
    server.stop()
    server.start("320x200")
    assert capture.grab(cursor=True).rect_px == Rect(0, 0, 320, 200)
    capture.close()


def test_closing_after_the_server_has_gone_does_nothing(server: Server) -> None:
    capture = X11Capture({"DISPLAY": server.display})
    capture.grab()
    server.stop()
    capture.close()
    server.start("320x200")


def test_a_desktop_that_grows_and_shrinks_is_followed() -> None:
    with desktop_session(monitors=1, monitor_size=(800, 600), window_manager=False) as session:
        session.run(["xrandr", "--delmonitor", "MONITOR-1"])
        session.run(["xrandr", "--newmode", "small", "0", "320", "0", "0", "320", "200", "0", "0", "200"])
        session.run(["xrandr", "--addmode", "screen", "small"])
        session.run(["xrandr", "--output", "screen", "--mode", "small"])
        capture = X11Capture(session.env)
        assert capture.grab().rect_px == Rect(0, 0, 320, 200)
        # Larger than the shared memory that was made for the small one.
        session.run(["xrandr", "--output", "screen", "--mode", "800x600"])
        session.paint_pattern()
        (frame,) = capture.grab().frames
        assert frame.rect_px == Rect(0, 0, 800, 600)
        assert rgb_of(frame) == session.screenshot().tobytes()
        session.run(["xrandr", "--output", "screen", "--mode", "small"])
        (frame,) = capture.grab().frames
        assert frame.rect_px == Rect(0, 0, 320, 200)
        assert rgb_of(frame) == session.screenshot().tobytes()
        capture.close()
