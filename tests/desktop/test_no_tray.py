"""No tray, as on a stock GNOME: the window is the way in, and a tray that comes is used at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import pytest

from app.core.geometry import Point
from app.demo import DEMO_USER, DemoServer
from app.system.tray_host import probe_tray
from tests.desktop.running import PROGRAM, READY, ROOT, RunningProgram, program_environment, skip_welcome
from tests.desktop.session import DesktopSession, desktop_session
from tests.desktop.x11 import ShownWindow

TITLE = "ImgLink"


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Iterator[DesktopSession]:
    """A desktop without a tray, with notifications."""
    with desktop_session(notifications=True) as made:
        yield made
        request.node.add_report_section("teardown", "desktop", made.describe())


def start(desktop: DesktopSession, server: DemoServer) -> RunningProgram:
    skip_welcome(desktop)
    key = server.add_key(server.user(DEMO_USER))
    process = desktop.spawn(PROGRAM, env={**program_environment(server), "IMGLINK_API_KEY": key})
    process.wait_for_output(READY, 30)
    return RunningProgram(desktop, server, process, key)


def window(desktop: DesktopSession) -> ShownWindow | None:
    return next((each for each in desktop.windows() if each.title == TITLE and each.is_managed), None)


def close_it(desktop: DesktopSession) -> None:
    """As the window manager's own button does; before, the window has to be in front."""
    shown = desktop.window(TITLE)
    desktop.wait_for(lambda: desktop.active_window() == shown.id, what="the window is not in front")
    desktop.close_window(shown)
    desktop.wait_for(lambda: window(desktop) is None, what="the window did not close")


def start_again(program: RunningProgram) -> None:
    env = {**program_environment(program.server), "IMGLINK_API_KEY": program.key}
    again = program.desktop.spawn(PROGRAM, env=env)
    assert again.wait() == 0, again.describe()


def test_a_closed_window_is_told_of_and_every_way_back_works(told: DesktopSession, server: DemoServer) -> None:
    program = start(told, server)
    close_it(told)
    told.wait_for(lambda: "ImgLink is still running" in told.notifications(), what="nobody said that it still runs")
    told.run(["dunstctl", "action", "0"])
    told.window(TITLE)
    close_it(told)
    # The keys work all the while.
    program.capture_region(Point(500, 100), Point(599, 199))
    link = program.wait_for_link()
    assert program.uploaded_picture().size == (100, 100)
    start_again(program)
    shown = told.window(TITLE)
    told.wait_for(lambda: told.active_window() == shown.id, what="the window did not come to the front")
    told.xdotool("key", "ctrl+q")
    assert program.process.wait() == 0, program.process.describe()
    assert link


def test_without_notifications_a_closed_window_stays_in_the_task_bar(
    desktop: DesktopSession, server: DemoServer
) -> None:
    program = start(desktop, server)
    close_it(desktop)
    desktop.wait_for(
        lambda: "Iconic" in desktop.run(["xprop", "-name", TITLE, "WM_STATE"]).decode(), what="it is not minimised"
    )
    start_again(program)
    desktop.window(TITLE)
    assert program.process.is_running


def test_a_tray_of_either_kind_that_comes_later_is_used_and_may_die(told: DesktopSession, server: DemoServer) -> None:
    program = start(told, server)
    told.window(TITLE)
    assert told.tray_icons() == ()
    panel = told.start_tray()
    told.wait_for(lambda: told.tray_icons() != (), what="the icon did not come into the panel")
    # With an icon to click, there is nothing to say.
    close_it(told)
    panel.stop()
    told.wait_for(lambda: not told.has_tray(), what="the panel did not go")
    start_again(program)
    close_it(told)
    told.wait_for(lambda: "ImgLink is still running" in told.notifications(), what="nobody said that it still runs")
    assert told.notifications().count("summary: 'ImgLink is still running'") == 1
    host = told.spawn([sys.executable, "-m", "tests.desktop.fake_tray"], env={"PYTHONPATH": str(ROOT)})
    host.wait_for_output("RegisterStatusNotifierItem")
    host.wait_for_output("menu: Open ImgLink, Capture")
    host.wait_for_output("activated")
    told.window(TITLE)
    assert program.process.is_running


def test_a_watcher_without_a_host_is_no_tray_until_one_comes(told: DesktopSession, server: DemoServer) -> None:
    host = told.folder / "host"
    command = [sys.executable, "-m", "tests.desktop.fake_tray", str(host)]
    tray = told.spawn(command, env={"PYTHONPATH": str(ROOT)})
    tray.wait_for_output("watcher")
    probe = asyncio.run(probe_tray(told.env))
    assert (probe.available, probe.name) == (False, "none")
    program = start(told, server)
    close_it(told)
    told.wait_for(lambda: "ImgLink is still running" in told.notifications(), what="nobody said that it still runs")
    host.touch()
    tray.wait_for_output("activated")
    told.window(TITLE)
    assert asyncio.run(probe_tray(told.env)).name == "StatusNotifier"
    assert program.process.is_running
