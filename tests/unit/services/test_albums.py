"""Albums: what is told of them, what the history learns, and what an answer that leaves things out does not undo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from app.core.errors import Cancelled, InputError, UserFacingError
from app.core.history import EntryId, HistoryEntry, HistoryQuery
from app.core.imglink import Album, AlbumChanges, AlbumId, Image, ImageId
from app.core.jobs import Job, JobChanged, JobEvent, JobId, JobItem, JobItemState, JobKind, JobState
from app.core.service_errors import NotFound, ServerFailure
from app.services.albums import AlbumChanged, AlbumEvent, AlbumRemoved, AlbumsListed, AlbumsService
from app.services.observers import Observers
from tests.unit.services.holding import Holding
from tests.unit.services.job_harness import MemoryHistory
from tests.unit.services.queue_harness import in_loop

HOLIDAY = Album(AlbumId("a1"), "Holiday", "By the sea", image_count=2, cover="https://e/c", url="https://e/a1")
BUGS = Album(AlbumId("a2"), "Bugs", image_count=0)
T = TypeVar("T")
NOW = datetime(2026, 3, 4, tzinfo=UTC)


class History:
    """Which entries are in an album, over the history that the jobs' tests use."""

    def __init__(self) -> None:
        self.memory = MemoryHistory()
        self.names = self.memory.names
        self.add = self.memory.add
        self.failure: UserFacingError | None = None

    def entries_of(self, album: AlbumId | None) -> list[HistoryEntry]:
        return [each for each in self.memory.entries.values() if album in each.albums]

    async def outline(
        self, query: HistoryQuery, *, after: EntryId | None = None, limit: int = 1000
    ) -> Sequence[EntryId]:
        self._check()
        found = sorted((each.id for each in self.entries_of(query.album)), reverse=True)
        return [each for each in found if after is None or each < after][: min(limit, 2)]

    async def entries(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        by_id = {each.id: each for each in self.memory.entries.values()}
        return tuple(by_id[each] for each in ids)

    async def set_album(self, image_ids: Sequence[ImageId], album: AlbumId, *, is_in: bool) -> object:
        self._check()
        return await self.memory.set_album(image_ids, album, is_in=is_in)

    async def name_albums(self, titles: Mapping[AlbumId, str]) -> None:
        self._check()
        await self.memory.name_albums(titles)

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


@dataclass
class Service:
    """Has `stored`; the next call raises `error`, and answers to changes are cut down to `answer`."""

    stored: dict[str, Album] = field(default_factory=lambda: {"a1": HOLIDAY, "a2": BUGS})
    error: Exception | None = None
    answer: Album | None = None
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    async def albums(self) -> tuple[Album, ...]:
        self._note("albums")
        return tuple(replace(album, images=()) for album in self.stored.values())

    async def album(self, album_id: AlbumId) -> Album:
        self._note("album", album_id)
        if album_id not in self.stored:
            raise NotFound("Not there.")
        return self.stored[album_id]

    async def create_album(self, title: str, description: str = "", *, is_public: bool = True) -> Album:
        self._note("create", title, is_public)
        return Album(AlbumId("new"), title, description, is_public=is_public)

    async def update_album(self, album_id: AlbumId, changes: AlbumChanges) -> Album:
        self._note("update", album_id, changes)
        return self.answer or replace(self.stored.get(album_id, Album(album_id, "New")), title=changes.title or "")

    async def delete_album(self, album_id: AlbumId) -> None:
        self._note("delete", album_id)

    def _note(self, *call: Any) -> None:
        self.calls.append(call)
        error, self.error = self.error, None
        if error is not None:
            raise error

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the albums must not call {name}")


class SomeJobs:
    """Tells of jobs."""

    def __init__(self) -> None:
        self.observers: Observers[JobEvent] = Observers()
        self.subscribe = self.observers.subscribe


@dataclass
class Bench:
    api: Service
    history: History
    albums: AlbumsService
    jobs: SomeJobs
    events: list[AlbumEvent] = field(default_factory=list)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.events) < count:  # noqa: ASYNC110 - a test polls
                await asyncio.sleep(0.001)


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    api, history, jobs = Service(), History(), SomeJobs()
    albums = AlbumsService(api, history)
    it = Bench(api, history, albums, jobs)
    albums.subscribe(it.events.append)
    albums.start(jobs)
    try:
        yield it
    finally:
        await albums.stop()


def pictures(*names: str) -> tuple[Image, ...]:
    return tuple(Image(ImageId(name), f"https://e/{name}") for name in names)


@in_loop
async def test_the_list_is_told_kept_and_its_titles_are_remembered() -> None:
    async with bench() as it:
        assert await it.albums.list() == (HOLIDAY, BUGS)
        assert it.events == [AlbumsListed((HOLIDAY, BUGS))]
        assert it.history.names == {"a1": "Holiday", "a2": "Bugs"}
        it.albums.forget()
        assert len(it.albums.known) == 0
        assert it.events[-1] == AlbumsListed(())


