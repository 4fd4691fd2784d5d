"""The session bus on asyncio, with a real message bus."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest

from app.system.dbus import CALL_TIMEOUT_S, CONNECT_TIMEOUT_S, BusUnavailable, CallFailed, SessionBus, Signal
from tests.desktop.processes import Process, wait_until
from tests.desktop.session import DesktopSession, desktop_session

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
BUS = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"


@pytest.fixture
def session() -> Iterator[DesktopSession]:
    with desktop_session(window_manager=False) as session:
        yield session


def run(session: DesktopSession, test: Callable[[SessionBus], Awaitable[None]]) -> None:
    async def main() -> None:
        bus = await SessionBus.connect(session.env)
        try:
            await test(bus)
        finally:
            await bus.close()

    asyncio.run(main())


def start_service(session: DesktopSession) -> Process:
    service = session.spawn(["dunst"])
    session.wait_for(lambda: session.bus_has(NAME))
    return service


def bus_daemon(session: DesktopSession) -> Process:
    return next(service for service in session._services if "dbus-daemon" in service.command)


async def until(condition: Callable[[], object]) -> None:
    await asyncio.to_thread(wait_until, condition, 10, lambda: "the condition did not come true")


def test_calls_are_answered(session: DesktopSession) -> None:
    async def test(bus: SessionBus) -> None:
        assert bus.unique_name.startswith(":")
        assert await bus.call(BUS, BUS_PATH, BUS, "GetNameOwner", "s", (bus.unique_name,)) == (bus.unique_name,)
        assert not await bus.has_owner(NAME)
        assert not await bus.can_start(NAME)
        await asyncio.to_thread(start_service, session)
        assert await bus.has_owner(NAME)

    run(session, test)


def test_many_calls_at_once_get_their_own_answers(session: DesktopSession) -> None:
    async def test(bus: SessionBus) -> None:
        names = [bus.unique_name, BUS, "no.such.Name"] * 20
        assert await asyncio.gather(*map(bus.has_owner, names)) == [True, True, False] * 20

    run(session, test)


def test_a_refusal_tells_its_name(session: DesktopSession) -> None:
    async def test(bus: SessionBus) -> None:
        with pytest.raises(CallFailed, match=r"no\.such\.Name refused a call") as caught:
            await bus.call("no.such.Name", "/", "no.such.Interface", "Method")
        assert caught.value.error_name == "org.freedesktop.DBus.Error.ServiceUnknown"
        assert "no.such.Name" in caught.value.details

    run(session, test)


def test_a_service_that_does_not_answer_fails_in_time_and_its_late_answer_harms_nothing(
    session: DesktopSession,
) -> None:
    service = start_service(session)

    async def test(bus: SessionBus) -> None:
        service.send_signal(signal.SIGSTOP)
        begin = time.monotonic()
        for _ in range(3):
            with pytest.raises(CallFailed, match=r"did not answer within 0\.1 seconds"):
                await bus.call(NAME, PATH, NAME, "GetCapabilities", timeout_s=0.1)
        assert time.monotonic() - begin < CALL_TIMEOUT_S
        service.send_signal(signal.SIGCONT)
        name, *_ = await bus.call(NAME, PATH, NAME, "GetServerInformation")
        assert name == "dunst"

    run(session, test)


def test_a_cancelled_call_harms_nothing(session: DesktopSession) -> None:
    async def test(bus: SessionBus) -> None:
        for _ in range(50):
            task = asyncio.create_task(bus.has_owner(BUS))
            await asyncio.sleep(0)
            task.cancel()
        assert await bus.has_owner(BUS)

    run(session, test)


def test_signals_come_inside_the_block_and_only_those_that_were_asked_for(session: DesktopSession) -> None:
    async def test(bus: SessionBus) -> None:
        owners: list[Signal] = []
        lost: list[Signal] = []
        other = await SessionBus.connect(session.env)
        async with (
            bus.subscribed(owners.append, sender=BUS, interface=BUS, path=BUS_PATH, member="NameOwnerChanged"),
            bus.subscribed(lost.append, sender=BUS, interface=BUS, member="NameLost"),
        ):
            await other.call(BUS, BUS_PATH, BUS, "RequestName", "su", ("a.b", 0))
            await until(lambda: any(signal.body == ("a.b", "", other.unique_name) for signal in owners))
        count = len(owners)
        await other.call(BUS, BUS_PATH, BUS, "ReleaseName", "s", ("a.b",))
        await other.close()
        await bus.has_owner(BUS)
        assert len(owners) == count
        assert {signal.member for signal in owners} == {"NameOwnerChanged"}
        assert lost == []

    run(session, test)


def test_a_failing_handler_does_not_stop_the_next_signal(session: DesktopSession) -> None:
    async def test(bus: SessionBus) -> None:
        failures: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context["exception"]))

        def fail(_signal: Signal) -> None:
            raise ZeroDivisionError

        async with bus.subscribed(fail, sender=BUS, interface=BUS, member="NameOwnerChanged"):
            for name in ("a.b", "a.c"):
                await bus.call(BUS, BUS_PATH, BUS, "RequestName", "su", (name, 0))
            await until(lambda: len(failures) == 2)
        assert await bus.has_owner(BUS)

    run(session, test)


def test_the_end_of_the_bus_fails_what_waits_and_what_comes(session: DesktopSession) -> None:
    service = start_service(session)

    async def test(bus: SessionBus) -> None:
        service.send_signal(signal.SIGSTOP)
        waiting = asyncio.create_task(bus.call(NAME, PATH, NAME, "GetCapabilities", timeout_s=20))
        await bus.has_owner(BUS)
        daemon = bus_daemon(session)
        await asyncio.to_thread(daemon.stop)
        with pytest.raises(BusUnavailable):
            await asyncio.wait_for(waiting, 10)
        assert not bus.is_open
        with pytest.raises(BusUnavailable):
            await bus.has_owner(BUS)

    run(session, test)


def test_a_bus_that_does_not_answer_fails_in_time(session: DesktopSession) -> None:
    daemon = bus_daemon(session)
    daemon.send_signal(signal.SIGSTOP)
    try:
        begin = time.monotonic()
        with pytest.raises(BusUnavailable):
            asyncio.run(SessionBus.connect(session.env, timeout_s=0.2))
        assert time.monotonic() - begin < CONNECT_TIMEOUT_S
    finally:
        daemon.send_signal(signal.SIGCONT)


def test_closing_twice_is_fine(session: DesktopSession) -> None:
    async def test(bus: SessionBus) -> None:
        await bus.close()

    run(session, test)
