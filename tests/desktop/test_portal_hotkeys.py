"""Shortcuts by the portal, over a real message bus with a portal of the tests' own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest

from app.core.ports import BindResult
from app.core.shortcuts import Shortcut
from app.hotkeys.choose import choose_hotkeys
from app.hotkeys.portal import (
    ASKING,
    LOST,
    NOT_ALLOWED,
    NOT_GIVEN,
    SESSION_TOKEN,
    WITHOUT,
    PortalHotkeys,
    shown_trigger,
    trigger_of,
    without_remedy,
)
from app.system.dbus import SessionBus
from tests.desktop.fake_portal import SCREENSHOT, FakePortal
from tests.desktop.session import DesktopSession, bus_session

KEYS = {"region": Shortcut.parse("Ctrl+Shift+4"), "screen": Shortcut.parse("Print")}
DEADLINE_S = 20.0


@pytest.fixture
def bus() -> Iterator[DesktopSession]:
    with bus_session() as session:
        yield session


class Keys:
    """The back end under test, with what it told."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.back_end = PortalHotkeys(environ, retry_s=(0.01,))
        self.pressed: list[str] = []
        self.tokens: list[str] = []
        self.changes: list[Mapping[str, BindResult]] = []

    def take(self, action: str, token: str) -> None:
        self.pressed.append(action)
        self.tokens.append(token)

    async def bind(self, shortcuts: Mapping[str, Shortcut]) -> Mapping[str, BindResult]:
        """Bind, and return what became of it when the portal has answered."""
        results = await self.back_end.bind(shortcuts)
        if any(result.is_pending for result in results.values()):
            await self.until(lambda: bool(self.changes))
            results = self.changes.pop(0)
        return results

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            for _ in iter(condition, True):
                await asyncio.sleep(0.005)

    async def settle(self) -> None:
        """Return when every signal that was sent before has come."""
        assert self.back_end._portal is not None
        await self.back_end._portal.bus.has_owner("org.example.Nobody")


@contextlib.asynccontextmanager
async def running(bus: DesktopSession, portal: FakePortal) -> AsyncIterator[Keys]:
    keys = Keys(bus.env)
    await keys.back_end.start(keys.take, keys.changes.append)
    try:
        yield keys
    finally:
        await keys.back_end.stop()
        await portal.stop()


