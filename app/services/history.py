"""What was uploaded: the only index a person has, because the service offers none."""

from __future__ import annotations

from collections.abc import Callable

from app.core.imglink import Image, ImageId
from app.core.ports import ImgLink, UploadStore
from app.core.service_errors import NotFound
from app.core.uploads import UploadChanged, UploadEvent, UploadId, UploadItem, UploadRemoved
from app.services.observers import Observers


class HistoryService:
    """Runs on the asyncio thread."""

    def __init__(self, store: UploadStore, api: ImgLink) -> None:
        self._store = store
        self._api = api
        self._observers: Observers[UploadEvent] = Observers()

    def subscribe(self, callback: Callable[[UploadEvent], None]) -> Callable[[], None]:
        """Call `callback` with what this service changes, on the asyncio thread; new uploads come from the queue."""
        return self._observers.subscribe(callback)

    async def recent(self, limit: int) -> tuple[UploadItem, ...]:
        """The latest finished uploads, newest first."""
        return await self._store.recent(limit)

    async def details(self, image_id: ImageId) -> Image:
        """Ask the service about an image (views, time) and remember the answer; NotFound is remembered as well."""
        try:
            image = await self._api.image(image_id)
        except NotFound as error:
            if not error.is_page:
                self._changed(await self._store.mark_deleted(image_id))
            raise
        self._changed(await self._store.update_image(image))
        return image

    async def delete_on_service(self, image_id: ImageId) -> None:
        """Delete an image from the service and remember that. One of ours that is gone already counts as deleted."""
        try:
            await self._api.delete_image(image_id)
        except NotFound:
            # The service says the same of an image that is somebody else's.
            if await self._store.find(image_id) is None or not await self._is_gone(image_id):
                raise
        self._changed(await self._store.mark_deleted(image_id))

    async def forget(self, upload_id: UploadId) -> None:
        """Forget an upload here; on the service nothing changes."""
        await self._store.remove(upload_id)
        self._observers.notify(UploadRemoved(upload_id))

    async def _is_gone(self, image_id: ImageId) -> bool:
        try:
            await self._api.image(image_id)
        except NotFound as error:
            return not error.is_page
        return False

    def _changed(self, item: UploadItem | None) -> None:
        if item is not None:
            self._observers.notify(UploadChanged(item))
