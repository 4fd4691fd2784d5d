"""The real program on a real Wayland desktop: a key of the compositor, a drag, and a link on the clipboard."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.geometry import Point, Rect
from app.core.shortcuts import Shortcut
from app.demo import DEMO_API_KEY, DemoServer
from app.system.compositor_keys import binding_help
from app.system.portal import PORTAL as PORTAL_NAME
from app.system.portal import RESTART
from app.system.session import detect_session
from tests.desktop import cli
from tests.desktop.cli import uploaded
from tests.desktop.running import pixels
from tests.desktop.soak import Soak
from tests.desktop.sway import ONE, PORTAL, TWO, SwaySession, sway_session
from tests.desktop.wayland_running import running_program

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


def test_a_key_of_the_compositor_a_drag_and_the_link_is_there_for_every_program(server: DemoServer) -> None:
    with sway_session(portal=True, notifications=True) as desktop:
        _, right = desktop.paint_patterns()
        add_binding(desktop, server)
        # The application's own window comes to the output with the pointer, and the other one is taken.
        desktop.at(600, 780)
        with running_program(desktop, server) as program:
            desktop.keys("ctrl+shift+F4")
            desktop.wait_for(lambda: desktop.fullscreen_windows() == 2, what="the overlay did not come")
            desktop.settle_overlay(Point(1380, 100))
            desktop.drag(Point(1380, 100), Point(1779, 499))
            link = program.wait_for_link()
            assert link.startswith(server.base_url)
            picture = program.uploaded_picture()
            assert picture.size == (400, 400)
            assert picture.tobytes() == pixels(right, Rect(100, 100, 400, 400))
            desktop.wait_for(lambda: desktop.fullscreen_windows() == 0, what="the overlay stayed")


def add_binding(desktop: SwaySession, server: DemoServer) -> None:
    """Give the compositor the line that the settings show, with the program of this checkout as `imglink`."""
    shortcut = {"region": Shortcut.parse("Ctrl+Shift+F4")}
    line = binding_help(detect_session(desktop.env, platform="linux"), shortcut).lines
    folder = desktop.folder / "bin"
    folder.mkdir()
    program = folder / "imglink"
    program.write_text(
        f"#!/bin/sh\nexport PYTHONPATH='{ROOT}' IMGLINK_BASE_URL='{server.base_url}' IMGLINK_API_KEY='{DEMO_API_KEY}'\n"
        f'exec "{sys.executable}" -m app "$@" 2>>{desktop.folder}/binding.log\n'
    )
    program.chmod(0o755)
    desktop.sway(*line.replace("exec imglink", f"exec {program}").split())


def test_a_line_for_the_compositor_starts_a_program_that_is_in_no_path(tmp_path: Path) -> None:
    folder = tmp_path / "my tool's, and others"
    folder.mkdir()
    program, done = folder / "imglink", tmp_path / "done"
    program.write_text(f'#!/bin/sh\necho "$@" >{done}.part\nmv {done}.part {done}\n')
    program.chmod(0o755)
    shortcut = {"region": Shortcut.parse("Ctrl+Shift+F4")}
    sway = detect_session({"WAYLAND_DISPLAY": "wayland-1", "XDG_CURRENT_DESKTOP": "sway"}, platform="linux")
    with sway_session(ONE, config=binding_help(sway, shortcut, [str(program)]).lines) as desktop:
        desktop.keys("ctrl+shift+F4")
        desktop.wait_for(done.exists, what="the line started nothing")
        assert done.read_text() == "capture region --copy\n"


@pytest.mark.parametrize(
    ("words", "rect"),
    [
        (["screen"], Rect(0, 0, 2560, 800)),
        (["monitor", "2"], Rect(1280, 0, 1280, 800)),
        (["--geometry", "1200,50,200,100"], Rect(1200, 50, 200, 100)),
    ],
)
def test_a_command_alone_takes_the_screen_and_its_link_stays_on_the_clipboard(
    server: DemoServer, words: list[str], rect: Rect
) -> None:
    with sway_session(TWO) as desktop:
        desktop.paint_patterns()
        whole = desktop.screenshot()
        done = cli.run(desktop, server, "capture", *words, "--copy")
        assert desktop.clipboard_text() == done.stdout.rstrip("\n")
        assert uploaded(server).tobytes() == pixels(whole, rect)


def test_a_region_is_chosen_without_the_application(server: DemoServer) -> None:
    with sway_session(TWO, bus=False) as desktop:
        desktop.paint_patterns()
        whole = desktop.screenshot()
        process = cli.start(desktop, server, "capture", "region", "--copy")
        desktop.wait_for(lambda: desktop.fullscreen_windows() == 2, 30, what="the overlay did not come")
        desktop.settle_overlay(Point(200, 100))
        desktop.drag(Point(200, 100), Point(399, 149))
        assert process.wait() == 0, process.describe()
        assert process.stderr == "", process.describe()
        assert desktop.clipboard_text() == process.stdout.rstrip("\n")
        assert uploaded(server).tobytes() == pixels(whole, Rect(200, 100, 200, 50))


def test_fifty_captures_in_a_row_leave_nothing_behind(server: DemoServer) -> None:
    with sway_session(TWO) as desktop:
        desktop.paint_patterns()
        with running_program(desktop, server) as program:
            picture = desktop.screenshot()
            # On the second output, away from the application's own window.
            soak = Soak(program, 1300)
            for rect in soak.rects:
                # This compositor draws the pointer into its pictures, asked or not.
                desktop.at(640, 780)
                process = cli.start(desktop, server, "capture", "region", "--copy")
                desktop.wait_for(lambda: desktop.fullscreen_windows() == 2, what="the overlay did not come")
                desktop.settle_overlay(rect.top_left)
                desktop.drag(rect.top_left, Point(rect.right - 1, rect.bottom - 1))
                assert process.wait(30) == 0, process.describe()
                soak.taken(process.stdout.rstrip("\n"))
                assert desktop.clipboard_text() == soak.links[-1]
            soak.check(picture)


def doctor(desktop: SwaySession, server: DemoServer) -> dict[str, Any]:
    process = cli.start(desktop, server, "doctor", "--json")
    process.wait(60)
    return {part["part"]: part for part in json.loads(process.stdout)}


def test_the_doctor_tells_the_order_of_captures_and_what_is_missing(server: DemoServer) -> None:
    with sway_session(portal=True) as desktop:
        parts = doctor(desktop, server)
        assert parts["Session"]["name"] == "Wayland (sway)"
        assert parts["Screen capture"]["name"] == "screencopy"
        reason = parts["Screen capture"]["reason"]
        assert reason.index("1. screencopy (used)") < reason.index("2. portal") < reason.index("3. grim (works too)")
        assert not parts["Shortcuts"]["ok"]
        assert "capture region --copy" in parts["Shortcuts"]["remedy"]
        assert "cc.imglink.Desktop.desktop is not installed" in parts["Portal"]["reason"]
        assert parts["Portal"]["remedy"]
        assert parts["Clipboard"]["name"] == "wl-clipboard"
        assert parts["Clipboard"]["ok"]


def test_without_bus_and_portal_captures_work_and_the_doctor_says_what_lacks(server: DemoServer) -> None:
    with sway_session(TWO, bus=False) as desktop:
        parts = doctor(desktop, server)
        assert (
            "2. portal (no: The desktop's message bus (D-Bus) cannot be reached)" in parts["Screen capture"]["reason"]
        )
        done = cli.run(desktop, server, "capture", "screen")
        assert done.stdout.startswith(server.base_url)


def test_a_portal_that_hangs_holds_nothing_up_and_the_doctor_names_it(server: DemoServer) -> None:
    with sway_session(portal=True) as desktop:
        portal = next(each for each in desktop.services if each.command[-1] == PORTAL)
        calls = desktop.spawn(["dbus-monitor", f"type='method_call',destination='{PORTAL_NAME}'"])
        calls.wait_for_output("NameAcquired")
        portal.send_signal(signal.SIGSTOP)
        try:
            with running_program(desktop, server):
                # Qt and we have asked, and not even given up: then we would have asked again.
                assert calls.stdout.count("member=Register") <= 2, calls.describe()
                done = cli.run(desktop, server, "capture", "monitor", "1")
                assert done.stdout.startswith(server.base_url)
            parts = doctor(desktop, server)
        finally:
            portal.send_signal(signal.SIGCONT)
    silent = "The desktop portal does not answer."
    assert (parts["Portal"]["ok"], parts["Portal"]["reason"], parts["Portal"]["remedy"]) == (False, silent, RESTART)
    assert (parts["Shortcuts"]["reason"], parts["Shortcuts"]["remedy"]) == (silent, RESTART)
    assert parts["Screen capture"]["ok"]
    assert f"2. portal (no: {silent.rstrip('.')}), 3. grim (works too)" in parts["Screen capture"]["reason"]


def test_without_pipewire_captures_work_and_what_the_portal_lacks_is_named(server: DemoServer) -> None:
    with sway_session(TWO, portal=True, pipewire=False) as desktop:
        done = cli.run(desktop, server, "capture", "screen")
        assert done.stdout.startswith(server.base_url)
        # The portal is not needed here. Where it is, it offers what it cannot do.
        assert doctor(desktop, server)["Screen capture"]["name"] == "screencopy"
        failed = cli.run(desktop, server, "capture", "screen", env={"IMGLINK_CAPTURE": "portal"}, code=1)
        assert "PipeWire" in failed.stderr


def test_a_missing_wl_clipboard_is_named(server: DemoServer) -> None:
    with sway_session(TWO) as desktop:
        programs = desktop.folder / "few programs"
        programs.mkdir()
        done = cli.run(desktop, server, "capture", "monitor", "1", "--copy", env={"PATH": str(programs)}, code=1)
        assert "Install wl-clipboard." in done.stderr
        # The picture is there all the same.
        assert done.stdout.startswith(server.base_url)
