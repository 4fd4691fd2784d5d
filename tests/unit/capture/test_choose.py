from __future__ import annotations

import subprocess
import sys

import pytest

from app.capture.choose import AutomaticCapture, choose_capture
from app.capture.fake import FakeCapture
from app.capture.refusing import RefusingCapture
from app.core.errors import UserFacingError
from app.core.ports import Probe


def choose(platform: str = "linux", **environ: str) -> AutomaticCapture:
    return choose_capture(environ, platform=platform)


@pytest.mark.parametrize(
    ("environ", "compositor"),
    [
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0", "XDG_CURRENT_DESKTOP": "GNOME"}, "GNOME"),
        ({"XDG_SESSION_TYPE": "wayland", "DISPLAY": ":0", "SWAYSOCK": "/run/s"}, "sway"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, ""),
    ],
)
def test_a_wayland_session_is_refused_in_words_and_x11_is_not_even_tried(
    environ: dict[str, str], compositor: str
) -> None:
    capture = choose(**environ)
    probe = capture.probe()
    assert (probe.name, probe.available) == ("wayland", False)
    assert "Wayland" in probe.reason
    assert compositor in probe.reason
    assert "X11" in probe.remedy
    assert [tried.name for tried in capture.probes] == ["wayland"]
    with pytest.raises(UserFacingError, match="Wayland"):
        capture.grab()


def test_without_a_screen_the_reason_is_the_missing_display() -> None:
    capture = choose()
    probe = capture.probe()
    assert (probe.name, probe.available) == ("x11", False)
    assert "DISPLAY" in probe.reason
    assert probe.remedy
    with pytest.raises(UserFacingError, match="DISPLAY"):
        capture.grab()


def test_an_x_server_that_does_not_answer_is_a_reason_too() -> None:
    probe = choose(DISPLAY=":54321").probe()
    assert not probe.available
    assert ":54321" in probe.reason
    assert probe.remedy


def test_macos_is_recognised() -> None:
    assert choose(platform="darwin", DISPLAY=":0").probe().name == "macos"


def test_the_environment_forces_a_back_end_in_any_session() -> None:
    capture = choose(IMGLINK_CAPTURE="fake", WAYLAND_DISPLAY="wayland-0")
    assert capture.grab().monitors[0].name == "FAKE-1"
    assert capture.name == "fake"
    assert choose(IMGLINK_CAPTURE="x11", WAYLAND_DISPLAY="wayland-0").probe().name == "x11"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    probe = choose(IMGLINK_CAPTURE="x12", DISPLAY=":0").probe()
    assert not probe.available
    assert "x12" in probe.reason
    assert "fake, macos, wayland, x11" in probe.remedy


def test_back_ends_are_tried_in_order_until_one_works() -> None:
    broken = RefusingCapture("broken", "It is broken.", "Repair it.")
    capture = AutomaticCapture([broken, FakeCapture(), RefusingCapture("never", "Not asked.", "")])
    assert capture.name == "automatic"
    assert capture.grab().frames
    assert capture.name == "fake"
    assert [(probe.name, probe.available) for probe in capture.probes] == [("broken", False), ("fake", True)]
    capture.close()


def test_when_none_works_the_first_reason_is_told_and_the_next_grab_looks_again() -> None:
    attempts: list[str] = []

    class Recorded(RefusingCapture):
        def probe(self) -> Probe:
            attempts.append(self.name)
            return super().probe()

    capture = AutomaticCapture([Recorded("a", "First reason.", "Do this."), Recorded("b", "Second reason.", "")])
    for _ in range(2):
        with pytest.raises(UserFacingError, match=r"First reason\. Do this\."):
            capture.grab()
    assert attempts == ["a", "b", "a", "b"]


def test_choosing_loads_none_of_the_libraries() -> None:
    code = (
        "import sys; from app.capture.choose import choose_capture; choose_capture({'DISPLAY': ':0'});"
        "print([name for name in ('mss', 'Xlib', 'PIL') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
