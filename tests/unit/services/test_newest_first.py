"""Who is let in when, and that no place is lost by those who give up."""

from __future__ import annotations

import asyncio
import random

import pytest

from app.services.newest_first import NewestFirst


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_the_latest_comer_is_next() -> None:
    async def work() -> None:
        places, order, release = NewestFirst(1), list[str](), asyncio.Event()

        async def visit(name: str) -> None:
            async with places:
                order.append(name)
                await release.wait()

        tasks = []
        for name in "abcd":
            tasks.append(asyncio.create_task(visit(name)))
            await settle()
        release.set()
        await asyncio.gather(*tasks)
        assert order == ["a", "d", "c", "b"]

    asyncio.run(work())


def test_whoever_is_cancelled_while_waiting_takes_no_place() -> None:
    async def work() -> None:
        places = NewestFirst(1)
        async with places:
            waiting = asyncio.create_task(places.__aenter__())
            await settle()
            waiting.cancel()
            await settle()
            assert waiting.cancelled()
        async with asyncio.timeout(5), places:
            pass

    asyncio.run(work())


def test_a_place_given_to_one_who_gives_up_in_that_moment_goes_on_to_the_next() -> None:
    async def work() -> None:
        places = NewestFirst(1)
        await places.__aenter__()
        first = asyncio.create_task(places.__aenter__())
        await settle()
        second = asyncio.create_task(places.__aenter__())
        await settle()
        await places.__aexit__(None, None, None)
        # The second has the place, and has not run since.
        second.cancel()
        async with asyncio.timeout(5):
            await first
        with pytest.raises(asyncio.CancelledError):
            await second

    asyncio.run(work())


def test_among_any_coming_and_going_no_more_than_the_places_are_taken_and_none_is_lost() -> None:
    async def work() -> None:
        chance, places, inside, most = random.Random(7), NewestFirst(3), 0, 0

        async def visit() -> None:
            nonlocal inside, most
            async with places:
                inside += 1
                most = max(most, inside)
                try:
                    for _ in range(chance.randrange(4)):
                        await asyncio.sleep(0)
                finally:
                    inside -= 1

        tasks: list[asyncio.Task[None]] = []
        for _ in range(500):
            tasks.append(asyncio.create_task(visit()))
            if chance.random() < 0.4:
                chance.choice(tasks).cancel()
            if chance.random() < 0.5:
                await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (inside, most) == (0, 3)
        async with asyncio.timeout(5):
            for _ in range(3):
                await places.__aenter__()

    asyncio.run(work())