def test_keys_are_bound_as_kde_and_gnome_want_it_and_presses_come(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        portal.triggers = {"screen": "Meta+Print"}
        async with running(bus, portal) as keys:
            results = await keys.bind(KEYS)
            assert {action: (result.bound, result.trigger) for action, result in results.items()} == {
                "region": (True, "CTRL+SHIFT+4"),
                "screen": (True, "Meta+Print"),
            }
            assert portal.registered == ["cc.imglink.Desktop"]
            [created] = portal.called("CreateSession")
            options = created.body[0]
            assert options["session_handle_token"] == ("s", SESSION_TOKEN)
            wanted = options["shortcuts"][1]
            assert [entry[0] for entry in wanted] == ["region", "screen"]
            assert wanted[0][1]["preferred_trigger"] == ("s", "CTRL+SHIFT+4")
            assert portal.called("BindShortcuts")[0].body[1] == wanted
            await portal.press("region")
            await portal.press("region", "/another/session")
            await portal.press("unknown")
            await portal.press("screen")
            await keys.until(lambda: len(keys.pressed) >= 2)
            assert keys.pressed == ["region", "screen"]
            assert keys.changes == []
        assert portal.called("Close")

    asyncio.run(scenario())


def test_a_press_brings_what_gives_the_overlay_the_keyboard(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        async with running(bus, portal) as keys:
            await keys.bind(KEYS)
            await portal.press("region", activation_token=("s", "kwin-7"))
            # Plain text from outside, of which nothing is taken for granted.
            await portal.press("region", activation_token=("u", 7))
            await portal.press("region")
            await keys.until(lambda: len(keys.pressed) == 3)
            assert keys.tokens == ["kwin-7", "", ""]

    asyncio.run(scenario())


def test_the_probe_asks_once_and_never_again(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        hotkeys = choose_hotkeys({**bus.env, "WAYLAND_DISPLAY": "wayland-0"})
        assert portal.calls == []
        assert (await asyncio.to_thread(hotkeys.probe)).name == "portal (version 2)"
        asked = len(portal.calls)
        # On the loop, where nothing may block.
        assert hotkeys.probe().name == "portal (version 2)"
        assert hotkeys.name == "portal"
        assert len(portal.calls) == asked
        await portal.stop()

    asyncio.run(scenario())


def test_a_portal_without_shortcuts_leaves_the_desktops_own_keys(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env, parts=[SCREENSHOT])
        async with running(bus, portal) as keys:
            results = await keys.bind(KEYS)
            assert {result.reason for result in results.values()} == {f"{WITHOUT} {without_remedy(bus.env)}"}
            probe = keys.back_end.probe()
            assert (probe.available, probe.reason, probe.remedy) == (False, WITHOUT, without_remedy(bus.env))

    asyncio.run(scenario())


def test_no_bus_and_no_portal_are_reasons(bus: DesktopSession) -> None:
    for environ in (bus.env, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}):
        probe = PortalHotkeys(environ).probe()
        assert (probe.available, probe.reason, probe.remedy) == (False, WITHOUT, without_remedy(bus.env))


def test_a_portal_that_comes_late_is_asked_then(bus: DesktopSession) -> None:
    async def scenario() -> None:
        keys = Keys(bus.env)
        await keys.back_end.start(keys.take, keys.changes.append)
        results = await keys.bind(KEYS)
        assert {result.reason for result in results.values()} == {f"{WITHOUT} {without_remedy(bus.env)}"}
        portal = await FakePortal.start(bus.env)
        await keys.until(lambda: bool(keys.changes) and keys.changes[-1]["region"].bound)
        assert keys.back_end.probe().available
        await keys.back_end.stop()
        await portal.stop()

    asyncio.run(scenario())


def test_a_portal_that_refuses_a_program_without_a_desktop_file_says_so(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        portal.knows_us = False
        async with running(bus, portal) as keys:
            results = await keys.bind(KEYS)
            assert "does not know cc.imglink.Desktop" in results["region"].reason
            assert keys.back_end.probe().available
            # The desktop file is there now.
            portal.knows_us = True
            await keys.until(lambda: bool(keys.changes) and keys.changes[-1]["region"].bound)

    asyncio.run(scenario())


def test_keys_that_the_person_changes_in_the_desktops_settings_are_followed(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        async with running(bus, portal) as keys:
            await keys.bind(KEYS)
            await portal.change({"region": "Meta+R", "screen": ""})
            await keys.until(lambda: bool(keys.changes))
            assert keys.changes[-1]["region"].trigger == "Meta+R"
            assert (keys.changes[-1]["screen"].bound, keys.changes[-1]["screen"].reason) == (False, NOT_GIVEN)

    asyncio.run(scenario())


def test_a_desktop_that_tells_its_keys_only_when_asked_is_asked(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        portal.tells_only_when_asked = True
        async with running(bus, portal) as keys:
            results = await keys.bind(KEYS)
            assert all(result.bound for result in results.values())

    asyncio.run(scenario())


def test_a_declined_question_is_a_reason_and_is_not_asked_again(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        portal.bind_code = 1
        async with running(bus, portal) as keys:
            for _ in range(2):
                results = await keys.bind(KEYS)
                assert {result.reason for result in results.values()} == {NOT_ALLOWED}
            assert len(portal.called("BindShortcuts")) == 1

    asyncio.run(scenario())


def test_nobody_waits_for_the_person_in_front_of_the_desktops_question(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        portal.bind_gate = asyncio.Event()
        async with running(bus, portal) as keys:
            results = await keys.back_end.bind(KEYS)
            assert all(result.is_pending and result.reason == ASKING for result in results.values())
            portal.bind_gate.set()
            await keys.until(lambda: bool(keys.changes))
            assert all(result.bound for result in keys.changes[-1].values())

    asyncio.run(scenario())


def test_while_a_key_is_recorded_the_others_are_silent_and_nobody_is_asked_again(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        async with running(bus, portal) as keys:
            await keys.bind(KEYS)
            assert await keys.bind({}) == {}
            await portal.press("region")
            await keys.settle()
            await keys.bind(KEYS)
            await portal.press("screen")
            await keys.until(lambda: bool(keys.pressed))
            assert keys.pressed == ["screen"]
            assert len(portal.called("CreateSession")) == 1
            await keys.bind({**KEYS, "region": Shortcut.parse("F9")})
            assert len(portal.called("CreateSession")) == 2
            assert portal.shortcuts["region"]["preferred_trigger"] == ("s", "F9")

    asyncio.run(scenario())


def test_a_session_that_the_desktop_ends_is_made_again(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        async with running(bus, portal) as keys:
            await keys.bind(KEYS)
            await portal.close_session()
            await keys.until(lambda: len(keys.changes) >= 2)
            assert keys.changes[0]["region"].reason == LOST
            assert keys.changes[-1]["region"].bound
            assert len(portal.called("CreateSession")) == 2
            await portal.press("region")
            await keys.until(lambda: bool(keys.pressed))

    asyncio.run(scenario())


def test_keys_that_the_desktop_has_kept_are_not_asked_for_again(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        async with running(bus, portal) as keys:
            await keys.bind(KEYS)
            # One that the person has taken away in the desktop's settings stays so.
            await portal.change({"screen": ""})
            later = Keys(bus.env)
            await later.back_end.start(later.take, later.changes.append)
            results = await later.bind(KEYS)
            assert (results["region"].bound, results["screen"].bound) == (True, False)
            assert len(portal.called("BindShortcuts")) == 1
            await portal.press("region")
            await later.until(lambda: bool(later.pressed))
            await later.back_end.stop()

    asyncio.run(scenario())


def test_the_end_of_what_is_behind_the_portal_is_the_end_of_the_keys_and_they_are_bound_again(
    bus: DesktopSession,
) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        back_end = await SessionBus.connect(bus.env)
        assert await back_end.own("org.freedesktop.impl.portal.desktop.tests")
        async with running(bus, portal) as keys:
            await keys.bind(KEYS)
            await back_end.close()
            await keys.until(lambda: len(keys.changes) >= 2)
            assert keys.changes[0]["region"].reason == LOST
            assert keys.changes[-1]["region"].bound
            assert len(portal.called("CreateSession")) == 2

    asyncio.run(scenario())


def test_a_portal_that_dies_and_comes_back_binds_again(bus: DesktopSession) -> None:
    async def scenario() -> None:
        portal = await FakePortal.start(bus.env)
        keys = Keys(bus.env)
        await keys.back_end.start(keys.take, keys.changes.append)
        await keys.bind(KEYS)
        await portal.stop()
        await keys.until(lambda: bool(keys.changes) and not keys.changes[-1]["region"].bound)
        again = await FakePortal.start(bus.env)
        await keys.until(lambda: keys.changes[-1]["region"].bound)
        await again.press("region")
        await keys.until(lambda: bool(keys.pressed))
        await keys.back_end.stop()
        await again.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Ctrl+Shift+4", "CTRL+SHIFT+4"),
        ("Ctrl+Shift+U", "CTRL+SHIFT+u"),
        ("Super+Alt+Print", "ALT+LOGO+Print"),
        ("F5", "F5"),
        ("Ctrl+PageUp", "CTRL+Page_Up"),
        ("Ctrl++", "CTRL+plus"),
    ],
)
def test_triggers_are_written_as_the_specification_has_them(text: str, trigger: str) -> None:
    assert trigger_of(Shortcut.parse(text)) == trigger


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Press <Shift><Control>4", "Ctrl+Shift+4"),
        ("<Super>Print", "Super+Print"),
        ("Drücken Sie <Primary><Alt>u", "Ctrl+Alt+U"),
        ("<Hyper><Control>Page_Up", "Ctrl+Hyper+PageUp"),
        ("Meta+Print", "Meta+Print"),
        ("", ""),
    ],
)
def test_keys_are_shown_as_we_write_them(text: str, shown: str) -> None:
    assert shown_trigger(text) == shown
