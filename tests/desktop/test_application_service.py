"""The application's name on a real message bus, called by another program."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.workflow import BUILT_IN_WORKFLOWS
from app.system.application_service import INTERFACE, NAME, PATH, ApplicationService
from app.system.dbus import CallFailed, SessionBus
from tests.desktop.session import DesktopSession, bus_session


@pytest.fixture
def bus() -> Iterator[DesktopSession]:
    with bus_session() as session:
        yield session


def service(environ: dict[str, str], done: list[str]) -> ApplicationService:
    return ApplicationService(
        environ,
        actions=[workflow.id for workflow in BUILT_IN_WORKFLOWS],
        on_activate=lambda token: done.append(f"window {token}"),
        on_action=lambda action, token: done.append(f"{action} {token}"),
        on_open=lambda paths: done.append(" ".join(map(str, paths))),
    )


def test_it_is_called_by_its_name_and_does_what_is_asked(bus: DesktopSession) -> None:
    async def scenario() -> None:
        done: list[str] = []
        running = service(bus.env, done)
        assert await running.start()
        caller = await SessionBus.connect(bus.env)
        await caller.call(NAME, PATH, INTERFACE, "Activate", "a{sv}", ({},))
        await caller.call(NAME, PATH, INTERFACE, "ActivateAction", "sava{sv}", ("region", [], {}))
        assert done == ["window ", "region "]
        told = {"activation-token": ("s", "t1"), "desktop-startup-id": ("s", "x")}
        await caller.call(NAME, PATH, INTERFACE, "Activate", "a{sv}", (told,))
        odd = {"activation-token": ("u", 3)}
        await caller.call(NAME, PATH, INTERFACE, "ActivateAction", "sava{sv}", ("region", [], odd))
        assert done[2:] == ["window t1", "region "]
        refused: list[tuple[str, str, tuple[Any, ...], str]] = [
            ("ActivateAction", "sava{sv}", ("format-disk", [], {}), "InvalidArgs"),
            ("ActivateAction", "s", ("region",), "InvalidArgs"),
            ("Destroy", "", (), "UnknownMethod"),
        ]
        for member, signature, body, error in refused:
            with pytest.raises(CallFailed) as caught:
                await caller.call(NAME, PATH, INTERFACE, member, signature, body)
            assert caught.value.error_name.endswith(error)
        with pytest.raises(CallFailed) as caught:
            await caller.call(NAME, "/elsewhere", INTERFACE, "Activate", "a{sv}", ({},))
        assert caught.value.error_name.endswith("UnknownObject")
        assert len(done) == 4
        second = service(bus.env, done)
        assert not await second.start()
        await running.close()
        await second.close()
        assert not await caller.has_owner(NAME)
        await caller.close()

    asyncio.run(scenario())


def test_files_of_this_computer_are_opened_and_no_others(bus: DesktopSession) -> None:
    async def scenario() -> None:
        done: list[str] = []
        running = service(bus.env, done)
        assert await running.start()
        caller = await SessionBus.connect(bus.env)
        uris = ["file:///tmp/one%20file.png", "file://localhost/tmp/two.png"]
        await caller.call(NAME, PATH, INTERFACE, "Open", "asa{sv}", (uris, {}))
        assert done == ["/tmp/one file.png /tmp/two.png"]
        for uri in ("https://example.org/a.png", "file://elsewhere/a.png", "/tmp/a.png", "file:a.png"):
            with pytest.raises(CallFailed) as caught:
                await caller.call(NAME, PATH, INTERFACE, "Open", "asa{sv}", ([uris[0], uri], {}))
            assert caught.value.error_name.endswith("InvalidArgs")
        assert len(done) == 1
        await running.close()
        await caller.close()

    asyncio.run(scenario())


def test_it_describes_itself(bus: DesktopSession) -> None:
    async def scenario() -> str:
        running = service(bus.env, [])
        assert await running.start()
        command = ["gdbus", "introspect", "--session", "--dest", NAME, "--object-path", PATH]
        told = await asyncio.to_thread(bus.run, command)
        await running.close()
        return told.decode()

    told = asyncio.run(scenario())
    assert [name for name in ("Activate(", "Open(", "ActivateAction(", "Introspect(") if name not in told] == []


def test_a_bug_behind_a_call_answers_it_and_is_told(bus: DesktopSession) -> None:
    def fail(_token: str) -> None:
        raise ZeroDivisionError

    async def scenario() -> None:
        bugs: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: bugs.append(context["exception"]))
        running = ApplicationService(
            bus.env, actions=(), on_activate=fail, on_action=lambda _action, _token: None, on_open=lambda _paths: None
        )
        assert await running.start()
        caller = await SessionBus.connect(bus.env)
        with pytest.raises(CallFailed) as caught:
            await caller.call(NAME, PATH, INTERFACE, "Activate", "a{sv}", ({},))
        assert caught.value.error_name == "org.freedesktop.DBus.Error.Failed"
        await running.close()
        await caller.close()
        assert [type(bug) for bug in bugs] == [ZeroDivisionError]

    asyncio.run(scenario())


def test_without_a_bus_nothing_is_said_and_nothing_fails() -> None:
    async def scenario() -> None:
        for environ in ({}, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}):
            running = service(environ, [])
            assert not await running.start()
            await running.close()

    asyncio.run(scenario())
