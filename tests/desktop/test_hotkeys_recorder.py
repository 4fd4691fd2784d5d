from __future__ import annotations

import asyncio
import threading

import pytest

from app.core.errors import UserFacingError
from app.core.shortcuts import Shortcut
from app.hotkeys.recorder import record_shortcut
from tests.desktop.processes import wait_until
from tests.desktop.session import DesktopSession


def is_listening() -> bool:
    return any(thread.name == "key listener" for thread in threading.enumerate())


@pytest.fixture(autouse=True)
def environment(desktop: DesktopSession, monkeypatch: pytest.MonkeyPatch) -> None:
    # pynput takes the display from the environment only.
    monkeypatch.setenv("DISPLAY", desktop.display)


def record(desktop: DesktopSession, *presses: str) -> Shortcut | None:
    """Record while each of `presses` is pressed until one of them counts."""

    async def run() -> Shortcut | None:
        task = asyncio.create_task(record_shortcut(desktop.env))
        while not task.done():
            for keys in presses:
                await asyncio.to_thread(desktop.xdotool, "key", keys)
        return await task

    return asyncio.run(asyncio.wait_for(run(), 20))


def test_a_pressed_combination_becomes_a_shortcut(desktop: DesktopSession) -> None:
    assert record(desktop, "ctrl+shift+4") == Shortcut.parse("Ctrl+Shift+4")
    assert record(desktop, "super+alt+F7") == Shortcut.parse("Alt+Super+F7")
    assert not is_listening()


def test_modifiers_alone_are_not_complete(desktop: DesktopSession) -> None:
    assert record(desktop, "ctrl", "shift+alt", "ctrl+u") == Shortcut.parse("Ctrl+U")


def test_it_is_named_by_the_keycap_of_the_layout(desktop: DesktopSession) -> None:
    desktop.run(["setxkbmap", "fr"])
    # 13: the key with 4 and ' on it, 52: the key with W on it.
    assert record(desktop, "ctrl+13") == Shortcut.parse("Ctrl+4")
    assert record(desktop, "ctrl+52") == Shortcut.parse("Ctrl+W")


def test_escape_alone_cancels(desktop: DesktopSession) -> None:
    assert record(desktop, "Escape") is None
    assert record(desktop, "ctrl+Escape") == Shortcut.parse("Ctrl+Escape")


def test_cancelling_the_task_ends_the_watching(desktop: DesktopSession) -> None:
    async def run() -> None:
        task = asyncio.create_task(record_shortcut(desktop.env))
        await asyncio.to_thread(wait_until, is_listening, 10, lambda: "it does not listen")
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert not is_listening()

    asyncio.run(run())


def test_without_a_display_it_says_so() -> None:
    with pytest.raises(UserFacingError, match="display “:4711” cannot be reached"):
        asyncio.run(record_shortcut({"DISPLAY": ":4711"}))