@in_loop
async def test_what_was_shown_keeps_its_images_when_the_list_is_read_again() -> None:
    async with bench() as it:
        it.api.stored["a1"] = replace(HOLIDAY, images=pictures("x", "y"))
        await it.albums.list()
        shown = await it.albums.show(HOLIDAY.id)
        assert shown.images == pictures("x", "y")
        assert (await it.albums.list())[0].images == pictures("x", "y")
        it.api.stored["a1"] = replace(HOLIDAY, image_count=0)
        assert (await it.albums.show(HOLIDAY.id)).images == ()


@in_loop
async def test_the_history_learns_what_is_in_an_album_and_what_is_not_any_more() -> None:
    async with bench() as it:
        for name in ("in", "out", "other"):
            it.history.add(ImageId(name), albums=(HOLIDAY.id,) if name == "out" else ())
        it.api.stored["a1"] = replace(HOLIDAY, image_count=1, images=pictures("in"))
        await it.albums.show(HOLIDAY.id)
        assert [each.image_id for each in it.history.entries_of(HOLIDAY.id)] == ["in"]


@in_loop
async def test_a_list_that_is_cut_short_takes_nothing_out_of_the_history() -> None:
    async with bench() as it:
        it.history.add(ImageId("far"), albums=(HOLIDAY.id,))
        it.api.stored["a1"] = replace(HOLIDAY, image_count=500, images=pictures("near"))
        await it.albums.show(HOLIDAY.id)
        assert [each.image_id for each in it.history.entries_of(HOLIDAY.id)] == ["far"]


@in_loop
async def test_a_history_that_fails_fails_nothing_else() -> None:
    async with bench() as it:
        it.history.failure = UserFacingError("The disk is full.")
        await it.albums.list()
        await it.albums.show(HOLIDAY.id)
        await it.albums.create("New")
        await it.albums.delete(HOLIDAY.id)
        assert [album.id for album in it.albums.known] == ["new", "a2"]


@in_loop
async def test_an_album_that_is_gone_is_told_and_a_web_page_says_nothing_of_it() -> None:
    async with bench() as it:
        await it.albums.list()
        del it.api.stored["a1"]
        page = NotFound("A web page came back.")
        page.is_page = True
        it.api.error = page
        with pytest.raises(NotFound):
            await it.albums.show(HOLIDAY.id)
        assert len(it.events) == 1
        with pytest.raises(NotFound):
            await it.albums.show(HOLIDAY.id)
        assert it.events[-1] == AlbumRemoved(HOLIDAY.id)


@in_loop
async def test_a_new_album_is_told_and_stands_first() -> None:
    async with bench() as it:
        await it.albums.list()
        made = await it.albums.create("New", "Things", is_public=False)
        assert (made.image_count, made.is_public) == (0, False)
        assert it.events[-1] == AlbumChanged(made)
        assert it.albums.known[0] == made
        assert it.history.names[made.id] == "New"


@in_loop
async def test_nobody_looks_into_an_album_before_it_has_its_password() -> None:
    async with bench() as it:
        made = await it.albums.create("Secret", password="open sesame")
        assert it.api.calls == [
            ("create", "Secret", False),
            ("update", "new", AlbumChanges(is_public=True, password="open sesame")),
        ]
        assert made.has_password is True


@pytest.mark.parametrize("error", [ServerFailure("HTTP 500."), Cancelled()])
@in_loop
async def test_an_album_whose_password_fails_stays_private_and_says_so(error: Exception) -> None:
    async with bench() as it:
        update = it.api.update_album

        async def fail(album_id: AlbumId, changes: AlbumChanges) -> Album:
            it.api.error = error
            return await update(album_id, changes)

        it.api.update_album = fail  # type: ignore[method-assign]
        with pytest.raises(UserFacingError, match="It is private"):
            await it.albums.create("Secret", password="open sesame")
        assert it.events == [AlbumChanged(Album(AlbumId("new"), "Secret", is_public=False, image_count=0))]


@in_loop
async def test_an_answer_that_leaves_things_out_does_not_undo_them() -> None:
    async with bench() as it:
        await it.albums.list()
        it.api.answer = Album(HOLIDAY.id, "")
        edited = await it.albums.edit(HOLIDAY.id, AlbumChanges(title="Norway", password="x"))
        assert edited == replace(HOLIDAY, title="Norway", has_password=True)
        assert it.history.names[HOLIDAY.id] == "Norway"
        assert it.events[-1] == AlbumChanged(edited)


@in_loop
async def test_deleting_takes_the_album_out_of_the_history_and_one_that_is_gone_counts_as_deleted() -> None:
    async with bench() as it:
        await it.albums.list()
        for number in range(5):
            it.history.add(ImageId(f"i{number}"), albums=(HOLIDAY.id,))
        it.api.error = NotFound("Gone.")
        await it.albums.delete(HOLIDAY.id)
        assert it.history.entries_of(HOLIDAY.id) == []
        assert it.albums.known == (BUGS,)
        assert it.events[-1] == AlbumRemoved(HOLIDAY.id)


