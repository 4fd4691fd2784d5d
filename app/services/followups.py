"""What happens on this computer after an upload: copy the link, tell the person, open the page.

What is wanted is kept with each upload (`AfterUpload`), so it happens after a restart as well. Several files that were
given together are followed up together, when none of them is on its way any more: one clipboard text with one link a
line, in the order given, and one notification. Of those that failed, the wishes stay until they are sent again.

A link goes to the clipboard by itself only while the person may still be waiting for it: when sending began, in this
run, within `FRESH_S` of being asked for. Otherwise the clipboard belongs to something else by now, so the notification
says “link ready”, with a button that copies it; nor is a page opened unasked then. Nor does a link take the place of
one that was asked for after it: a large picture may well arrive behind a small one.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from app.core.doctor import CLIPBOARD_REMEDY, Part
from app.core.errors import UserFacingError
from app.core.imglink import ImageId
from app.core.links import LinkForm, format_link
from app.core.ports import Clipboard, Clock, Notice, Notifier, RunSoon, UploadStore
from app.core.screen import Frame
from app.core.uploads import (
    AfterUpload,
    GroupId,
    UploadChanged,
    UploadEvent,
    UploadId,
    UploadItem,
    UploadRemoved,
    UploadState,
)
from app.core.workflow import UploadTask
from app.services.doctor import failing
from app.services.notices import COPY_ACTION, DELETE_ACTION, OPEN_ACTION, compose_notice
from app.services.observers import Observers

FRESH_S = 300.0
LOCAL_TASKS = frozenset({UploadTask.COPY_LINK, UploadTask.NOTIFY, UploadTask.OPEN_VIEWER})
# What is paused or waits goes on later, and the queue says why it waits.
_ENDED_BADLY = (UploadState.FAILED, UploadState.UNCERTAIN)
_ENDED = (UploadState.DONE, *_ENDED_BADLY)


@dataclass(frozen=True, slots=True)
class LinkPreferences:
    """How links are written, read afresh each time."""

    form: LinkForm
    template: str
    notify: bool


class Queue(Protocol):
    """The part of the upload queue that is needed here."""

    def subscribe(self, callback: Callable[[UploadEvent], None]) -> Callable[[], None]:
        """Call `callback` with every event."""


class Deleter(Protocol):
    """Deletes images from the service at the push of a notification's button, and says how that ends."""

    def may_delete(self, image_ids: Sequence[ImageId]) -> Awaitable[bool]:
        """False when there is nothing to delete among these. Raises UserFacingError."""

    def delete(self, image_ids: Sequence[ImageId]) -> Awaitable[None]:
        """Delete them, with time to undo it. Raises UserFacingError."""


@dataclass(slots=True)
class Gathering:
    """Uploads that are being given together; nothing is said of them before all are in."""

    group: GroupId
    thumbnail: Frame | None = None
    """For the notification."""


