"""Bulk jobs over a store in memory, a clock that a test holds, and a service that does what it is told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.errors import UserFacingError
from app.core.history import EntryId, HistoryEntry
from app.core.imglink import Album, AlbumId, EmbedId, Image, ImageId
from app.core.jobs import Job, JobEvent, JobId, JobItem, JobsHeld, JobState
from app.core.workflow import SourceKind
from app.services.jobs import Jobs
from tests.unit.services.clocks import ManualTimer


def ids(count: int) -> list[ImageId]:
    """So many image ids."""
    return [ImageId(f"image-{number:04}") for number in range(count)]


class MemoryJobStore:
    """`JobStore` that forgets nothing while the test lasts."""

    def __init__(self) -> None:
        self.jobs: dict[JobId, Job] = {}
        self.failure: UserFacingError | None = None

    async def add_job(self, job: Job) -> None:
        self._check()
        self.jobs[job.id] = job

    async def take_jobs(self) -> tuple[Job, ...]:
        return tuple(self.jobs.values())

    async def record_items(self, job_id: JobId, items: Sequence[JobItem]) -> None:
        self._check()
        if job_id in self.jobs:
            self.jobs[job_id] = self.jobs[job_id].with_items(tuple(items))

    async def set_job_state(self, job_id: JobId, state: JobState) -> None:
        self._check()
        if job_id in self.jobs:
            self.jobs[job_id] = replace(self.jobs[job_id], state=state)

    async def remove_job(self, job_id: JobId) -> None:
        self.jobs.pop(job_id, None)

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


class MemoryHistory:
    """What is known of images: in which albums they are, and their embed profiles."""

    def __init__(self) -> None:
        self.entries: dict[ImageId, HistoryEntry] = {}
        self.names: dict[AlbumId, str] = {}

    def add(self, image_id: ImageId, *, albums: tuple[AlbumId, ...] = (), embed: EmbedId | None = None) -> None:
        entry_id, image = EntryId(len(self.entries) + 1), Image(image_id, "https://i.e/a.png")
        self.entries[image_id] = HistoryEntry(entry_id, image, "a.png", SourceKind.FILE, albums=albums, embed=embed)

    async def find_entries(self, image_ids: Sequence[ImageId]) -> tuple[HistoryEntry, ...]:
        return tuple(self.entries[each] for each in image_ids if each in self.entries)

    async def set_album(self, image_ids: Sequence[ImageId], album: AlbumId, *, is_in: bool) -> tuple[HistoryEntry, ...]:
        for entry in await self.find_entries(image_ids):
            others = tuple(each for each in entry.albums if each != album)
            self.entries[entry.image_id] = replace(entry, albums=(*others, album) if is_in else others)
        return await self.find_entries(image_ids)

    async def set_embed(self, image_ids: Sequence[ImageId], embed: EmbedId | None) -> tuple[HistoryEntry, ...]:
        for entry in await self.find_entries(image_ids):
            self.entries[entry.image_id] = replace(entry, embed=embed)
        return await self.find_entries(image_ids)

    async def name_albums(self, titles: Mapping[AlbumId, str]) -> None:
        self.names.update(titles)


@dataclass
class ScriptedService:
    """Answers calls with `answers` first, then as `refusals` say of an image, else well."""

    answers: deque[BaseException | None] = field(default_factory=deque)
    refusals: dict[ImageId, UserFacingError] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    members: list[ImageId] = field(default_factory=list)
    """What is in every album."""
    album_error: UserFacingError | None = None
    gate: asyncio.Event | None = None
    """Calls wait for it before they do anything."""

    async def album(self, album_id: AlbumId) -> Album:
        self.calls.append(("read", album_id))
        if self.album_error is not None:
            raise self.album_error
        return Album(album_id, "Holiday", images=tuple(Image(each, "https://i.e/a.png") for each in self.members))

    async def add_to_album(self, album_id: AlbumId, image_id: ImageId) -> None:
        await self._answer("add", album_id, image_id)

    async def remove_from_album(self, album_id: AlbumId, image_id: ImageId) -> None:
        await self._answer("remove", album_id, image_id)

    async def assign_embed(self, image_id: ImageId, embed_id: EmbedId | None) -> None:
        await self._answer("embed", str(embed_id), image_id)

    async def assign_embed_bulk(self, image_ids: Sequence[ImageId], embed_id: EmbedId | None) -> None:
        await self._answer("bulk", str(embed_id), *image_ids)

    async def _answer(self, *call: str) -> None:
        if self.gate is not None:
            await self.gate.wait()
        self.calls.append(call)
        error = self.answers.popleft() if self.answers else None
        if error is not None:
            raise error
        for image_id in call[2:]:
            if ImageId(image_id) in self.refusals:
                raise self.refusals[ImageId(image_id)]

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a job must not call {name}")


@dataclass
class Bench:
    """Everything a test of jobs needs; `restart` is what a new run of the program does."""

    store: MemoryJobStore = field(default_factory=MemoryJobStore)
    history: MemoryHistory = field(default_factory=MemoryHistory)
    api: ScriptedService = field(default_factory=ScriptedService)
    quiet: ScriptedService | None = None
    clock: ManualTimer = field(default_factory=ManualTimer)
    events: list[JobEvent] = field(default_factory=list)
    jobs: Jobs = field(init=False)

    async def begin(self) -> None:
        self.jobs = Jobs(self.api, self.store, self.history, self.clock, quiet_api=self.quiet, random=lambda: 0.5)
        self.jobs.subscribe(self.events.append)
        await self.jobs.begin()

    async def restart(self) -> None:
        await self.jobs.stop()
        await self.begin()

    def holds(self) -> list[JobsHeld]:
        return [event for event in self.events if isinstance(event, JobsHeld)]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - a test polls
                await asyncio.sleep(0.001)

    async def pass_wait(self) -> float:
        """Let the next wait go by; returns how long it was, in seconds."""
        await self.until(lambda: bool(self.clock.sleeping_until_s))
        [left_s] = self.clock.sleeping_until_s
        self.clock.advance(left_s)
        await self.until(lambda: not self.clock.sleeping_until_s)
        return left_s

    async def finished(self, job: Job) -> Job:
        async with asyncio.timeout(10):
            return await self.jobs.finished(job.id)


@asynccontextmanager
async def bench(*answers: BaseException | None, quiet: ScriptedService | None = None) -> AsyncIterator[Bench]:
    """Jobs at work; `answers` are the service's first ones."""
    made = Bench(api=ScriptedService(deque(answers)), quiet=quiet)
    await made.begin()
    try:
        yield made
    finally:
        await made.jobs.stop()
