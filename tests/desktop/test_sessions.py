"""Sessions that lack a part: a capture becomes a link all the same, or what is said names the cause and the remedy.

The remedy is the one that `imglink doctor` names. Others of these are elsewhere: two monitors and a full desktop in
`test_end_to_end`, no tray in `test_no_tray`, Wayland in `test_wayland_end_to_end`.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from app.core.doctor import CLIPBOARD_REMEDY, Part
from app.core.geometry import Point, Rect
from app.demo import DEMO_USER, DemoServer
from app.secrets.guard import HANGS_REMEDY
from tests.desktop.cli import results
from tests.desktop.running import PROGRAM, READY, ROOT, RunningProgram, pixels, program_environment, skip_welcome
from tests.desktop.session import DesktopSession, desktop_session

START, END, TAKEN = Point(100, 200), Point(199, 279), Rect(100, 200, 100, 80)


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Iterator[DesktopSession]:
    """A tray and notifications, and no keyring."""
    with desktop_session(tray=True, notifications=True) as made:
        yield made
        request.node.add_report_section("teardown", "desktop", made.describe())


class Session:
    """The program in a session: with a key of its own unless `with_key` is False."""

    def __init__(self, desktop: DesktopSession, server: DemoServer, *, with_key: bool = True, **env: str) -> None:
        self.desktop = desktop
        key = server.add_key(server.user(DEMO_USER))
        self.env = {**program_environment(server), **({"IMGLINK_API_KEY": key} if with_key else {}), **env}
        self.picture = desktop.paint_pattern()
        skip_welcome(desktop)
        process = desktop.spawn(PROGRAM, env=self.env)
        process.wait_for_output(READY, 60)
        self.program = RunningProgram(desktop, server, process, key)

    def capture(self) -> None:
        self.program.capture_region(START, END)

    def check_link(self) -> None:
        """A capture became a link, of the right pixels."""
        self.program.wait_for_link()
        self.check_upload()

    def check_upload(self) -> None:
        assert self.program.uploaded_picture().tobytes() == pixels(self.picture, TAKEN)

    def doctor(self, part: Part, *, code: int = 0) -> dict[str, Any]:
        """What the doctor says of a part."""
        process = self.desktop.spawn([*PROGRAM, "doctor", "--json"], env=self.env)
        assert process.wait(40) == code, process.describe()
        return next(each for each in results(process) if each["part"] == part.value)


def test_without_a_message_bus(desktop: DesktopSession, server: DemoServer) -> None:
    # Not where the session's own has its socket, which would be found there.
    elsewhere = desktop.folder / "run without a bus"
    elsewhere.mkdir(mode=0o700)
    session = Session(desktop, server, DBUS_SESSION_BUS_ADDRESS="", XDG_RUNTIME_DIR=str(elsewhere))
    session.capture()
    session.check_link()
    for part in (Part.NOTIFICATIONS, Part.KEYRING, Part.TRAY):
        said = session.doctor(part)
        assert (part, said["reason"] != "", said["remedy"] != "") == (part, True, True)


def test_without_a_notification_service_there_is_the_card(server: DemoServer) -> None:
    with desktop_session(tray=True) as desktop:
        session = Session(desktop, server)
        session.capture()
        desktop.window("ImgLink upload")
        session.check_link()
        assert "No notification service" in session.doctor(Part.NOTIFICATIONS)["reason"]


def test_with_a_keyring_that_is_dead_nothing_goes_without_the_account(told: DesktopSession, server: DemoServer) -> None:
    keyring = told.start_keyring()
    told.wait_for(lambda: told.bus_has("org.freedesktop.secrets"), what="no keyring came")
    keyring.send_signal(signal.SIGSTOP)
    session = Session(told, server, with_key=False)
    session.capture()
    told.wait_for(lambda: HANGS_REMEDY in told.notifications(), 60, what="nobody said what is wrong")
    assert "the keyring did not answer" in told.notifications()
    assert server.commits == 0
    said = session.doctor(Part.KEYRING, code=1)
    assert (said["ok"], said["remedy"]) == (False, HANGS_REMEDY)
    # It is alive again: whoever says “go on” gets the link.
    keyring.send_signal(signal.SIGCONT)
    resumed = told.spawn([*PROGRAM, "resume"], env=session.env)
    assert resumed.wait(40) == 0, resumed.describe()
    told.wait_for(lambda: server.commits == 1, 40, what="it was not uploaded")
    session.check_upload()


def test_with_a_clipboard_that_nobody_gives_back_the_link_is_told_with_the_remedy(
    told: DesktopSession, server: DemoServer
) -> None:
    owner = told.spawn([sys.executable, "-m", "tests.desktop.silent_owner", "keep"], env={"PYTHONPATH": str(ROOT)})
    owner.wait_for_output("owns it")
    session = Session(told, server)

    def is_told(number: int) -> bool:
        return server.commits == number and server.images()[-1].id in told.notifications()

    # It may take it back too late once: then the link could be read, and was copied.
    for number in range(1, 6):
        session.capture()
        told.wait_for(partial(is_told, number), 60, what="nothing was said")
        if CLIPBOARD_REMEDY in told.notifications():
            break
    assert CLIPBOARD_REMEDY in told.notifications()
    session.check_upload()
    said = session.doctor(Part.CLIPBOARD, code=1)
    assert (said["ok"], said["remedy"]) == (False, CLIPBOARD_REMEDY)
    assert owner.is_running


def test_what_a_silent_program_had_copied_does_not_matter(told: DesktopSession, server: DemoServer) -> None:
    owner = told.spawn([sys.executable, "-m", "tests.desktop.silent_owner"], env={"PYTHONPATH": str(ROOT)})
    owner.wait_for_output("owns it")
    session = Session(told, server)
    session.capture()
    told.wait_for(lambda: "Link copied" in told.notifications(), 30, what="the link was not copied")
    session.check_link()
