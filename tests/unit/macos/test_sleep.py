"""Sleep and waking of a Mac, over a notification center in memory."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from app.system.mac_sleep import MacSleepWatch
from tests.unit.macos.framework import METADATA, selector

SLEEP, WAKE = "NSWorkspaceWillSleepNotification", "NSWorkspaceDidWakeNotification"


class Center:
    """NSNotificationCenter, as far as it is used."""

    def __init__(self) -> None:
        self.observers: dict[object, tuple[str, Callable[[Any], None]]] = {}

    def addObserverForName_object_queue_usingBlock_(
        self, name: str, sender: None, queue: None, block: Callable[[Any], None]
    ) -> object:
        # Without a queue it is told on the thread that posts: the main one.
        assert (sender, queue) == (None, None)
        token = object()
        self.observers[token] = (name, block)
        return token

    def removeObserver_(self, token: object) -> None:
        del self.observers[token]

    def post(self, name: str) -> None:
        for wanted, block in self.observers.values():
            if wanted == name:
                block(SimpleNamespace())


async def on_main(work: Callable[[], Any]) -> Any:
    return work()


def test_sleep_and_waking_are_told_on_the_loop_until_it_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    center, told = Center(), list[bool]()
    workspace = SimpleNamespace(sharedWorkspace=lambda: SimpleNamespace(notificationCenter=lambda: center))
    names = {name: name for name in (SLEEP, WAKE)}
    monkeypatch.setitem(sys.modules, "AppKit", SimpleNamespace(NSWorkspace=workspace, **names))

    async def go() -> None:
        watch = MacSleepWatch(on_main, told.append)
        assert await watch.start()
        for name in (SLEEP, WAKE, SLEEP):
            await asyncio.to_thread(center.post, name)
        assert told == [True, False, True]
        await watch.close()
        await watch.close()

    asyncio.run(go())
    assert center.observers == {}


def test_without_pyobjc_nothing_is_told() -> None:
    # As on this computer.
    async def go() -> bool:
        watch = MacSleepWatch(on_main, lambda _: None)
        began = await watch.start()
        await watch.close()
        return began

    assert not asyncio.run(go())


def test_what_is_asked_for_is_known_to_pyobjc() -> None:
    assert {SLEEP, WAKE} <= set(METADATA["constants"])
    assert selector("addObserverForName_object_queue_usingBlock_") in METADATA["selectors"]
