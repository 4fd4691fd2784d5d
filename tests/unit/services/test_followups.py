"""What follows an upload: links in order, one notification, answers to its buttons."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import Image, ImageId, UploadOptions
from app.core.links import LinkForm
from app.core.ports import Notice, Probe
from app.core.screen import Frame
from app.core.uploads import UploadId, UploadItem, UploadState
from app.core.workflow import SourceKind, UploadTask
from app.services.followups import FollowUp, FollowUps, LinkPreferences, compose_notice

ALL = frozenset({UploadTask.COPY_LINK, UploadTask.NOTIFY})


def item(name: str, state: UploadState = UploadState.DONE, reason: str = "") -> UploadItem:
    image = Image(ImageId(name), f"https://i.e/{name}.png", viewer=f"https://e/i/{name}")
    return UploadItem(
        id=UploadId(name),
        path=Path(name),
        file_name=f"{name}.png",
        upload_name="x.png",
        kind=SourceKind.DROP,
        mime="image/png",
        size=1,
        options=UploadOptions(),
        state=state,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        reason=reason,
        error_kind=ErrorKind.SERVICE if reason else None,
        image=image if state is UploadState.DONE else None,
    )


@dataclass
class World:
    """Everything around the follow-ups, in memory."""

    items: Sequence[UploadItem]
    clipboard_works: bool = True
    notifications_work: bool = True
    delete_fails: bool = False
    notify: bool = True
    copied: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    press: list[Callable[[str], None]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    later: list[Awaitable[None]] = field(default_factory=list)

    async def wait(self, upload_id: UploadId) -> UploadItem:
        return next(item for item in self.items if item.id == upload_id)

    async def copy_text(self, text: str) -> bool:
        self.copied.append(text)
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

    async def delete_on_service(self, image_id: ImageId) -> None:
        if self.delete_fails:
            raise UserFacingError("The key may not delete.")
        self.deleted.append(image_id)

    async def open_url(self, url: str) -> None:
        self.opened.append(url)

    def follow_ups(self) -> FollowUps:
        return FollowUps(
            uploads=self,
            clipboard=self,
            notifier=self,
            deleter=self,
            open_url=self.open_url,
            preferences=lambda: LinkPreferences(LinkForm.VIEWER, "$url", self.notify),
            run_soon=self.later.append,
        )

    def run(self, tasks: frozenset[UploadTask] = ALL, form: LinkForm | None = None) -> None:
        ids = tuple(item.id for item in self.items)
        asyncio.run(_run(self.follow_ups(), FollowUp(ids, tasks, form)))

    def click(self, key: str) -> None:
        self.press[0](key)

        async def finish() -> None:
            for awaitable in self.later:
                await awaitable

        asyncio.run(finish())


async def _run(follow_ups: FollowUps, follow_up: FollowUp) -> None:
    await follow_ups.run(follow_up)


def test_the_link_is_copied_and_said() -> None:
    world = World([item("a")])
    world.run()
    assert world.copied == ["https://e/i/a"]
    assert world.notices[0].title == "Link copied"
    assert [key for key, _ in world.notices[0].actions] == ["default", "copy", "open", "delete"]


def test_several_links_are_copied_together_in_the_order_given() -> None:
    world = World([item("b"), item("a", UploadState.FAILED, "Too large."), item("c")])
    world.run(form=LinkForm.DIRECT)
    assert world.copied == ["https://i.e/b.png\nhttps://i.e/c.png"]
    assert world.notices[0].title == "2 links copied, 1 not uploaded"
    assert "a.png: Too large." in world.notices[0].body


def test_copied_is_only_said_when_the_clipboard_took_it() -> None:
    world = World([item("a")], clipboard_works=False)
    world.run()
    assert "copied" not in world.notices[0].title.lower()
    assert "clipboard did not take" in world.notices[0].title


def test_a_failure_is_said_with_its_reason_and_copies_nothing() -> None:
    world = World([item("a", UploadState.FAILED, "The server said: too large.")])
    world.run()
    assert world.copied == []
    assert world.notices[0].is_error
    assert "too large" in world.notices[0].body


@pytest.mark.parametrize(
    ("state", "title"),
    [(UploadState.UNCERTAIN, "May already be uploaded"), (UploadState.PAUSED, "Upload paused")],
)
def test_what_waits_for_the_person_has_its_own_title(state: UploadState, title: str) -> None:
    world = World([item("a", state, "…")])
    world.run()
    assert world.notices[0].title == title


def test_a_cancelled_upload_is_silent() -> None:
    world = World([item("a", UploadState.CANCELLED)])
    world.run()
    assert (world.copied, world.notices) == ([], [])


def test_notifications_can_be_switched_off() -> None:
    world = World([item("a")], notify=False)
    world.run()
    assert world.copied
    assert world.notices == []


def test_a_missing_notification_service_spoils_nothing() -> None:
    world = World([item("a")], notifications_work=False)
    world.run()
    assert world.copied == ["https://e/i/a"]


@pytest.mark.parametrize("key", ["open", "default"])
def test_open_opens_the_viewer(key: str) -> None:
    world = World([item("a")])
    world.run()
    world.click(key)
    assert world.opened == ["https://e/i/a"]


def test_copy_copies_again() -> None:
    world = World([item("a")])
    world.run()
    world.click("copy")
    assert world.copied == ["https://e/i/a"] * 2


def test_delete_deletes_and_says_so() -> None:
    world = World([item("a"), item("b", UploadState.FAILED, "x")])
    world.run()
    world.click("delete")
    assert world.deleted == ["a"]
    assert world.notices[-1].title == "Deleted from ImgLink"


def test_a_refused_delete_is_said() -> None:
    world = World([item("a")], delete_fails=True)
    world.run()
    world.click("delete")
    assert world.notices[-1].is_error
    assert "may not delete" in world.notices[-1].body


def test_the_page_is_opened_when_the_workflow_says_so() -> None:
    world = World([item("a")])
    world.run(frozenset({UploadTask.OPEN_VIEWER}))
    assert (world.opened, world.copied, world.notices) == (["https://e/i/a"], [], [])


def test_many_links_are_summed_up() -> None:
    names = [f"n{number}" for number in range(7)]
    items = [item(name) for name in names]
    notice = compose_notice(items, [f"https://e/i/{name}" for name in names], copied=True, wanted_copy=True)
    assert notice is not None
    assert notice.title == "7 links copied"
    assert notice.body.splitlines()[-1] == "and 4 more"
