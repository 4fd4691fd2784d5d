"""The history: what the service says is remembered, and what is forgotten here stays there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.core.imglink import Image, ImageId
from app.core.service_errors import Forbidden, NotFound, ServiceError
from app.core.uploads import RemoteState, UploadChanged, UploadEvent, UploadItem, UploadRemoved, UploadState
from app.services.history import HistoryService
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

    async def remote_state(self) -> RemoteState:
        item = await self.store.get(self.item.id)
        assert item is not None
        return item.remote_state


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    store, api, events = await open_store(folder, ManualTimer()), FakeApi({IMAGE.id: IMAGE}), list[UploadEvent]()
    try:
        item = await store.add_bytes(PNG, NEW)
        item = await store.set_state(item.id, UploadState.DONE, image=IMAGE)
        history = HistoryService(store, api)
        history.subscribe(events.append)
        yield Desk(history, store, api, item, events)
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
async def test_a_key_that_may_not_delete_changes_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        d.api.trouble = Forbidden("This key may not delete.")
        with pytest.raises(Forbidden):
            await d.history.delete_on_service(IMAGE.id)
        assert await d.remote_state() is RemoteState.THERE


@in_loop
async def test_forgetting_is_local(tmp_path: Path) -> None:
    async with desk(tmp_path) as d:
        await d.history.forget(d.item.id)
        assert await d.history.recent(5) == ()
        assert IMAGE.id in d.api.there
        assert d.events == [UploadRemoved(d.item.id)]
