"""Pixels from a real Wayland compositor, at every scale, by each way there is."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PIL import Image

from app.capture.choose import AutomaticCapture, choose_capture
from app.capture.fake import FakeCapture
from app.capture.refusing import NotAllowed
from app.capture.wayland.portal import PortalCapture
from app.core.doctor import Part
from app.core.errors import Cancelled, UserFacingError
from app.core.geometry import Rect
from app.core.ports import ScreenCapture
from app.core.screen import Desktop, Frame
from tests.desktop.processes import Process
from tests.desktop.session import DesktopSession, bus_session
from tests.desktop.sway import ARRANGEMENTS, ONE, SCALES, OutputPlan, SwaySession, arranged, sway_session
from tests.unit.capture.contract import CaptureContract

ROOT = Path(__file__).parents[2]
EXACT = {1: (1280, 800), 1.25: (1600, 1000), 1.5: (1200, 900), 1.75: (1400, 1050), 2: (1600, 1000)}
"""Sizes that each scale divides: then what another program takes is exact, too."""
ONE_AND_TWO = (OutputPlan(), OutputPlan((1600, 1000), 2, (1280, 0)))
TWO_AND_TWO = (OutputPlan((1600, 1000), 2), OutputPlan((1600, 1000), 2, (800, 0)))


def rgb(frame: Frame) -> bytes:
    size = (frame.rect_px.width, frame.rect_px.height)
    return Image.frombytes("RGB", size, frame.packed(), "raw", "BGRX").tobytes()


def forced(session: DesktopSession, name: str) -> AutomaticCapture:
    return choose_capture({**session.env, "IMGLINK_CAPTURE": name})


def by_name(desktop: Desktop) -> dict[str, bytes]:
    return {each.name: rgb(frame) for each, frame in zip(desktop.monitors, desktop.frames, strict=True)}


@pytest.fixture(scope="module")
def still_desktop() -> Iterator[SwaySession]:
    with sway_session() as session:
        yield session


class TestContract(CaptureContract):
    @pytest.fixture
    def capture(self, still_desktop: SwaySession) -> Iterator[AutomaticCapture]:
        still_desktop.at(300, 200)
        capture = choose_capture(still_desktop.env)
        capture.probe()
        yield capture
        capture.close()

    def test_the_cursor_changes_some_pixels_and_nothing_else(self, capture: ScreenCapture) -> None:
        # Without a graphics card the compositor paints the pointer into the screen itself, and so into every copy.
        shown = capture.grab(cursor=True)
        pointer = shown.crop(Rect(296, 196, 32, 32))
        assert len(set(pointer.packed()[0::4])) > 1
        away = shown.crop(Rect(600, 500, 32, 32))
        assert len(set(away.packed()[0::4])) == 1


@pytest.mark.parametrize("scales", SCALES.values(), ids=SCALES)
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_each_output_comes_with_exactly_its_own_pixels(arrangement: str, scales: tuple[float, float]) -> None:
    check_pixels(arranged(arrangement, *(OutputPlan(EXACT[scale], scale) for scale in scales)))


def test_an_output_that_is_turned_comes_upright() -> None:
    check_pixels(arranged("gap", OutputPlan(), OutputPlan((1280, 800), 1, transform="90")))


def check_pixels(outputs: Sequence[OutputPlan]) -> None:
    with sway_session(outputs, bus=False) as session:
        shown = session.paint_patterns()
        capture = choose_capture(session.env)
        desktop = capture.grab()
        assert capture.name == "screencopy"
        expected = {f"HEADLESS-{number}": picture.tobytes() for number, picture in enumerate(shown, 1)}
        assert by_name(desktop) == expected
        for monitor in desktop.monitors:
            plan = outputs[int(monitor.name.rpartition("-")[2]) - 1]
            assert monitor.scale == plan.scale
        capture.close()


def test_the_portal_gives_the_same_pixels_and_its_file_is_removed() -> None:
    with sway_session(portal=True) as session:
        session.paint_patterns()
        expected = by_name(forced(session, "screencopy").grab())
        capture = forced(session, "portal")
        assert capture.probe().available
        for _ in range(2):
            assert by_name(capture.grab()) == expected
        # The wlroots back end always writes that one file, also for those who test at the same time.
        session.wait_for(lambda: not Path("/tmp/out.png").exists(), what="the portal's file was left")
        capture.close()


def test_the_portal_is_exact_where_all_outputs_have_one_scale() -> None:
    with sway_session(TWO_AND_TWO, portal=True) as session:
        session.paint_patterns()
        capture = forced(session, "portal")
        assert by_name(capture.grab()) == by_name(forced(session, "screencopy").grab())
        capture.close()


def test_grim_gives_the_same_pixels() -> None:
    with sway_session(ONE_AND_TWO) as session:
        session.paint_patterns()
        assert by_name(forced(session, "grim").grab()) == by_name(forced(session, "screencopy").grab())


def test_without_the_compositors_copy_and_without_a_portal_grim_is_used() -> None:
    with sway_session(ONE, bus=False) as session:
        session.paint_patterns()
        portal, grim = PortalCapture(session.env), forced(session, "grim")
        capture = AutomaticCapture([portal, grim])
        assert capture.grab().frames
        assert "D-Bus" in capture.probes[0].reason
        capture.close()


def test_a_compositor_that_is_gone_is_a_reason() -> None:
    with sway_session(ONE) as session:
        environ = {**session.env}
    probe = choose_capture({**environ, "XDG_RUNTIME_DIR": "/nonexistent"}).probe()
    assert not probe.available
    assert probe.remedy


# --- a portal that does not give the picture --------------------------------------------------------------------------


@pytest.fixture
def bus() -> Iterator[DesktopSession]:
    with bus_session() as session:
        yield session


def fake_portal(session: DesktopSession, answers: str, picture: Path | None = None) -> Process:
    command = [sys.executable, "-m", "tests.desktop.fake_portal", answers, *([str(picture)] if picture else [])]
    process = session.spawn(command, env={"PYTHONPATH": str(ROOT)})
    process.wait_for_output("ready")
    return process


def requests(portal: Process) -> list[str]:
    lines = [json.loads(line) for line in portal.stdout.splitlines()[1:]]
    return [body for member, body in lines if member == "Screenshot"]


def grab(session: DesktopSession, timeout_s: float = 20) -> Desktop:
    capture = PortalCapture(session.env, timeout_s)
    try:
        return capture.grab()
    finally:
        capture.close()


def test_a_desktop_that_asks_by_itself_and_tells_of_a_no_is_believed(bus: DesktopSession) -> None:
    # Of its own questions the portal tells otherwise: see `test_portal_permission`.
    portal = fake_portal(bus, "1")
    with pytest.raises(NotAllowed) as caught:
        grab(bus)
    assert "does not allow" in caught.value.message
    assert caught.value.remedy
    bus.wait_for(lambda: len(requests(portal)) == 1)


def test_a_refusal_opens_the_desktops_own_dialog_whose_picture_is_the_choice(
    bus: DesktopSession, tmp_path: Path
) -> None:
    picture = tmp_path / "chosen.png"
    Image.new("RGB", (123, 45), "teal").save(picture)
    portal = fake_portal(bus, "2,0", picture)
    desktop = grab(bus)
    assert desktop.is_chosen
    assert (desktop.rect_px.width, desktop.rect_px.height) == (123, 45)
    bus.wait_for(lambda: len(requests(portal)) == 2)
    assert "True" not in requests(portal)[0].partition("modal")[0]
    assert "True" in requests(portal)[1].partition("modal")[0]
    # The portal's own copy is gone, and what was there before is not.
    assert [path.name for path in tmp_path.iterdir()] == ["chosen.png"]


def test_closing_that_dialog_is_a_cancellation(bus: DesktopSession) -> None:
    fake_portal(bus, "2,1")
    with pytest.raises(Cancelled):
        grab(bus)


def test_a_dialog_that_was_seen_and_closed_is_a_cancellation_whatever_the_desktop_calls_it(
    bus: DesktopSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So does GNOME, when Escape closes its dialog.
    monkeypatch.setattr("app.capture.wayland.portal._SEEN_S", 0.0)
    fake_portal(bus, "2")
    with pytest.raises(Cancelled):
        grab(bus)


def test_what_kde_calls_a_cancellation_is_a_failure_and_the_next_way_is_tried(bus: DesktopSession) -> None:
    portal = fake_portal(bus, "1")
    capture = AutomaticCapture([PortalCapture({**bus.env, "XDG_CURRENT_DESKTOP": "KDE"}), FakeCapture()])
    assert capture.grab().monitors[0].name == "FAKE-1"
    bus.wait_for(lambda: len(requests(portal)) == 1)
    capture.close()


def test_a_back_end_that_cannot_is_an_error(bus: DesktopSession) -> None:
    fake_portal(bus, "2")
    with pytest.raises(UserFacingError, match="could not take a picture") as caught:
        grab(bus)
    assert caught.value.remedy
    assert caught.value.part is Part.PORTAL


def test_a_portal_that_keeps_silent_is_given_up_and_its_request_closed(bus: DesktopSession) -> None:
    portal = fake_portal(bus, "silent")
    with pytest.raises(UserFacingError, match="does not answer") as caught:
        grab(bus, timeout_s=0.3)
    assert "xdg-desktop-portal" in caught.value.remedy
    bus.wait_for(lambda: '["Close"' in portal.stdout)


def test_a_portal_that_dies_is_noticed_at_once(bus: DesktopSession) -> None:
    fake_portal(bus, "dies")
    with pytest.raises(UserFacingError, match="portal"):
        grab(bus, timeout_s=300)


@pytest.mark.parametrize(
    ("answers", "reason", "remedy"),
    [
        ("old", "has no part for this (Screenshot)", "Install xdg-desktop-portal with the back end"),
        ("", "There is no desktop portal here", "Install xdg-desktop-portal"),
    ],
)
def test_the_probe_names_what_is_missing(bus: DesktopSession, answers: str, reason: str, remedy: str) -> None:
    if answers:
        fake_portal(bus, answers)
    capture = PortalCapture(bus.env)
    probe = capture.probe()
    assert not probe.available
    assert reason in probe.reason
    assert remedy in probe.remedy
    capture.close()


def test_without_a_message_bus_the_probe_says_so() -> None:
    capture = PortalCapture({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"})
    assert "D-Bus" in capture.probe().reason
    capture.close()


def test_an_older_file_that_the_portal_names_is_read_and_kept(bus: DesktopSession, tmp_path: Path) -> None:
    picture = tmp_path / "kept.png"
    Image.new("RGB", (12, 8), "teal").save(picture)
    os.utime(picture, (1, 1))
    # Copied with its times: as old as the person's own.
    fake_portal(bus, "2,0", picture)
    assert grab(bus).is_chosen
    assert len(list(tmp_path.iterdir())) == 1
