"""The computer sleeps and wakes, as logind tells it on a real bus."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from app.core.geometry import Point
from app.demo import DemoServer
from app.system import sleep as sleep_module
from app.system.sleep import SleepWatch
from tests.desktop.fake_logind import FakeLogind
from tests.desktop.running import running_program
from tests.desktop.session import DesktopSession, bus_session


@pytest.fixture
def session() -> Iterator[DesktopSession]:
    with bus_session() as made:
        yield made


def watched(session: DesktopSession, test: Callable[[FakeLogind, list[bool]], Awaitable[None]]) -> list[bool]:
    """Run `test` beside a watch, and return what the watch told."""
    told: list[bool] = []

    async def main() -> None:
        logind = await FakeLogind.start(session.env)
        environ = {"DBUS_SYSTEM_BUS_ADDRESS": session.env["DBUS_SESSION_BUS_ADDRESS"]}
        watch = SleepWatch(environ, told.append)
        assert await watch.start()
        try:
            await test(logind, told)
        finally:
            await watch.close()
            await logind.stop()

    asyncio.run(main())
    return told


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def test_sleep_and_wake_are_told(session: DesktopSession) -> None:
    async def test(logind: FakeLogind, told: list[bool]) -> None:
        for is_going in (True, False, True, False):
            await logind.prepare_for_sleep(is_going)
        await until(lambda: len(told) == 4)

    assert watched(session, test) == [True, False, True, False]


def test_a_sleep_whose_end_nobody_tells_is_over_after_a_while(
    session: DesktopSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sleep_module, "MOST_DROWSY_S", 0.01)

    async def test(logind: FakeLogind, told: list[bool]) -> None:
        await logind.prepare_for_sleep(True)
        await until(lambda: len(told) == 2)

    assert watched(session, test) == [True, False]


def test_a_bus_that_goes_away_while_the_computer_is_about_to_sleep_counts_as_awake(session: DesktopSession) -> None:
    async def test(logind: FakeLogind, told: list[bool]) -> None:
        await logind.prepare_for_sleep(True)
        await until(lambda: told == [True])
        [daemon] = session._services
        daemon.stop()
        await until(lambda: len(told) == 2)

    assert watched(session, test) == [True, False]


@pytest.mark.parametrize("address", ["unix:path=/nonexistent/system_bus", "nonsense"])
def test_without_a_system_bus_nothing_is_watched(address: str) -> None:
    async def main() -> None:
        watch = SleepWatch({"DBUS_SYSTEM_BUS_ADDRESS": address}, lambda _: None)
        assert not await watch.start()
        await watch.close()

    asyncio.run(main())


def test_no_upload_begins_before_the_sleep_and_the_program_goes_on_after_it(full_desktop: DesktopSession) -> None:
    system_bus = {"DBUS_SYSTEM_BUS_ADDRESS": full_desktop.env["DBUS_SESSION_BUS_ADDRESS"]}
    with DemoServer() as server, running_program(full_desktop, server, environ=system_bus) as program:
        listed = full_desktop.runtime_dir

        async def sleep(is_going: bool) -> None:
            logind = await FakeLogind.start(full_desktop.env)
            await logind.prepare_for_sleep(is_going)
            await logind.stop()

        assert listed.is_dir()
        asyncio.run(sleep(True))
        program.capture_region(Point(101, 203), Point(420, 442))
        outbox = full_desktop.home / ".local/share/imglink/outbox"
        full_desktop.wait_for(lambda: any(outbox.iterdir()), what="the capture was not kept")
        assert server.commits == 0
        asyncio.run(sleep(False))
        program.wait_for_link()
        # And the keys are bound again.
        link = full_desktop.clipboard_text()
        program.capture_region(Point(50, 50), Point(99, 99))
        program.wait_for_link(before=link)
        assert server.commits == 2
