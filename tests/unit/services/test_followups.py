"""What follows an upload on this computer: links in order, one notification, also after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from app.core.doctor import CLIPBOARD_REMEDY, Part
from app.core.errors import UserFacingError
from app.core.imglink import Image, ImageId
from app.core.links import LinkForm
from app.core.ports import Notice, Probe
from app.core.screen import Frame
from app.core.uploads import AfterUpload, UploadChanged, UploadEvent, UploadId, UploadItem, UploadRemoved, UploadState
from app.core.workflow import UploadTask
from app.services.followups import FRESH_S, FollowUps, LinkPreferences
from app.services.notices import compose_notice
from app.services.observers import Observers
from app.store import SqliteUploadStore, open_store
from tests.unit.services.clocks import ManualTimer
from tests.unit.services.queue_harness import NEW, PNG, in_loop

TOLD = AfterUpload(frozenset({UploadTask.COPY_LINK, UploadTask.NOTIFY}))
OPENED = AfterUpload(frozenset({UploadTask.OPEN_VIEWER}))


@dataclass
class World:
    """A real store and follow-ups over it; clipboard, notifications and browser in memory."""

    store: SqliteUploadStore
    clock: ManualTimer
    clipboard_works: bool = True
    clipboard_breaks: UserFacingError | None = None
    notifications_work: bool = True
    is_anonymous: bool = False
    history_fails: bool = False
    notify: bool = True
    copied: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    press: list[Callable[[str], None]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    later: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    said_copied: list[tuple[UploadId, ...]] = field(default_factory=list)
    observers: Observers[UploadEvent] = field(default_factory=Observers)
    names: dict[str, UploadItem] = field(default_factory=dict)
    follow_ups: FollowUps = field(init=False)

    def subscribe(self, callback: Callable[[UploadEvent], None]) -> Callable[[], None]:
        return self.observers.subscribe(callback)

    async def copy_text(self, text: str) -> bool:
        self.copied.append(text)
        if self.clipboard_breaks is not None:
            raise self.clipboard_breaks
        return self.clipboard_works

    async def copy_image(self, frame: Frame) -> bool:
        raise AssertionError("links only")

    async def probe(self) -> Probe:
        return Probe("memory", available=True)

    async def show(self, notice: Notice, on_action: Callable[[str], None] | None = None) -> None:
        if not self.notifications_work:
            raise UserFacingError("No notification service.")
        self.notices.append(notice)
        if on_action is not None:
            self.press.append(on_action)

    async def close(self) -> None:
        return None

    async def may_delete(self, image_ids: Sequence[ImageId]) -> bool:
        if self.history_fails:
            raise UserFacingError("The disk is full.")
        return not self.is_anonymous

    async def delete(self, image_ids: Sequence[ImageId]) -> None:
        self.deleted += image_ids

    async def open_url(self, url: str) -> None:
        self.opened.append(url)

    async def start(self) -> None:
        """Begin, as a new run of the program would."""
        self.follow_ups = FollowUps(
            uploads=self,
            store=self.store,
            clipboard=self,
            notifier=self,
            deleter=self,
            open_url=self.open_url,
            preferences=lambda: LinkPreferences(LinkForm.VIEWER, "$url", self.notify),
            clock=self.clock,
            run_soon=self.later.append,
        )
        self.follow_ups.subscribe_copied(self.said_copied.append)
        await self.follow_ups.start()

    async def restart(self) -> None:
        await self.follow_ups.stop()
        await self.start()

    async def queue(self, name: str, after: AfterUpload = TOLD) -> UploadItem:
        """Queue an upload that goes by `name` in this test."""
        item = await self.store.add_bytes(PNG, replace(NEW, file_name=f"{name}.png", after=after))
        self.names[name] = item
        self.observers.notify(UploadChanged(item))
        return item

    async def move(self, name: str, state: UploadState, reason: str = "", *, is_told: bool = True) -> UploadItem:
        """Let an upload come into a state; `is_told` False leaves everybody in the dark."""
        image = Image(ImageId(name), f"https://i.e/{name}.png", viewer=f"https://e/i/{name}")
        item = await self.store.set_state(
            self.names[name].id, state, reason=reason, image=image if state is UploadState.DONE else None
        )
        if is_told:
            self.observers.notify(UploadChanged(item))
            await self.settle()
        return item

    async def finish(self, name: str, state: UploadState = UploadState.DONE, reason: str = "") -> None:
        """Send an upload, and let it end."""
        await self.move(name, UploadState.SENDING)
        await self.move(name, state, reason)

    async def settle(self) -> None:
        """Let what is being done come to its end."""
        async with asyncio.timeout(10):
            while running := tuple(self.follow_ups._running):
                await asyncio.wait(running)

    async def click(self, key: str) -> None:
        self.press[-1](key)
        await self.later.pop()()

    async def left(self) -> list[str]:
        """The files after which something is still to be done."""
        return [item.file_name.removesuffix(".png") for item in await self.store.unfinished()]


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    clock = ManualTimer()
    store = await open_store(folder, clock)
    made = World(store, clock)
    await made.start()
    try:
        yield made
    finally:
        await made.follow_ups.stop()
        await store.close()


@in_loop
async def test_the_link_is_copied_and_said_and_nothing_is_left_to_do(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        item = await it.queue("a")
        assert await it.left() == ["a"]
        await it.finish("a")
        assert it.copied == ["https://e/i/a"]
        assert it.said_copied == [(item.id,)]
        assert it.notices[0].title == "Link copied"
        assert [key for key, _ in it.notices[0].actions] == ["default", "copy", "open", "delete"]
        assert await it.left() == []


@in_loop
async def test_uploads_given_together_are_told_together_in_the_order_given(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        with it.follow_ups.gathering() as gathering:
            after = replace(TOLD, group=gathering.group, link_form=LinkForm.DIRECT)
            await it.queue("b", after)
            # Done before the others are even queued.
            await it.finish("b")
            await it.queue("a", after)
            await it.queue("c", after)
        assert it.copied == []
        await it.finish("c")
        await it.finish("a", UploadState.FAILED, "Too large.")
        assert it.copied == ["https://i.e/b.png\nhttps://i.e/c.png"]
        assert [notice.title for notice in it.notices] == ["2 links copied, 1 not uploaded"]
        assert "a.png: Too large." in it.notices[0].body
        assert await it.left() == ["a"]


@in_loop
async def test_what_failed_keeps_its_wishes_and_gets_them_when_it_is_sent_again(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        await it.queue("a")
        await it.finish("a", UploadState.FAILED, "Too large.")
        assert [notice.title for notice in it.notices] == ["Not uploaded"]
        # An hour later the person tries again: that is when the waiting begins.
        it.clock.advance(3600)
        await it.move("a", UploadState.QUEUED)
        await it.finish("a")
        assert it.copied == ["https://e/i/a"]
        assert it.notices[-1].title == "Link copied"


@in_loop
async def test_a_failure_is_told_once(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        await it.queue("a")
        await it.finish("a", UploadState.FAILED, "The server said: too large.")
        await it.move("a", UploadState.FAILED, "The server said: too large.")
        await it.restart()
        assert it.copied == []
        assert len(it.notices) == 1
        assert it.notices[0].is_error
        assert "too large" in it.notices[0].body


@in_loop
async def test_an_uncertain_upload_has_its_own_title(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        await it.queue("a")
        await it.finish("a", UploadState.UNCERTAIN, "…")
        assert it.notices[0].title == "May already be uploaded"


@in_loop
async def test_what_is_paused_is_not_told_because_the_queue_says_why(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        await it.queue("a")
        await it.finish("a", UploadState.PAUSED, "The key was refused.")
        assert it.notices == []
        await it.finish("a")
        assert it.notices[0].title == "Link copied"


@in_loop
async def test_an_upload_that_ends_after_a_restart_is_followed_up(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        await it.queue("a")
        await it.move("a", UploadState.SENDING)
        await it.restart()
        await it.finish("a")
        assert it.copied == ["https://e/i/a"]
        assert await it.left() == []


@in_loop
async def test_a_group_survives_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        with it.follow_ups.gathering() as gathering:
            for name in ("a", "b"):
                await it.queue(name, replace(TOLD, group=gathering.group))
        await it.move("b", UploadState.DONE, is_told=False)
        await it.restart()
        assert it.notices == []
        await it.finish("a")
        # The second one ended in another run, so nobody waits for these any more.
        assert it.copied == []
        assert [notice.title for notice in it.notices] == ["2 links ready"]
        await it.click("copy")
        assert it.copied == ["https://e/i/a\nhttps://e/i/b"]


@in_loop
async def test_what_ended_before_a_crash_is_offered_and_not_put_on_the_clipboard(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        item = await it.queue("a", replace(TOLD, tasks=TOLD.tasks | OPENED.tasks))
        await it.move("a", UploadState.SENDING)
        await it.follow_ups.stop()
        await it.move("a", UploadState.DONE, is_told=False)
        await it.start()
        await it.settle()
        assert (it.copied, it.opened) == ([], [])
        assert it.notices[0].title == "Link ready"
        assert ("copy", "Copy link") in it.notices[0].actions
        assert await it.left() == []
        await it.click("copy")
        assert it.copied == ["https://e/i/a"]
        assert it.said_copied == [(item.id,)]


@pytest.mark.parametrize(("waited_s", "copied"), [(FRESH_S - 1, True), (FRESH_S + 1, False), (-86_400, False)])
@in_loop
async def test_a_link_that_comes_late_leaves_the_clipboard_alone(tmp_path: Path, waited_s: float, copied: bool) -> None:
    async with world(tmp_path) as it:
        await it.queue("a", AfterUpload(frozenset({UploadTask.COPY_LINK})))
        it.clock.skew += type(it.clock.skew)(seconds=waited_s)
        await it.finish("a")
        assert bool(it.copied) is copied
        # It was to be copied without a word; where that cannot be, a word is needed.
        assert [notice.title for notice in it.notices] == ([] if copied else ["Link ready"])


@in_loop
async def test_a_link_never_takes_the_place_of_one_that_was_asked_for_later(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.queue("large")
        await w.move("large", UploadState.SENDING)
        await w.queue("small")
        await w.finish("small")
        await w.move("large", UploadState.DONE)
        assert w.copied == ["https://e/i/small"]
        assert [notice.title for notice in w.notices] == ["Link copied", "Link ready"]
        # The button is a gesture of its own, and the latest.
        await w.click("copy")
        assert w.copied == ["https://e/i/small", "https://e/i/large"]
        assert await w.left() == []


@in_loop
async def test_links_that_come_in_the_order_asked_for_are_all_copied(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        for name in ("first", "second"):
            await w.queue(name)
        for name in ("first", "second"):
            await w.finish(name)
        assert w.copied == ["https://e/i/first", "https://e/i/second"]
        assert [notice.title for notice in w.notices] == ["Link copied"] * 2


@in_loop
async def test_a_later_link_that_the_clipboard_did_not_take_holds_off_no_other(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        for name in ("large", "small"):
            await w.queue(name)
            await w.move(name, UploadState.SENDING)
        w.clipboard_works = False
        await w.move("small", UploadState.DONE)
        w.clipboard_works = True
        await w.move("large", UploadState.DONE)
        assert w.said_copied == [(w.names["large"].id,)]


@in_loop
async def test_sending_again_is_a_new_gesture(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.queue("failed")
        await w.finish("failed", UploadState.FAILED, "No.")
        await w.queue("later")
        await w.finish("later")
        await w.move("failed", UploadState.QUEUED)
        await w.finish("failed")
        assert w.copied == ["https://e/i/later", "https://e/i/failed"]


@in_loop
async def test_two_links_at_once_are_copied_in_the_order_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        for name in ("older", "newer"):
            await w.queue(name)
            await w.move(name, UploadState.SENDING)
        # The newer one is being copied while the older arrives.
        for name in ("newer", "older"):
            item = await w.move(name, UploadState.DONE, is_told=False)
            w.observers.notify(UploadChanged(item))
        await w.settle()
        assert w.copied == ["https://e/i/newer"]


@in_loop
async def test_how_long_the_sending_takes_does_not_count(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        await it.queue("a")
        await it.move("a", UploadState.SENDING)
        it.clock.advance(FRESH_S * 3)
        await it.move("a", UploadState.DONE)
        assert it.copied == ["https://e/i/a"]


@in_loop
async def test_copied_is_only_said_when_the_clipboard_took_it(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        it.clipboard_works = False
        await it.queue("a")
        await it.finish("a")
        assert "clipboard did not take" in it.notices[0].title
        assert it.notices[0].body.splitlines() == ["https://e/i/a", CLIPBOARD_REMEDY]
        assert it.said_copied == []
        # Asked for by hand, it is a failure of its own.
        with pytest.raises(UserFacingError, match="did not take the link") as caught:
            await it.click("copy")
        assert caught.value.part is Part.CLIPBOARD


@in_loop
async def test_a_clipboard_that_cannot_be_set_at_all_still_leaves_the_link_in_the_notification(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        it.clipboard_breaks = UserFacingError("No clipboard tool.", remedy="Install wl-clipboard.")
        await it.queue("a")
        await it.finish("a")
        assert it.notices[0].body.splitlines() == ["https://e/i/a", "Install wl-clipboard."]
        assert await it.left() == []


@in_loop
async def test_cancelled_and_forgotten_uploads_are_silent(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        with it.follow_ups.gathering() as gathering:
            for name in ("a", "b", "c"):
                await it.queue(name, replace(TOLD, group=gathering.group))
        await it.finish("a")
        await it.move("b", UploadState.CANCELLED)
        await it.store.remove(it.names["c"].id)
        it.observers.notify(UploadRemoved(it.names["c"].id))
        await it.settle()
        # They were the last that the first one waited for.
        assert it.copied == ["https://e/i/a"]
        assert [notice.title for notice in it.notices] == ["Link copied"]


@in_loop
async def test_what_the_person_marks_as_done_leaves_nothing_to_do(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        await it.queue("a", replace(TOLD, tasks=TOLD.tasks | {UploadTask.ADD_TO_ALBUM}))
        await it.finish("a", UploadState.UNCERTAIN, "…")
        marked = await it.store.set_state(it.names["a"].id, UploadState.DONE)
        it.observers.notify(UploadChanged(marked))
        await it.settle()
        assert await it.left() == []
        assert it.copied == []


@in_loop
async def test_notifications_can_be_switched_off(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        it.notify = False
        await it.queue("a")
        await it.finish("a")
        assert it.copied
        assert it.notices == []


@in_loop
async def test_a_missing_notification_service_spoils_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        it.notifications_work = False
        await it.queue("a")
        await it.finish("a")
        assert it.copied == ["https://e/i/a"]
        assert await it.left() == []


@in_loop
async def test_the_buttons_of_a_notification_work(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        await it.queue("a")
        await it.finish("a")
        await it.click("default")
        await it.click("open")
        assert it.opened == ["https://e/i/a"] * 2
        await it.click("copy")
        assert it.copied == ["https://e/i/a"] * 2
        await it.click("delete")
        assert it.deleted == ["a"]


@in_loop
async def test_what_cannot_be_deleted_from_here_has_no_button_for_it(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        it.is_anonymous = True
        await it.queue("a")
        await it.finish("a")
        it.is_anonymous, it.history_fails = False, True
        await it.queue("b")
        await it.finish("b")
        buttons = [[key for key, _ in notice.actions] for notice in it.notices]
        assert buttons == [["default", "copy", "open"]] * 2


@in_loop
async def test_the_page_is_opened_when_the_workflow_says_so(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        await it.queue("a", OPENED)
        await it.finish("a")
        assert (it.opened, it.copied, it.notices) == (["https://e/i/a"], [], [])


@in_loop
async def test_many_links_are_summed_up(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        with it.follow_ups.gathering() as gathering:
            for number in range(7):
                await it.queue(f"n{number}", replace(TOLD, group=gathering.group))
        for number in range(7):
            await it.finish(f"n{number}")
        assert it.notices[0].title == "7 links copied"
        assert it.notices[0].body.splitlines()[-1] == "and 4 more"


def test_nothing_to_say_is_no_notification() -> None:
    assert compose_notice([], [], copied=False, wanted_copy=True) is None
