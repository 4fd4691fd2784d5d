from __future__ import annotations

import subprocess
import sys

import pytest

from app.capture.choose import AutomaticCapture, choose_capture
from app.capture.fake import FakeCapture
from app.capture.refusing import NotAllowed, RefusingCapture
from app.core.errors import UserFacingError
from app.core.ports import Probe


def choose(platform: str = "linux", **environ: str) -> AutomaticCapture:
    return choose_capture(environ, platform=platform)


@pytest.mark.parametrize(
    ("desktop", "order"),
    [
        ("GNOME", ["screencopy", "portal", "gnome-screenshot"]),
        ("KDE", ["screencopy", "portal", "spectacle"]),
        ("sway", ["screencopy", "portal", "grim"]),
        ("", ["screencopy", "portal", "grim"]),
    ],
)
def test_on_wayland_each_desktop_has_its_order_and_x11_is_never_in_it(desktop: str, order: list[str]) -> None:
    # With an X server as well, through which the screen looks black.
    capture = choose(WAYLAND_DISPLAY="nowhere", DISPLAY=":0", XDG_CURRENT_DESKTOP=desktop)
    assert [candidate.probe().name.partition(" ")[0] for candidate in capture.candidates] == order
    capture.close()


def test_a_wayland_session_in_which_nothing_works_says_so_with_a_remedy() -> None:
    capture = choose(WAYLAND_DISPLAY="nowhere", XDG_CURRENT_DESKTOP="sway")
    probe = capture.probe()
    assert not probe.available
    assert probe.remedy
    with pytest.raises(UserFacingError, match="Wayland"):
        capture.grab()
    capture.close()


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
    assert "fake, gnome-screenshot, grim, macos, portal, screencopy, spectacle, x11" in probe.remedy


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


class Failing(FakeCapture):
    """Works as far as it can tell beforehand."""

    name = "failing"

    def __init__(self, failure: UserFacingError) -> None:
        super().__init__()
        self.failure = failure


def test_one_that_fails_in_earnest_is_followed_by_the_next_which_then_stays() -> None:
    failing = Failing(UserFacingError("No picture came."))
    capture = AutomaticCapture([failing, RefusingCapture("b", "It is broken.", ""), FakeCapture()])
    assert capture.grab().frames
    assert capture.name == "fake"
    failing.failure = None
    assert capture.grab().frames
    assert capture.name == "fake"


def test_when_the_next_ones_fail_as_well_the_first_reason_is_told() -> None:
    capture = AutomaticCapture([Failing(UserFacingError("First.")), Failing(UserFacingError("Second."))])
    with pytest.raises(UserFacingError, match="First"):
        capture.grab()


def test_what_the_person_does_not_allow_is_not_tried_another_way() -> None:
    capture = AutomaticCapture([Failing(NotAllowed()), FakeCapture()])
    with pytest.raises(NotAllowed):
        capture.grab()


def test_choosing_loads_none_of_the_libraries() -> None:
    code = (
        "import sys; from app.capture.choose import choose_capture; choose_capture({'DISPLAY': ':0'});"
        "print([name for name in ('mss', 'Xlib', 'PIL', 'jeepney') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
