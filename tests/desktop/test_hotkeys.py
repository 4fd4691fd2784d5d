"""One contract for every back end of shortcuts, with real keys on a real X server."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from app.core.ports import BindResult
from app.core.shortcuts import Shortcut
from app.hotkeys.watched import PynputHotkeys
from app.hotkeys.x11 import X11Hotkeys
from app.hotkeys.xconnection import DISPLAY_LOST
from tests.desktop.processes import Process, wait_until
from tests.desktop.session import DesktopSession, desktop_session

Backend: TypeAlias = X11Hotkeys | PynputHotkeys
MakeBackend: TypeAlias = Callable[[str], Backend]

REGION = {"region": Shortcut.parse("Ctrl+Shift+4")}
BELL = Shortcut.parse("Ctrl+Shift+F12")
"""Pressed after the keys of a test: once it has come, so has everything before it."""

OTHER_PROGRAM = """
import asyncio, sys
from app.core.shortcuts import Shortcut
from app.hotkeys.x11 import X11Hotkeys

async def main():
    hotkeys = X11Hotkeys(sys.argv[1])
    await hotkeys.start(lambda action, token: print("PRESSED", flush=True))
    results = await hotkeys.bind({"other": Shortcut.parse(sys.argv[2])})
    print("BOUND", results["other"].bound, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""

KEY_LOGGER = """
from Xlib import X, display
d = display.Display()
w = d.screen().root.create_window(100, 100, 200, 200, 0, X.CopyFromParent, event_mask=X.KeyPressMask)
w.set_wm_name("Key logger")
w.map()
while True:
    event = d.next_event()
    if event.type == X.KeyPress:
        print("TYPED", event.detail, flush=True)
"""


@pytest.fixture(scope="module")
def x() -> Iterator[DesktopSession]:
    """One desktop for the whole contract: back ends come and go on it."""
    with desktop_session() as session:
        yield session


@pytest.fixture(autouse=True)
def environment(x: DesktopSession, monkeypatch: pytest.MonkeyPatch) -> None:
    # pynput takes the display from the environment only.
    monkeypatch.setenv("DISPLAY", x.display)


@pytest.fixture(params=[X11Hotkeys, PynputHotkeys], ids=lambda backend: backend.name)
def make(request: pytest.FixtureRequest) -> MakeBackend:
    """Makes a back end for a display."""
    backend: MakeBackend = request.param
    return backend


class Running:
    """A started back end and what it reported."""

    def __init__(self, backend: Backend, x: DesktopSession) -> None:
        self.backend = backend
        self.pressed: list[str] = []
        self.changes: list[Mapping[str, BindResult]] = []
        self._x = x

    def take(self, action: str, _token: str) -> None:
        self.pressed.append(action)

    async def bind(self, shortcuts: Mapping[str, Shortcut]) -> Mapping[str, BindResult]:
        results = await self.backend.bind({**shortcuts, "bell": BELL})
        assert results["bell"].bound
        return results

    async def keys(self, *arguments: str) -> list[str]:
        """Press keys by xdotool and return the actions they caused."""
        self.pressed.clear()
        await xdotool(self._x, *arguments)
        await xdotool(self._x, "key", "ctrl+shift+F12")
        await until(lambda: "bell" in self.pressed)
        return [action for action in self.pressed if action != "bell"]


async def xdotool(x: DesktopSession, *arguments: str) -> None:
    await asyncio.to_thread(x.xdotool, *arguments)


async def until(condition: Callable[[], object], timeout_s: float = 10) -> None:
    await asyncio.to_thread(wait_until, condition, timeout_s, lambda: "the condition did not come true")


@asynccontextmanager
async def started(make: MakeBackend, x: DesktopSession) -> AsyncIterator[Running]:
    running = Running(make(x.display), x)
    await running.backend.start(running.take, running.changes.append)
    try:
        yield running
    finally:
        await running.backend.stop()


def bound(x: DesktopSession, make: MakeBackend, test: Callable[[Running], Awaitable[None]]) -> None:
    """Run `test` with Ctrl+Shift+4 bound to `region`."""

    async def run() -> None:
        async with started(make, x) as running:
            results = await running.bind(REGION)
            assert results["region"] == BindResult(REGION["region"], bound=True)
            await test(running)

    asyncio.run(run())


def test_says_that_it_works_here(x: DesktopSession, make: MakeBackend) -> None:
    probe = make(x.display).probe()
    assert probe.available, probe


def test_says_why_it_does_not_work_without_a_display(make: MakeBackend) -> None:
    probe = make(":4711").probe()
    assert not probe.available
    assert probe.reason == "The display “:4711” cannot be reached."
    assert probe.remedy


def test_a_press_fires_its_action_and_nothing_else(x: DesktopSession, make: MakeBackend) -> None:
    async def test(running: Running) -> None:
        assert await running.keys("key", "ctrl+shift+4") == ["region"]
        assert await running.keys("key", "ctrl+4") == []
        assert await running.keys("key", "shift+4") == []
        assert await running.keys("key", "ctrl+alt+shift+4") == []
        assert await running.keys("key", "ctrl+shift+5") == []
        assert await running.keys("key", "ctrl+shift+4", "key", "ctrl+shift+4") == ["region", "region"]

    bound(x, make, test)


RELEASE_ORDERS = ["4 shift ctrl", "shift 4 ctrl", "ctrl 4 shift", "shift ctrl 4"]


@pytest.mark.parametrize("order", RELEASE_ORDERS)
def test_the_order_of_release_does_not_matter(x: DesktopSession, make: MakeBackend, order: str) -> None:
    async def test(running: Running) -> None:
        down = ["keydown", "ctrl", "keydown", "shift", "keydown", "4"]
        up = [part for key in order.split() for part in ("keyup", key)]
        assert await running.keys(*down, *up) == ["region"]
        # No state may be left behind: these two alone are no shortcut.
        assert await running.keys("keydown", "ctrl", "keydown", "shift", "keyup", "shift", "keyup", "ctrl") == []
        assert await running.keys("key", "ctrl+shift+4") == ["region"]

    bound(x, make, test)


@pytest.mark.parametrize("lock", ["Num_Lock", "Caps_Lock"])
def test_locks_do_not_matter(x: DesktopSession, make: MakeBackend, lock: str) -> None:
    async def test(running: Running) -> None:
        await xdotool(x, "key", lock)
        try:
            assert await running.keys("key", "ctrl+shift+4") == ["region"]
        finally:
            await xdotool(x, "key", lock)

    bound(x, make, test)


def test_a_held_key_fires_once(x: DesktopSession, make: MakeBackend) -> None:
    async def test(running: Running) -> None:
        await asyncio.to_thread(x.run, ["xset", "r", "rate", "100", "50"])
        hold = ["keydown", "ctrl", "keydown", "shift", "keydown", "4", "sleep", "0.5"]
        assert await running.keys(*hold, "keyup", "4", "keyup", "shift", "keyup", "ctrl") == ["region"]
        assert await running.keys("key", "ctrl+shift+4") == ["region"]

    bound(x, make, test)


def test_a_second_shortcut_fires_while_the_first_is_held(x: DesktopSession, make: MakeBackend) -> None:
    async def run() -> None:
        async with started(make, x) as running:
            await running.bind({**REGION, "screen": Shortcut.parse("Ctrl+Shift+3")})
            down = ["keydown", "ctrl", "keydown", "shift", "keydown", "4", "keydown", "3"]
            up = ["keyup", "4", "keyup", "3", "keyup", "shift", "keyup", "ctrl"]
            assert await running.keys(*down, *up) == ["region", "screen"]
            assert await running.keys("key", "ctrl+shift+3") == ["screen"]

    asyncio.run(run())


@pytest.mark.parametrize("layout", ["us", "de", "fr"])
def test_4_is_the_4_key_on_every_layout(x: DesktopSession, make: MakeBackend, layout: str) -> None:
    async def test(running: Running) -> None:
        # 13 is the key with the 4 on it on all three; on the French one it types ' without Shift.
        assert await running.keys("keydown", "ctrl", "keydown", "shift", "key", "13", "keyup", "shift", "keyup", "ctrl")

    x.run(["setxkbmap", layout])
    try:
        bound(x, make, test)
    finally:
        x.run(["setxkbmap", "us"])


def test_a_changed_layout_moves_the_keys(x: DesktopSession, make: MakeBackend) -> None:
    y_key, z_key = "29", "52"

    async def run() -> None:
        async with started(make, x) as running:
            results = await running.bind({"y": Shortcut.parse("Ctrl+Alt+Y"), "ö": Shortcut.parse("Ctrl+Alt+Ö")})
            assert results["y"].bound
            assert results["ö"].reason == "No key on this keyboard types “Ö”."
            assert await running.keys(
                "keydown", "ctrl", "keydown", "alt", "key", y_key, "keyup", "alt", "keyup", "ctrl"
            )
            await asyncio.to_thread(x.run, ["setxkbmap", "de"])
            await until(lambda: running.changes and running.changes[-1]["ö"].bound)
            assert running.changes[-1]["y"].bound
            pressed = await running.keys(
                "keydown", "ctrl", "keydown", "alt", "key", z_key, "keyup", "alt", "keyup", "ctrl"
            )
            assert pressed == ["y"]
            pressed = await running.keys(
                "keydown", "ctrl", "keydown", "alt", "key", y_key, "keyup", "alt", "keyup", "ctrl"
            )
            assert pressed == []

    try:
        asyncio.run(run())
    finally:
        x.run(["setxkbmap", "us"])


def test_binding_again_replaces_everything(x: DesktopSession, make: MakeBackend) -> None:
    async def test(running: Running) -> None:
        await running.bind({"screen": Shortcut.parse("Ctrl+Shift+3")})
        assert await running.keys("key", "ctrl+shift+4") == []
        assert await running.keys("key", "ctrl+shift+3") == ["screen"]
        await running.bind({"screen": Shortcut.parse("Ctrl+Shift+4")})
        assert await running.keys("key", "ctrl+shift+4") == ["screen"]
        await running.bind({})
        assert await running.keys("key", "ctrl+shift+4") == []

    bound(x, make, test)


def test_binds_many_times_in_a_row_while_keys_come(x: DesktopSession, make: MakeBackend) -> None:
    async def test(running: Running) -> None:
        typing = asyncio.create_task(xdotool(x, "key", "--repeat", "40", "--delay", "5", "ctrl+shift+4"))
        while not typing.done():
            await asyncio.wait_for(running.bind(REGION), 10)
        assert "region" in running.pressed
        assert await running.keys("key", "ctrl+shift+4") == ["region"]

    bound(x, make, test)


def test_a_cancelled_binding_does_no_harm(x: DesktopSession, make: MakeBackend) -> None:
    async def test(running: Running) -> None:
        for _ in range(20):
            task = asyncio.create_task(running.backend.bind(REGION))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        await running.bind(REGION)
        assert await running.keys("key", "ctrl+shift+4") == ["region"]

    bound(x, make, test)


def test_starts_again_after_it_was_stopped(x: DesktopSession, make: MakeBackend) -> None:
    async def run() -> None:
        running = Running(make(x.display), x)
        await running.backend.start(running.take)
        await running.bind(REGION)
        await running.backend.stop()
        await xdotool(x, "key", "ctrl+shift+4")
        assert running.pressed == []
        assert not (await running.backend.bind(REGION))["region"].bound
        await running.backend.start(running.take)
        await running.bind(REGION)
        assert await running.keys("key", "ctrl+shift+4") == ["region"]
        await running.backend.stop()

    asyncio.run(run())


def other_program(x: DesktopSession, shortcut: str) -> Process:
    process = x.spawn([sys.executable, "-c", OTHER_PROGRAM, x.display, shortcut], env={"PYTHONPATH": sys.path[0]})
    process.wait_for_output("BOUND")
    return process


def test_a_key_of_another_program_is_a_conflict_in_words(x: DesktopSession, make: MakeBackend) -> None:
    async def run() -> None:
        other = await asyncio.to_thread(other_program, x, "Ctrl+Shift+4")
        assert "BOUND True" in other.stdout
        async with started(make, x) as running:
            both = {**REGION, "screen": Shortcut.parse("Ctrl+Shift+3")}
            results = await running.bind(both)
            if running.backend.detects_conflicts:
                reason = "Another program already uses this key."
                assert results["region"] == BindResult(REGION["region"], bound=False, reason=reason)
                expected = []
            else:
                assert results["region"].bound
                expected = ["region"]
            assert await running.keys("key", "ctrl+shift+4") == expected
            await asyncio.to_thread(other.wait_for_output, "PRESSED")
            assert results["screen"].bound
            assert await running.keys("key", "ctrl+shift+3") == ["screen"]
            await asyncio.to_thread(other.stop)
            assert (await running.bind(both))["region"].bound
            assert await running.keys("key", "ctrl+shift+4") == ["region"]

    asyncio.run(run())


def test_a_stopped_back_end_leaves_its_keys_to_others_at_once(x: DesktopSession, make: MakeBackend) -> None:
    async def run() -> None:
        async with started(make, x) as running:
            await running.bind(REGION)
        async with started(X11Hotkeys, x) as second:
            assert (await second.bind(REGION))["region"].bound

    asyncio.run(run())


def test_the_focused_program_gets_the_key_only_where_keys_are_not_taken(x: DesktopSession, make: MakeBackend) -> None:
    logger = x.spawn([sys.executable, "-c", KEY_LOGGER])
    window = x.window("Key logger")
    x.wait_for(lambda: x.active_window() == window.id)

    async def test(running: Running) -> None:
        assert await running.keys("key", "ctrl+shift+4") == ["region"]
        await xdotool(x, "key", "F9")
        await asyncio.to_thread(logger.wait_for_output, "TYPED 75")
        assert ("TYPED 13" in logger.stdout) is not running.backend.takes_keys

    try:
        bound(x, make, test)
    finally:
        logger.stop()


def test_a_failing_action_does_not_stop_the_next(x: DesktopSession, make: MakeBackend) -> None:
    async def run() -> None:
        failures: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context["exception"]))
        pressed: list[str] = []

        def on_pressed(action: str, _token: str) -> None:
            pressed.append(action)
            raise ZeroDivisionError

        backend = make(x.display)
        await backend.start(on_pressed)
        await backend.bind(REGION)
        await xdotool(x, "key", "ctrl+shift+4")
        await until(lambda: len(pressed) == 1)
        await xdotool(x, "key", "ctrl+shift+4")
        await until(lambda: len(pressed) == 2)
        await backend.stop()
        assert [type(failure) for failure in failures] == [ZeroDivisionError] * 2

    asyncio.run(run())


