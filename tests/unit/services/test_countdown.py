"""The countdown without a window, on a board that does as a notification service may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from app.core.errors import UserFacingError
from app.core.ports import Notice
from app.services.countdown import ToldCountdown


class Board:
    def __init__(self) -> None:
        self.shown: dict[int, str] = {}
        self.replaced: list[int] = []
        self.pressed = asyncio.Event()
        self.press: Callable[[str], None] = lambda _: None

    async def put(self, notice: Notice, on_action: Callable[[str], None], *, replaces: int = 0) -> int:
        self.replaced.append(replaces)
        number = replaces or 7
        self.shown[number] = notice.title
        self.press = on_action
        self.pressed.set()
        return number

    async def take_down(self, number: int) -> None:
        del self.shown[number]


class Silent(Board):
    async def put(self, notice: Notice, on_action: Callable[[str], None], *, replaces: int = 0) -> int:
        self.pressed.set()
        await asyncio.Event().wait()
        return 0


class Missing(Board):
    async def put(self, notice: Notice, on_action: Callable[[str], None], *, replaces: int = 0) -> int:
        self.replaced.append(replaces)
        raise UserFacingError("The desktop shows no notifications.")


def test_each_second_replaces_the_one_before_and_nothing_is_left() -> None:
    async def scenario() -> None:
        board = Board()
        assert await ToldCountdown(board).wait(1.4)
        assert board.replaced == [0, 7]
        assert board.shown == {}

    asyncio.run(scenario())


@pytest.mark.parametrize("key", ["default", "cancel"])
def test_its_button_takes_it_back_at_once(key: str) -> None:
    async def scenario() -> None:
        board = Board()
        waiting = asyncio.create_task(ToldCountdown(board).wait(3600))
        await board.pressed.wait()
        assert board.shown == {7: "Capture in 3600 s"}
        board.press(key)
        assert await waiting is False
        assert board.shown == {}

    asyncio.run(scenario())


def test_who_stops_waiting_leaves_nothing_behind() -> None:
    async def scenario() -> None:
        board = Board()
        waiting = asyncio.create_task(ToldCountdown(board).wait(3600))
        await board.pressed.wait()
        # The number of what was put is known by its next turn.
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        assert board.shown == {}

    asyncio.run(scenario())


def test_without_a_notification_service_it_waits_all_the_same() -> None:
    async def scenario() -> None:
        missing = Missing()
        assert await ToldCountdown(None).wait(0.1)
        assert await ToldCountdown(Silent()).wait(0.4)
        assert await ToldCountdown(missing).wait(1.4)
        assert missing.replaced == [0]

    asyncio.run(scenario())
