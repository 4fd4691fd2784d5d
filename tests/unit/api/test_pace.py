"""No more requests a minute than the service takes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from app.api.pace import WINDOW_S, RequestPace
from app.core.imglink import ImageId
from tests.unit.api.harness import IMAGE, client_of
from tests.unit.api.test_endpoints import BASE, Wire


@dataclass
class Clock:
    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_no_minute_has_more_than_the_limit() -> None:
    clock, went = Clock(), []

    async def work() -> None:
        pace = RequestPace(5, monotonic=clock.monotonic, sleep=clock.sleep)
        for _ in range(23):
            await pace.take()
            went.append(clock.now)
            clock.now += 1.0

    asyncio.run(work())
    assert all(sum(begin <= at < begin + WINDOW_S for at in went) <= 5 for begin in went)
    # And it does not wait longer than it has to.
    assert went[5] == went[0] + WINDOW_S
    assert went[22] < 1000 + 5 * WINDOW_S


def test_below_the_limit_nothing_waits() -> None:
    clock = Clock()

    async def work() -> None:
        pace = RequestPace(500, monotonic=clock.monotonic, sleep=clock.sleep)
        for _ in range(500):
            await pace.take()

    asyncio.run(work())
    assert clock.slept == []


def test_every_call_of_the_client_takes_a_place() -> None:
    taken: list[None] = []

    class Counting(RequestPace):
        async def take(self) -> None:
            taken.append(None)

    async def work() -> None:
        async with client_of(BASE, pace=Counting(), http_transport=Wire({"success": True, "data": IMAGE})) as client:
            await client.image(ImageId("aBcDeFgHiJ"))
            await client.image(ImageId("aBcDeFgHiJ"))

    asyncio.run(work())
    assert len(taken) == 2