class XServer:
    """An X server to be killed; `DesktopSession` would miss it."""

    def __init__(self, session: DesktopSession, folder: Path) -> None:
        read_end, write_end = os.pipe()
        command = ["Xvfb", "-displayfd", str(write_end), "-nolisten", "tcp", "-noreset"]
        self.process = Process(command, env=session.env, log_stem=folder / "Xvfb", pass_fds=[write_end])
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            self.display = f":{ready.readline().strip()}"


def test_the_end_of_the_server_is_reported_once_and_harms_nothing(
    x: DesktopSession, make: MakeBackend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = XServer(x, tmp_path)
    monkeypatch.setenv("DISPLAY", server.display)

    async def run() -> None:
        backend = make(server.display)
        changes: list[Mapping[str, BindResult]] = []
        await backend.start(lambda _action, _token: None, changes.append)
        assert (await backend.bind(REGION))["region"].bound
        await asyncio.to_thread(server.process.stop)
        await until(lambda: changes)
        lost = BindResult(REGION["region"], bound=False, reason=DISPLAY_LOST)
        assert changes == [{"region": lost}]
        assert not (await backend.bind(REGION))["region"].bound
        # A closed socket is always readable: a loop that still watched it would be busy all the time.
        before_s = time.thread_time()
        await asyncio.sleep(0.2)
        assert time.thread_time() - before_s < 0.05
        await backend.stop()
        assert changes == [{"region": lost}]

    try:
        asyncio.run(run())
    finally:
        server.process.stop()
