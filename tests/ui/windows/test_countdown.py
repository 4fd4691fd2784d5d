from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.ui.bridge import Bridge
from app.ui.countdown import CountdownWindow, ShownCountdown
from app.ui.theme import Look

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def ended() -> list[bool]:
    return []


def windows() -> list[CountdownWindow]:
    return [each for each in QApplication.topLevelWidgets() if isinstance(each, CountdownWindow) and each.isVisible()]


def test_it_counts_whole_seconds_and_goes_away(qtbot: QtBot, look: Look, ended: list[bool]) -> None:
    window = CountdownWindow(1.2, ended.append)
    qtbot.addWidget(window)
    seen: set[str] = set()
    window.start()
    number = max(window.findChildren(QLabel), key=lambda label: label.font().pointSizeF())
    while not ended:
        seen.add(number.text())
        QApplication.processEvents()
    assert (ended, seen) == ([True], {"2", "1"})
    assert not window.isVisible()


def test_its_cross_cancels_and_is_named(qtbot: QtBot, look: Look, ended: list[bool]) -> None:
    window = CountdownWindow(60, ended.append)
    qtbot.addWidget(window)
    window.start()
    [cross] = window.findChildren(QAbstractButton)
    assert (cross.accessibleName(), window.accessibleName()) == ("Cancel the capture", "Capture in 60 second(s)")
    cross.click()
    window.cancel()
    assert ended == [False]


@pytest.fixture
def bridge(qtbot: QtBot) -> Iterator[Bridge]:
    made = Bridge()
    made.start()
    yield made
    made.stop()


def test_nothing_is_on_the_screen_when_the_picture_is_taken(qtbot: QtBot, look: Look, bridge: Bridge) -> None:
    shown: list[int] = []
    answers: list[bool] = []

    async def count() -> None:
        answers.append(await ShownCountdown(bridge).wait(0.5))
        shown.append(len(windows()))

    bridge.submit(count, owner=bridge)
    qtbot.waitUntil(lambda: bool(windows()), timeout=5000)
    qtbot.waitUntil(lambda: bool(shown), timeout=5000)
    assert (answers, shown) == ([True], [0])


def test_whoever_gives_up_waiting_takes_the_window_along(qtbot: QtBot, look: Look, bridge: Bridge) -> None:
    counting: list[asyncio.Task[bool]] = []
    started, cancelled = threading.Event(), threading.Event()

    async def count() -> None:
        counting.append(asyncio.ensure_future(ShownCountdown(bridge).wait(60)))
        started.set()
        await asyncio.wait(counting)
        cancelled.set()

    bridge.submit(count, owner=bridge)
    qtbot.waitUntil(lambda: bool(windows()) and started.is_set(), timeout=5000)

    async def give_up() -> None:
        counting[0].cancel()

    bridge.submit(give_up, owner=bridge)
    qtbot.waitUntil(lambda: cancelled.is_set() and not windows(), timeout=5000)
    assert counting[0].cancelled()
