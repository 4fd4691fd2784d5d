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


def test_without_a_bus_nothing_is_said_and_nothing_fails() -> None:
    async def scenario() -> None:
        for environ in ({}, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}):
            running = service(environ, [])
            assert not await running.start()
            await running.close()

    asyncio.run(scenario())