class FollowUps:
    """Runs after-upload tasks on the asyncio thread."""

    def __init__(
        self,
        *,
        uploads: Queue,
        store: UploadStore,
        clipboard: Clipboard,
        notifier: Notifier,
        deleter: Deleter,
        open_url: Callable[[str], Awaitable[None]],
        preferences: Callable[[], LinkPreferences],
        clock: Clock,
        run_soon: RunSoon,
    ) -> None:
        """`run_soon` gets the answer to a click on a notification."""
        self._uploads = uploads
        self._store = store
        self._clipboard = clipboard
        self._notifier = notifier
        self._deleter = deleter
        self._open_url = open_url
        self._preferences = preferences
        self._clock = clock
        self._run_soon = run_soon
        self._items: dict[UploadId, UploadItem] = {}
        """Those with something left to do, in the order given."""
        self._asked_at: dict[UploadId, datetime] = {}
        """When the person asked once more."""
        self._gestures: dict[UploadId, int] = {}
        """Numbers in the order in which the person asked for them."""
        self._next_gesture = itertools.count(1)
        self._copied_gesture = 0
        """Whose link is on the clipboard."""
        self._fresh: set[UploadId] = set()
        self._told: set[UploadId] = set()
        """Those that ended badly, and the person knows."""
        self._gathering: dict[GroupId, Gathering] = {}
        self._thumbnails: dict[str, Frame] = {}
        self._early: list[UploadEvent] | None = None
        """Events that came before what earlier runs left was read."""
        self._unsubscribe: Callable[[], None] = lambda: None
        self._running: set[asyncio.Task[None]] = set()
        self._copying = asyncio.Lock()
        self._observers: Observers[tuple[UploadId, ...]] = Observers()

    async def start(self) -> None:
        """Begin, with what earlier runs have left."""
        self._early = []
        self._unsubscribe = self._uploads.subscribe(self._on_event)
        for item in await self._store.unfinished():
            self._note(item)
            if item.state is not UploadState.DONE:
                self._told.add(item.id)
        early, self._early = self._early, None
        for event in early:
            self._on_event(event)
        for key in {_key(item) for item in self._items.values()}:
            self._settle(key)

    async def stop(self) -> None:
        """Stop. What is not done is left to the next run."""
        self._unsubscribe()
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)

    def subscribe_copied(self, callback: Callable[[tuple[UploadId, ...]], None]) -> Callable[[], None]:
        """Call `callback` with uploads whose links were read back from the clipboard, on the asyncio thread."""
        return self._observers.subscribe(callback)

    @contextmanager
    def gathering(self) -> Iterator[Gathering]:
        """Queue uploads with the group of what is yielded; they are followed up together, after the block."""
        made = Gathering(GroupId(secrets.token_hex(5)))
        self._gathering[made.group] = made
        try:
            yield made
        finally:
            del self._gathering[made.group]
            if made.thumbnail is not None:
                self._thumbnails[made.group] = made.thumbnail
            self._settle(made.group)

    def links(self, items: Sequence[UploadItem]) -> list[str]:
        """The links of those that are done, in order, as each was to be copied or as the settings say."""
        preferences = self._preferences()
        return [
            format_link(
                item.image,
                item.after.link_form or preferences.form,
                file_name=item.file_name,
                template=preferences.template,
            )
            for item in items
            if item.state is UploadState.DONE and item.image is not None
        ]

    # --- keeping track ------------------------------------------------------------------------------------------------

    def _on_event(self, event: UploadEvent) -> None:
        if self._early is not None:
            self._early.append(event)
            return
        match event:
            case UploadChanged(item):
                self._note(item)
                self._settle(_key(item))
            case UploadRemoved(upload_id):
                known = self._items.get(upload_id)
                if known is not None:
                    self._forget(upload_id)
                    self._settle(_key(known))

    def _note(self, item: UploadItem) -> None:
        before = self._items.get(item.id)
        if not item.after.due & LOCAL_TASKS or item.state is UploadState.CANCELLED:
            self._forget(item.id)
            return
        self._items[item.id] = item
        is_asked_again = before is not None and before.state in _ENDED and item.state is UploadState.QUEUED
        if is_asked_again:
            self._asked_at[item.id] = self._clock.now()
        if is_asked_again or item.id not in self._gestures:
            self._gestures[item.id] = next(self._next_gesture)
        if item.state is UploadState.SENDING and (before is None or before.state is not UploadState.SENDING):
            age = self._clock.now() - self._asked_at.get(item.id, item.created_at)
            # Whichever way the clock was set meanwhile.
            (self._fresh.add if abs(age) <= timedelta(seconds=FRESH_S) else self._fresh.discard)(item.id)
        if item.state not in _ENDED_BADLY:
            self._told.discard(item.id)

    def _forget(self, upload_id: UploadId) -> None:
        self._items.pop(upload_id, None)
        self._asked_at.pop(upload_id, None)
        self._gestures.pop(upload_id, None)
        self._told.discard(upload_id)
        self._fresh.discard(upload_id)

    def _settle(self, key: str) -> None:
        """Follow up a group if nothing of it is on its way."""
        if key in self._gathering:
            return
        members = [item for item in self._items.values() if _key(item) == key]
        if any(item.state not in _ENDED for item in members):
            return
        thumbnail = self._thumbnails.pop(key, None)
        news = [item for item in members if item.id not in self._told]
        if not news:
            return
        task = asyncio.create_task(self._follow_up(news, thumbnail), name=f"follow up {key}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(_report_bug)

    # --- doing it -----------------------------------------------------------------------------------------------------

    async def _follow_up(self, news: Sequence[UploadItem], thumbnail: Frame | None) -> None:
        done = [item for item in news if item.state is UploadState.DONE]
        is_late = not all(item.id in self._fresh for item in done)
        gesture = max((self._gestures[item.id] for item in done), default=0)
        tasks = frozenset[UploadTask]().union(*(item.after.due for item in news))
        links = self.links(done)
        for item in done:
            self._forget(item.id)
        self._told.update(item.id for item in news if item.state is not UploadState.DONE)
        wants_copy = UploadTask.COPY_LINK in tasks
        is_copied, trouble = False, ""
        if links and wants_copy and not is_late:
            try:
                is_copied = await self._copy(done, links, gesture)
            except UserFacingError as error:
                trouble = error.remedy or error.message
        is_left_off = is_late or (bool(links) and gesture < self._copied_gesture)
        # A link that is not where it was wanted is always spoken of.
        if self._preferences().notify and (UploadTask.NOTIFY in tasks or (wants_copy and is_left_off)):
            notice = compose_notice(
                news,
                links,
                copied=is_copied,
                wanted_copy=wants_copy,
                is_late=is_left_off,
                trouble=trouble,
                can_delete=await self._may_delete(done),
                thumbnail=thumbnail,
            )
            await self._show(notice, news, links)
        if UploadTask.OPEN_VIEWER in tasks and not is_late:
            await self._open(done)
        await self._remember(done)

    async def _copy(self, items: Sequence[UploadItem], links: Sequence[str], gesture: int) -> bool:
        """False when the clipboard has the link of a later gesture. Raises UserFacingError when it did not take it."""
        # One after the other: each is read back, and must not find the next one's text.
        async with self._copying:
            if gesture < self._copied_gesture:
                return False
            with failing(Part.CLIPBOARD):
                if not await self._clipboard.copy_text("\n".join(links)):
                    raise UserFacingError("The clipboard did not take the link.", remedy=CLIPBOARD_REMEDY)
            self._copied_gesture = gesture
        self._observers.notify(tuple(item.id for item in items if item.image is not None))
        return True

    async def _remember(self, done: Sequence[UploadItem]) -> None:
        for item in done:
            # What the person has marked as done by hand has no image to do anything with.
            tasks = LOCAL_TASKS if item.image is not None else item.after.tasks
            # A full disk forgets it; the next run then offers the link once more.
            with suppress(UserFacingError):
                await self._store.change_after(item.id, partial(AfterUpload.without, tasks=tasks))

    async def _open(self, items: Sequence[UploadItem]) -> None:
        for item in items:
            if item.image is not None:
                await self._open_url(item.image.viewer or item.image.url)

    async def _show(self, notice: Notice | None, items: Sequence[UploadItem], links: Sequence[str]) -> None:
        if notice is not None:
            # Nobody waits for a notification; the card and the tray window say the same.
            with suppress(UserFacingError):
                await self._notifier.show(
                    notice, lambda key: self._run_soon(lambda: self._on_action(key, items, links))
                )

    async def _on_action(self, key: str, items: Sequence[UploadItem], links: Sequence[str]) -> None:
        if key == COPY_ACTION:
            await self._copy(items, links, next(self._next_gesture))
        elif key in (OPEN_ACTION, "default"):
            await self._open(items)
        elif key == DELETE_ACTION:
            await self._deleter.delete(_image_ids(items))

    async def _may_delete(self, items: Sequence[UploadItem]) -> bool:
        # Only whether a button is offered: a disk that is in trouble is told of elsewhere.
        with suppress(UserFacingError):
            return bool(items) and await self._deleter.may_delete(_image_ids(items))
        return False


def _image_ids(items: Sequence[UploadItem]) -> list[ImageId]:
    return [item.image.id for item in items if item.image is not None]


def _key(item: UploadItem) -> str:
    return item.after.group or item.id


def _report_bug(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        context = {"message": f"“{task.get_name()}” failed", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)
