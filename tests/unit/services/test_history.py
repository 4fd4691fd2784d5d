"""The history: what the service says is remembered, and what is forgotten here stays there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import InputError, UserFacingError
from app.core.history import (
    EntryId,
    HistoryAdded,
    HistoryChanged,
    HistoryEntry,
    HistoryEvent,
    HistoryQuery,
    HistoryRemoved,
    HistoryReset,
)
from app.core.imglink import AlbumId, EmbedId, Image, ImageId
from app.core.service_errors import Forbidden, NotFound, ServiceError
from app.core.uploads import RemoteState, UploadChanged, UploadEvent, UploadItem, UploadRemoved, UploadState
from app.services.history import HistoryService
from app.services.history_files import ExportFormat, HistoryFiles, ImportReport
from app.store import SqliteUploadStore, open_store
from tests.unit.services.clocks import ManualTimer
from tests.unit.services.queue_harness import NEW, PNG, in_loop

IMAGE = Image(ImageId("_RxgFRvwh9"), "https://i.imglink.cc/_RxgFRvwh9.png", delete="https://imglink.cc/d")


@dataclass
class FakeApi:
    there: dict[ImageId, Image] = field(default_factory=dict)
    trouble: ServiceError | None = None
    missing: ServiceError = field(default_factory=lambda: NotFound("Not found."))

    async def image(self, image_id: ImageId) -> Image:
        if image_id not in self.there:
            raise self.missing
        return self.there[image_id]

    async def delete_image(self, image_id: ImageId) -> None:
        if self.trouble:
            raise self.trouble
        if self.there.pop(image_id, None) is None:
            raise self.missing

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the history must not call {name}")


@dataclass
class Desk:
    history: HistoryService
    store: SqliteUploadStore
    api: FakeApi
    item: UploadItem
    events: list[UploadEvent]
    news: list[HistoryEvent]

    async def entry(self) -> HistoryEntry:
        (entry,) = await self.history.find([IMAGE.id])
        return entry

    async def remote_state(self) -> RemoteState:
        item = await self.store.get(self.item.id)
        assert item is not None
        return item.remote_state


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    store, api, events = await open_store(folder, ManualTimer()), FakeApi({IMAGE.id: IMAGE}), list[UploadEvent]()
    news = list[HistoryEvent]()
    try:
        item = await store.add_bytes(PNG, NEW)
        item = await store.set_state(item.id, UploadState.DONE, image=IMAGE)
        files = HistoryFiles(frozenset({"imglink.cc"}), lambda _path: ())
        history = HistoryService(store.history, store, api, files)
        history.subscribe_uploads(events.append)
        history.subscribe(news.append)
        yield Desk(history, store, api, item, events, news)
        await history.stop()
    finally:
        await store.close()


@in_loop
async def test_details_are_asked_for_and_remembered(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        d.api.there[IMAGE.id] = Image(IMAGE.id, IMAGE.url, views=12)
        assert (await d.history.details(IMAGE.id)).views == 12
        (item,) = await d.history.recent(5)
        assert item.image is not None
        assert (item.image.views, item.image.delete) == (12, IMAGE.delete)
        assert d.events == [UploadChanged(item)]


@in_loop
async def test_an_image_that_is_gone_is_remembered_as_gone(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        d.api.there.clear()
        with pytest.raises(NotFound):
            await d.history.details(IMAGE.id)
        assert await d.remote_state() is RemoteState.GONE
        assert len(d.events) == 1


@in_loop
async def test_a_web_page_instead_of_an_answer_says_nothing_of_the_image(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        d.api.there.clear()
        d.api.missing.is_page = True
        for call in (d.history.details, d.history.delete_on_service):
            with pytest.raises(NotFound):
                await call(IMAGE.id)
        assert await d.remote_state() is RemoteState.THERE


@in_loop
async def test_deleting_is_remembered_and_told(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.history.delete_on_service(IMAGE.id)
        assert d.api.there == {}
        assert await d.remote_state() is RemoteState.GONE
        assert [type(event) for event in d.events] == [UploadChanged]


@in_loop
async def test_one_of_ours_that_is_gone_already_counts_as_deleted(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        d.api.there.clear()
        await d.history.delete_on_service(IMAGE.id)
        assert await d.remote_state() is RemoteState.GONE


@in_loop
async def test_an_image_of_somebody_else_is_not_deleted_and_not_called_gone(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        with pytest.raises(NotFound):
            await d.history.delete_on_service(ImageId("not-ours"))
        d.api.trouble = NotFound("Not found, or not yours.")
        with pytest.raises(NotFound):
            await d.history.delete_on_service(IMAGE.id)
        assert await d.remote_state() is RemoteState.THERE
        assert d.events == []


@in_loop
async def test_a_key_that_may_not_delete_changes_nothing_and_is_told_what_it_lacks(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        d.api.trouble = Forbidden("Forbidden.")
        with pytest.raises(Forbidden, match="image:delete"):
            await d.history.delete_on_service(IMAGE.id)
        assert await d.remote_state() is RemoteState.THERE


@in_loop
async def test_several_are_deleted_one_by_one_with_an_outcome_each(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        progress: list[tuple[int, int]] = []
        others = [ImageId("not-ours"), IMAGE.id]
        results = await d.history.delete(others, on_progress=lambda done, total: progress.append((done, total)))
        assert [(each.image_id, type(each.error)) for each in results] == [
            (others[0], NotFound),
            (IMAGE.id, type(None)),
        ]
        assert progress == [(1, 2), (2, 2)]
        assert d.news == [HistoryChanged((await d.entry(),))]
        assert (await d.entry()).remote_state is RemoteState.GONE


@in_loop
async def test_a_refused_key_is_not_tried_on_the_others(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        calls: list[ImageId] = []

        async def refuse(image_id: ImageId) -> None:
            calls.append(image_id)
            raise Forbidden("Forbidden.")

        d.api.delete_image = refuse  # type: ignore[method-assign]
        results = await d.history.delete([IMAGE.id, ImageId("other")])
        assert [type(each.error) for each in results] == [Forbidden, Forbidden]
        assert calls == [IMAGE.id]


@in_loop
async def test_anonymous_images_are_refused_before_any_call(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        anonymous = replace(await d.entry(), id=EntryId(1), anonymous=True, image=replace(IMAGE, id=ImageId("anon")))
        await d.store.history.merge([anonymous])
        d.api.there[ImageId("anon")] = anonymous.image
        (refused, deleted) = await d.history.delete([ImageId("anon"), IMAGE.id])
        assert "without an account" in str(refused.error)
        assert deleted.error is None
        assert list(d.api.there) == ["anon"]
        with pytest.raises(InputError, match="without an account"):
            await d.history.delete_on_service(ImageId("anon"))


@in_loop
async def test_forgetting_is_local_and_can_be_undone(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        entry = await d.entry()
        await d.history.forget([entry.id])
        assert await d.history.recent(5) == ()
        assert await d.history.outline() == ()
        assert IMAGE.id in d.api.there
        assert d.events == [UploadRemoved(d.item.id)]
        assert await d.history.unforget([entry.id]) == (entry,)
        assert d.news == [HistoryRemoved((entry.id,)), HistoryAdded((entry,))]
        assert [item.id for item in await d.history.recent(5)] == [d.item.id]


@in_loop
async def test_what_is_noted_is_told(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        entry = await d.entry()
        await d.history.annotate([entry.id], title="Mine")
        await d.history.set_album([IMAGE.id], AlbumId("al"), is_in=True)
        await d.history.set_embed([IMAGE.id], EmbedId("5"))
        await d.history.name_albums({AlbumId("al"): "Holidays"})
        entry = await d.entry()
        assert (entry.title, entry.albums, entry.embed) == ("Mine", ("al",), "5")
        assert d.news[-1] == HistoryChanged((entry,))
        assert await d.history.outline(HistoryQuery("holidays mine")) == (entry.id,)
        assert (await d.history.count(), (await d.history.statistics()).count) == (1, 1)
        assert await d.history.find_duplicate(entry.sha256) == entry
        assert await d.history.find_duplicate("") is None


@in_loop
async def test_a_refresh_returns_the_entry_also_when_the_image_is_gone(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        d.api.there[IMAGE.id] = replace(IMAGE, views=12)
        fresh = await d.history.refresh(IMAGE.id)
        assert fresh is not None
        assert fresh.image.views == 12
        d.api.there.clear()
        gone = await d.history.refresh(IMAGE.id)
        assert gone is not None
        assert gone.remote_state is RemoteState.GONE
        assert await d.history.refresh(ImageId("not-ours")) is None


@dataclass
class FakeQueue:
    callbacks: list[Callable[[UploadEvent], None]] = field(default_factory=list)

    def subscribe(self, callback: Callable[[UploadEvent], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return self.callbacks.clear


@in_loop
async def test_what_the_queue_uploads_is_told_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        queue = FakeQueue()
        d.history.start(queue)
        for item in (replace(d.item, state=UploadState.SENDING), d.item, d.item):
            queue.callbacks[0](UploadChanged(item))
        await d.history.stop()
        assert d.news == [HistoryAdded((await d.entry(),))]
        assert queue.callbacks == []


@pytest.mark.parametrize("form", ExportFormat)
@in_loop
async def test_what_was_exported_and_forgotten_comes_back_by_an_import(tmp_path: Path, form: ExportFormat) -> None:
    async with desk(tmp_path) as d:
        await d.history.annotate(await d.history.outline(), title="Mine", favourite=True)
        entry, file = await d.entry(), tmp_path / "history"
        assert await d.history.export_file(file, form) == 1
        assert file.stat().st_mode & 0o777 == 0o600
        assert await d.history.import_file(file) == ImportReport(0, 0, 1)
        await d.history.forget([entry.id])
        assert await d.history.import_file(file) == ImportReport(1, 0, 0)
        assert d.news[-1] == HistoryReset()
        assert replace(await d.entry(), id=entry.id) == entry


@in_loop
async def test_an_export_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        target = tmp_path / "folder"
        (target / "inside").mkdir(parents=True)
        with pytest.raises(UserFacingError, match="could not be written"):
            await d.history.export_file(target, ExportFormat.CSV)
        with pytest.raises(UserFacingError, match="no such file"):
            await d.history.export_file(tmp_path / "none" / "a.csv", ExportFormat.CSV)
    assert list(tmp_path.glob(".*")) == []  # noqa: ASYNC240 - nothing else runs
