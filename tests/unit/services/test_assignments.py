"""Albums and embed profiles after an upload: made again after trouble, shown when refused, never forgotten."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import UserFacingError
from app.core.imglink import AlbumId, EmbedId, Image, ImageId, UploadOptions
from app.core.ports import NewUpload
from app.core.service_errors import (
    NotAuthenticated,
    NotFound,
    RateLimited,
    ServerFailure,
    Unreachable,
)
from app.core.uploads import UploadChanged, UploadEvent, UploadItem, UploadState
from app.core.workflow import SourceKind, UploadTask
from app.services.assignments import MOST_TRIES, Assignments
from app.services.observers import Observers
from app.store import SqliteUploadStore, open_store
from tests.unit.services.clocks import ManualTimer
from tests.unit.services.queue_harness import PNG, in_loop

BOTH = UploadOptions(album=AlbumId("al-1"), embed=EmbedId("5"))
ALBUM_ONLY = UploadOptions(album=AlbumId("al-1"))


@dataclass
class World:
    """A real store, a service that answers as `answers` say, and the assignments between them."""

    store: SqliteUploadStore
    clock: ManualTimer
    answers: deque[UserFacingError | None] = field(default_factory=deque)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    events: list[UploadItem] = field(default_factory=list)
    observers: Observers[UploadEvent] = field(default_factory=Observers)
    assignments: Assignments = field(init=False)

    def subscribe(self, callback: Callable[[UploadEvent], None]) -> Callable[[], None]:
        return self.observers.subscribe(callback)

    async def add_to_album(self, album_id: AlbumId, image_id: ImageId) -> None:
        self._answer("album", album_id, image_id)

    async def assign_embed(self, image_id: ImageId, embed_id: EmbedId | None) -> None:
        self._answer("embed", str(embed_id), image_id)

    def _answer(self, *call: str) -> None:
        self.calls.append(call)
        error = self.answers.popleft() if self.answers else None
        if error is not None:
            raise error

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    async def start(self) -> None:
        self.assignments = Assignments(self, self.store, self, self.clock, random=lambda: 0.5)  # type: ignore[arg-type]  # only two methods of the service are wanted
        self.assignments.subscribe(lambda event: self.events.append(event.item))  # type: ignore[union-attr]  # nothing else is told
        await self.assignments.start()

    async def upload(self, options: UploadOptions = BOTH, *, is_told: bool = True) -> UploadItem:
        new = NewUpload("a.png", "a.png", SourceKind.FILE, "image/png", options)
        item = await self.store.add_bytes(PNG, new)
        image = Image(ImageId(f"image-{item.id}"), "https://i.e/a.png")
        done = await self.store.set_state(item.id, UploadState.DONE, image=image)
        if is_told:
            self.observers.notify(UploadChanged(done))
        return done

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._pass_spacing()
                await asyncio.sleep(0.001)

    def _pass_spacing(self) -> None:
        """Let the pause between two calls go by, and no longer wait."""
        if any(left_s < 0.2 for left_s in self.clock.sleeping_until_s):
            self.clock.advance(0.2)

    async def tasks(self, item: UploadItem) -> frozenset[UploadTask]:
        stored = await self.store.get(item.id)
        assert stored is not None
        return stored.after.tasks


@asynccontextmanager
async def world(folder: Path, *answers: UserFacingError | None) -> AsyncIterator[World]:
    clock = ManualTimer()
    store = await open_store(folder, clock)
    made = World(store, clock, deque(answers))
    await made.start()
    try:
        yield made
    finally:
        await made.assignments.stop()
        await store.close()


@in_loop
async def test_an_upload_goes_into_its_album_and_gets_its_profile(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        item = await it.upload()
        await it.until(lambda: len(it.events) == 2)
        image = f"image-{item.id}"
        assert it.calls == [("album", "al-1", image), ("embed", "5", image)]
        assert await it.tasks(item) == frozenset()


@in_loop
async def test_what_an_earlier_run_has_left_is_done(tmp_path: Path) -> None:
    async with world(tmp_path) as it:
        await it.assignments.stop()
        item = await it.upload(is_told=False)
        assert it.calls == []
        await it.start()
        await it.until(lambda: len(it.events) == 2)
        assert await it.tasks(item) == frozenset()


@in_loop
async def test_a_refusal_waits_for_the_person_and_keeps_nothing_else_back(tmp_path: Path) -> None:
    async with world(tmp_path, NotFound("There is no such album.")) as it:
        item = await it.upload()
        await it.until(lambda: len(it.events) == 2)
        assert it.events[0].after.problems == ((UploadTask.ADD_TO_ALBUM, "There is no such album."),)
        assert await it.tasks(item) == {UploadTask.ADD_TO_ALBUM}
        assert [each.id for each in await it.assignments.troubled()] == [item.id]
        await it.assignments.retry(item.id)
        await it.until(lambda: not it.events[-1].after.tasks)
        assert len(it.calls) == 3
        assert await it.assignments.troubled() == ()


@in_loop
async def test_a_refusal_outlives_a_restart_and_is_not_tried_again_by_itself(tmp_path: Path) -> None:
    async with world(tmp_path, NotFound("Gone.")) as it:
        item = await it.upload(ALBUM_ONLY)
        await it.until(lambda: len(it.events) == 1)
        await it.assignments.stop()
        await it.start()
        assert len(it.calls) == 1
        [troubled] = await it.assignments.troubled()
        assert troubled.after.problems == ((UploadTask.ADD_TO_ALBUM, "Gone."),)
        await it.assignments.give_up(item.id)
        assert await it.tasks(item) == frozenset()
        assert len(it.calls) == 1


@in_loop
async def test_it_waits_as_long_as_the_service_asks(tmp_path: Path) -> None:
    limited = RateLimited("Too many.")
    limited.retry_after_s = 90.0
    async with world(tmp_path, limited) as it:
        await it.upload(ALBUM_ONLY)
        await it.until(lambda: it.clock.sleeping_until_s == [90.0])
        # Neither another upload nor the network shortens what the service has asked for.
        await it.upload(ALBUM_ONLY)
        it.assignments.network_changed()
        it.clock.advance(89)
        await asyncio.sleep(0.01)
        assert len(it.calls) == 1
        it.clock.advance(1)
        await it.until(lambda: len(it.calls) == 3)


@in_loop
async def test_offline_is_tried_again_for_ever_and_at_once_when_the_network_is_back(tmp_path: Path) -> None:
    async with world(tmp_path, *[Unreachable("No network.")] * 30) as it:
        item = await it.upload(ALBUM_ONLY)
        for _ in range(29):
            await it.until(lambda: bool(it.clock.sleeping_until_s))
            it.clock.advance(it.clock.sleeping_until_s[0])
            await it.until(lambda: not it.clock.sleeping_until_s)
        await it.until(lambda: len(it.calls) == 30 and bool(it.clock.sleeping_until_s))
        assert await it.assignments.troubled() == ()
        it.assignments.network_changed()
        await it.until(lambda: len(it.calls) == 31 and bool(it.events))
        assert await it.tasks(item) == frozenset()


@in_loop
async def test_a_broken_service_is_given_up_after_some_tries(tmp_path: Path) -> None:
    async with world(tmp_path, *[ServerFailure("HTTP 500.")] * MOST_TRIES) as it:
        await it.upload(ALBUM_ONLY)
        for _ in range(MOST_TRIES - 1):
            await it.until(lambda: bool(it.clock.sleeping_until_s))
            it.clock.advance(it.clock.sleeping_until_s[0])
            await it.until(lambda: not it.clock.sleeping_until_s)
        await it.until(lambda: bool(it.events))
        assert len(it.calls) == MOST_TRIES
        assert it.events[0].after.problems == ((UploadTask.ADD_TO_ALBUM, "HTTP 500."),)


@in_loop
async def test_a_new_credential_gives_what_failed_another_try(tmp_path: Path) -> None:
    async with world(tmp_path, NotAuthenticated("Sign in first.")) as it:
        item = await it.upload(ALBUM_ONLY)
        await it.until(lambda: len(it.events) == 1)
        await it.assignments.credentials_changed()
        await it.until(lambda: len(it.calls) == 2 and not it.events[-1].after.tasks)
        assert await it.tasks(item) == frozenset()


@pytest.mark.parametrize("state", [UploadState.QUEUED, UploadState.FAILED, UploadState.UNCERTAIN])
@in_loop
async def test_nothing_is_asked_of_the_service_before_the_upload_is_there(tmp_path: Path, state: UploadState) -> None:
    async with world(tmp_path) as it:
        new = NewUpload("a.png", "a.png", SourceKind.FILE, "image/png", BOTH)
        item = await it.store.add_bytes(PNG, new)
        it.observers.notify(UploadChanged(await it.store.set_state(item.id, state)))
        done = await it.upload(ALBUM_ONLY)
        await it.until(lambda: len(it.events) == 1)
        assert it.calls == [("album", "al-1", f"image-{done.id}")]