@in_loop
async def test_an_album_that_cannot_be_deleted_stays() -> None:
    async with bench() as it:
        await it.albums.list()
        it.api.error = ServerFailure("HTTP 500.")
        with pytest.raises(ServerFailure):
            await it.albums.delete(HOLIDAY.id)
        assert it.albums.known == (HOLIDAY, BUGS)


@in_loop
async def test_an_album_is_found_by_id_before_title_and_beyond_the_list() -> None:
    async with bench() as it:
        it.api.stored["a3"] = Album(AlbumId("a3"), "a1")
        assert (await it.albums.find("a1")).id == "a1"
        assert (await it.albums.find("Bugs")).id == "a2"
        it.api.stored["a4"] = Album(AlbumId("a4"), "Bugs")
        with pytest.raises(InputError, match=r"2 albums called “Bugs”.*a2, a4"):
            await it.albums.find("Bugs")
        with pytest.raises(InputError, match="no album “bugs”"):
            await it.albums.find("bugs")
        with pytest.raises(InputError, match="no album “not an id”"):
            await it.albums.find("not an id")


@in_loop
async def test_an_album_that_a_job_has_changed_is_read_anew() -> None:
    async with bench() as it:
        await it.albums.list()
        item = JobItem(ImageId("x"), JobItemState.DONE)
        job = Job(JobId("j"), JobKind.ADD_TO_ALBUM, "a1", "Holiday", (item,), NOW)
        it.jobs.observers.notify(JobChanged(job))
        it.jobs.observers.notify(JobChanged(replace(job, kind=JobKind.ASSIGN_EMBED, state=JobState.FINISHED)))
        assert [call[0] for call in it.api.calls] == ["albums"]
        it.api.stored["a1"] = replace(HOLIDAY, image_count=3, images=pictures("x"))
        it.jobs.observers.notify(JobChanged(replace(job, state=JobState.FINISHED)))
        await it.until(2)
        assert it.events[-1] == AlbumChanged(it.api.stored["a1"])
        it.api.error = ServerFailure("HTTP 500.")
        it.jobs.observers.notify(JobChanged(replace(job, state=JobState.CANCELLED)))
        await asyncio.sleep(0.01)
        assert len(it.events) == 2


@in_loop
async def test_a_list_that_was_on_its_way_does_not_undo_what_was_made_meanwhile() -> None:
    async with bench() as it:
        answers = [(HOLIDAY,), (BUGS, HOLIDAY)]
        on_its_way, goes_on = asyncio.Event(), asyncio.Event()

        async def albums() -> tuple[Album, ...]:
            on_its_way.set()
            answer = answers.pop(0)
            await goes_on.wait()
            return answer

        it.api.albums = albums  # type: ignore[method-assign]
        listing = asyncio.ensure_future(it.albums.list())
        await on_its_way.wait()
        await it.albums.create("New")
        goes_on.set()
        assert await listing == (BUGS, HOLIDAY)
        assert answers == []


async def left_during(it: Bench, owner: object, name: str, call: Awaitable[T]) -> T:
    """What comes of a call when the account is left after `owner` was asked for `name` and before the answer came."""
    held = Holding(getattr(owner, name))
    setattr(owner, name, held)
    waiting = asyncio.ensure_future(call)
    await held.is_there.wait()
    it.albums.forget()
    held.goes_on.set()
    return await waiting


@in_loop
async def test_what_is_read_for_an_account_that_was_left_meanwhile_is_dropped() -> None:
    async with bench() as it:
        with pytest.raises(Cancelled):
            await left_during(it, it.api, "albums", it.albums.list())
        with pytest.raises(Cancelled):
            await left_during(it, it.api, "album", it.albums.show(HOLIDAY.id))
        assert len(it.albums.known) == len(it.history.names) == 0
        assert it.events == [AlbumsListed(())] * 2


@in_loop
async def test_what_was_changed_for_an_account_that_was_left_meanwhile_is_not_told_of_the_next() -> None:
    async with bench() as it:
        made = await left_during(it, it.api, "create_album", it.albums.create("New"))
        changes = AlbumChanges(title="Sea")
        changed = await left_during(it, it.api, "update_album", it.albums.edit(HOLIDAY.id, changes))
        assert (made.title, changed.title) == ("New", "Sea")
        assert it.albums.known == ()
        assert it.events == [AlbumsListed(())] * 2


@in_loop
async def test_an_album_that_is_still_being_noted_when_the_account_is_left_is_not_told() -> None:
    async with bench() as it:
        await left_during(it, it.history, "name_albums", it.albums.show(HOLIDAY.id))
        assert it.albums.known == ()
        assert it.events == [AlbumsListed(())]
