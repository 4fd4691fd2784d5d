"""The Delete button of a notification: time to undo it, and a word on how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.core.errors import UserFacingError
from app.core.ports import Notice, Probe
from app.services.deletion_notices import DeletionNotices
from tests.unit.services.queue_harness import in_loop
from tests.unit.services.test_deletions import ANONYMOUS, REFUSAL, A, B, Desk, desk


@dataclass
class Shown:
    """A notification service in memory, and the buttons of what it showed last."""

    notices: list[Notice] = field(default_factory=list)
    press: Callable[[str], None] = lambda _key: None
    works: bool = True
    running: list[asyncio.Future[None]] = field(default_factory=list)

    async def probe(self) -> Probe:
        return Probe("memory", available=True)

    async def show(self, notice: Notice, on_action: Callable[[str], None] | None = None) -> None:
        if not self.works:
            raise UserFacingError("No notification service.")
        self.notices.append(notice)
        self.press = on_action or (lambda _key: None)

    async def close(self) -> None:
        return None

    def run_soon(self, answer: Callable[[], Awaitable[None]]) -> None:
        self.running.append(asyncio.ensure_future(answer()))

    @property
    def titles(self) -> list[str]:
        return [notice.title for notice in self.notices]


@asynccontextmanager
async def notices() -> AsyncIterator[tuple[DeletionNotices, Desk, Shown]]:
    shown = Shown()
    async with desk() as d:
        yield DeletionNotices(d.deletions, shown, shown.run_soon), d, shown
        await asyncio.gather(*shown.running)


async def counting(d: Desk) -> None:
    await d.until(lambda: bool(d.clock.sleeping_until_s))


@in_loop
async def test_it_is_deleted_when_the_time_to_undo_it_is_over() -> None:
    async with notices() as (made, d, shown):
        await made.delete([A, B])
        assert shown.titles == ["Deleting from ImgLink…"]
        assert shown.notices[0].body == "2 links stop working in 5 seconds."
        assert shown.notices[0].actions == (("undo", "Undo"),)
        await counting(d)
        assert d.deleter.asked == []
        d.clock.advance(5.1)
        await d.until(lambda: len(shown.notices) == 2)
        assert (shown.titles[1], shown.notices[1].body) == ("Deleted from ImgLink", "2 links no longer work.")
        # Too late.
        shown.press("undo")
        assert d.deleter.deleted == [A, B]


@in_loop
async def test_undo_lets_it_stay() -> None:
    async with notices() as (made, d, shown):
        await made.delete([A])
        await counting(d)
        shown.press("undo")
        await d.until(lambda: shown.titles == ["Deleting from ImgLink…", "Not deleted"])
        assert shown.notices[1].body == "The link still works."
        assert d.deletions.waiting == ()
        assert d.deleter.asked == []


@in_loop
async def test_a_click_beside_the_button_undoes_nothing() -> None:
    async with notices() as (made, d, shown):
        await made.delete([A])
        shown.press("default")
        await asyncio.gather(*shown.running)
        assert d.deletions.waiting == (A,)


@in_loop
async def test_why_it_cannot_be_deleted_is_said() -> None:
    async with notices() as (made, d, shown):
        assert await made.may_delete([A, ANONYMOUS])
        assert not await made.may_delete([ANONYMOUS])
        await made.delete([ANONYMOUS])
        assert [(notice.title, notice.body, notice.is_error) for notice in shown.notices] == [
            ("Not deleted", str(REFUSAL.error), True)
        ]
        assert d.deletions.waiting == ()


@in_loop
async def test_a_deletion_that_fails_is_said_beside_one_that_does_not() -> None:
    async with notices() as (made, d, shown):
        d.deleter.failing[B] = UserFacingError("The key may not delete.")
        await made.delete([A, B])
        await counting(d)
        d.clock.advance(5.1)
        await d.until(lambda: len(shown.notices) == 3)
        assert [(notice.title, notice.body) for notice in shown.notices[1:]] == [
            ("Not deleted", "The key may not delete."),
            ("Deleted from ImgLink", "The link no longer works."),
        ]


@in_loop
async def test_deletions_that_were_asked_for_elsewhere_are_not_spoken_of() -> None:
    async with notices() as (_made, d, shown):
        await d.schedule(A)
        d.clock.advance(5.1)
        await d.until(lambda: d.deleter.deleted == [A])
        await asyncio.sleep(0)
        assert shown.notices == []


@in_loop
async def test_without_notifications_it_is_deleted_all_the_same() -> None:
    async with notices() as (made, d, shown):
        shown.works = False
        await made.delete([A])
        await counting(d)
        d.clock.advance(5.1)
        await d.until(lambda: d.deleter.deleted == [A])
