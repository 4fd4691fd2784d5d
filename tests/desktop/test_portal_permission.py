"""The real portal with the real store of permissions: what the person once answered decides, and can be undone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.capture.wayland.portal import PortalCapture
from app.core.doctor import Part
from app.demo import DemoServer
from tests.desktop import cli
from tests.desktop.cli import results
from tests.desktop.portal_back_end import NAME
from tests.desktop.processes import Process
from tests.desktop.sway import ONE, PORTAL, SwaySession, sway_session

ROOT = Path(__file__).parents[2]
STORE = "org.freedesktop.impl.portal.PermissionStore"
DENIED = "This desktop does not allow ImgLink to take pictures of the screen."
_PORTAL_FILE = f"""\
[portal]
DBusName={NAME}
Interfaces=org.freedesktop.impl.portal.Screenshot;org.freedesktop.impl.portal.Access;
UseIn=sway;
"""


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def desktop(request: pytest.FixtureRequest) -> Iterator[SwaySession]:
    with sway_session(ONE) as session:
        yield session
        request.node.add_report_section("teardown", "desktop", session.describe())


def start_portal(desktop: SwaySession, *, answer: int) -> Process:
    """Start store and portal; the person gives `answer` (0 allows) to every question. Returns the desktop's part."""
    picture = desktop.folder / "picture.png"
    Image.new("RGB", ONE[0].size_px, "teal").save(picture)
    folder = desktop.folder / "portals"
    folder.mkdir()
    (folder / "tests.portal").write_text(_PORTAL_FILE)
    desktop.spawn([Path(PORTAL).with_name("xdg-permission-store")])
    desktop.wait_for(lambda: desktop.bus_has(STORE))
    command = [sys.executable, "-m", "tests.desktop.portal_back_end", str(picture), str(answer)]
    back_end = desktop.spawn(command, env={"PYTHONPATH": str(ROOT)})
    back_end.wait_for_output("ready")
    desktop.spawn([PORTAL], env={"XDG_DESKTOP_PORTAL_DIR": str(folder)})
    desktop.wait_for(lambda: desktop.bus_has("org.freedesktop.portal.Desktop"), 60)
    return back_end


def store(desktop: SwaySession, program: str, permission: str) -> None:
    call = ["gdbus", "call", "--session", "--dest", STORE, "--object-path", "/" + STORE.replace(".", "/")]
    arguments = ["screenshot", "true", "screenshot", program or "''", f"['{permission}']"]
    desktop.run([*call, "--method", f"{STORE}.SetPermission", *arguments])


def capture(desktop: SwaySession, server: DemoServer, code: int) -> Process:
    return cli.run(desktop, server, "capture", "screen", env={"IMGLINK_CAPTURE": "portal"}, code=code)


def asked(back_end: Process) -> list[str]:
    return back_end.stdout.splitlines()[1:]


def remedy_of(text: str) -> str:
    """The command in what is said to the person."""
    return text.replace("\n", " ").partition("Have it ask again with: ")[2].strip()


def test_a_stored_no_is_named_by_capture_and_doctor_and_its_remedy_undoes_it(
    desktop: SwaySession, server: DemoServer
) -> None:
    back_end = start_portal(desktop, answer=0)
    store(desktop, "", "no")
    denied = capture(desktop, server, code=1)
    assert DENIED in denied.stderr
    # Nobody is asked for another picture of what is not allowed.
    assert asked(back_end) == []
    doctor = cli.run(
        desktop, server, "doctor", "--json", env={"IMGLINK_CAPTURE": "portal", "XDG_SESSION_TYPE": "wayland"}, code=1
    )
    said = next(part for part in results(doctor) if part["part"] == Part.CAPTURE.value)
    assert (said["ok"], said["reason"]) == (False, DENIED)
    assert said["remedy"] in denied.stderr
    desktop.run(["sh", "-c", remedy_of(said["remedy"])])
    assert capture(desktop, server, code=0).stdout.startswith(server.base_url)
    assert asked(back_end) == ["AccessDialog ", "Screenshot False"]
    again = cli.run(desktop, server, "doctor", "--ask-again")
    assert "Nothing is stored here that forbids" in again.stderr


def test_a_declined_question_is_said_and_not_answered_with_a_dialog(desktop: SwaySession, server: DemoServer) -> None:
    back_end = start_portal(desktop, answer=1)
    assert DENIED in capture(desktop, server, code=1).stderr
    assert DENIED in capture(desktop, server, code=1).stderr
    assert asked(back_end) == ["AccessDialog "]


def test_a_stored_yes_asks_nobody(desktop: SwaySession, server: DemoServer) -> None:
    back_end = start_portal(desktop, answer=1)
    store(desktop, "", "yes")
    assert capture(desktop, server, code=0).stdout.startswith(server.base_url)
    assert asked(back_end) == ["Screenshot False"]


def test_the_doctor_tells_of_a_no_behind_a_way_that_works(desktop: SwaySession, server: DemoServer) -> None:
    start_portal(desktop, answer=0)
    store(desktop, "", "no")
    doctor = cli.start(desktop, server, "doctor", "--json")
    doctor.wait()
    said = next(part for part in results(doctor) if part["part"] == Part.CAPTURE.value)
    assert said["ok"]
    assert f"2. portal (version 2) (no: {DENIED.rstrip('.')})" in said["reason"]


def test_a_no_to_us_by_name_counts_too(desktop: SwaySession) -> None:
    start_portal(desktop, answer=0)
    store(desktop, "cc.imglink.Desktop", "no")
    portal = PortalCapture(desktop.env)
    probe = portal.probe()
    assert probe.reason == DENIED
    desktop.run(["sh", "-c", remedy_of(probe.remedy)])
    assert portal.probe().reason == ""
    portal.close()
