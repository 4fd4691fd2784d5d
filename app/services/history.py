"""What was uploaded: the only index a person has, because the service offers none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from app.core.errors import ErrorKind, InputError, UserFacingError
from app.core.history import (
    EVERYTHING,
    EntryId,
    HistoryAdded,
    HistoryChanged,
    HistoryEntry,
    HistoryEvent,
    HistoryQuery,
    HistoryRemoved,
    HistoryReset,
    HistoryStatistics,
)
from app.core.imglink import AlbumId, EmbedId, Image, ImageId
from app.core.ports import HistoryStore, ImgLink, UploadStore
from app.core.service_errors import Forbidden, NotFound
from app.core.uploads import UploadChanged, UploadEvent, UploadId, UploadItem, UploadRemoved, UploadState
from app.services.deletions import Deletion, Progress
from app.services.history_files import ExportFormat, HistoryFiles, ImportReport
from app.services.history_files.whole import WholeFile
from app.services.observers import Observers

_PAGE = 1000
_NOT_ALLOWED = "ImgLink does not let this API key delete images."
_NEEDS_SCOPE = "Make a key that may delete (scope image:delete) on ImgLink, and enter that one."


class Queue(Protocol):
    """The part of the upload queue that is needed here."""

    def subscribe(self, callback: Callable[[UploadEvent], None]) -> Callable[[], None]:
        """Call `callback` with every event."""


class HistoryService:
    """Runs on the asyncio thread."""

    def __init__(self, store: HistoryStore, uploads: UploadStore, api: ImgLink, files: HistoryFiles) -> None:
        self._store = store
        self._uploads = uploads
        self._api = api
        self._files = files
        self._observers: Observers[HistoryEvent] = Observers()
        self._upload_observers: Observers[UploadEvent] = Observers()
        self._announced: set[UploadId] = set()
        self._arrived: list[ImageId] = []
        self._telling: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self, queue: Queue) -> None:
        """Tell of what the queue uploads from now on."""
        self._unsubscribe = queue.subscribe(self._on_upload)

    async def stop(self) -> None:
        """Tell no more."""
        self._unsubscribe()
        if self._telling is not None:
            await asyncio.wait({self._telling})

    def subscribe(self, callback: Callable[[HistoryEvent], None]) -> Callable[[], None]:
        """Call `callback` with every change of the history, on the asyncio thread."""
        return self._observers.subscribe(callback)

    def subscribe_uploads(self, callback: Callable[[UploadEvent], None]) -> Callable[[], None]:
        """Call `callback` with the uploads that this service changes; new ones come from the queue."""
        return self._upload_observers.subscribe(callback)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def recent(self, limit: int) -> tuple[UploadItem, ...]:
        """The latest finished uploads, newest first."""
        return await self._uploads.recent(limit)

    async def outline(
        self, query: HistoryQuery = EVERYTHING, *, after: EntryId | None = None, limit: int = 1000
    ) -> Sequence[EntryId]:
        """Which entries match, in the order asked for, from behind `after`; fewer than `limit` when that is all."""
        return await self._store.outline(query, after=after, limit=limit)

    async def entries(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        """The values of entries, in the order of `ids`; those that are not there any more are left out."""
        return await self._store.entries(ids)

    async def count(self, query: HistoryQuery = EVERYTHING) -> int:
        """How many match."""
        return await self._store.count(query)

    async def statistics(self) -> HistoryStatistics:
        """What it all adds up to."""
        return await self._store.statistics()

    async def find(self, image_ids: Sequence[ImageId]) -> tuple[HistoryEntry, ...]:
        """Those of these images that are known, in their order."""
        return await self._store.find_entries(image_ids)

    find_entries = find
    """The store's own name for it, by which bulk jobs ask."""

    async def find_duplicate(self, sha256: str) -> HistoryEntry | None:
        """The latest image with these bytes that is not known to be gone; `sha256` is in hex."""
        return await self._store.find_by_hash(sha256) if sha256 else None

    # --- the person's own ---------------------------------------------------------------------------------------------

    async def annotate(
        self,
        ids: Sequence[EntryId],
        *,
        title: str | None = None,
        note: str | None = None,
        favourite: bool | None = None,
    ) -> tuple[HistoryEntry, ...]:
        """Record title, note or star; None leaves a field as it is."""
        return self._changed(await self._store.annotate(ids, title=title, note=note, favourite=favourite))

    async def forget(self, ids: Sequence[EntryId]) -> None:
        """Leave entries out of everything here; on the service nothing changes. `unforget` brings them back."""
        entries = await self._store.entries(ids)
        await self._store.forget(ids)
        if entries:
            self._observers.notify(HistoryRemoved(tuple(entry.id for entry in entries)))
        for entry in entries:
            if entry.upload_id is not None:
                self._upload_observers.notify(UploadRemoved(entry.upload_id))

    async def unforget(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        """Bring forgotten entries back, as they were; possible until the program's next start."""
        entries = await self._store.unforget(ids)
        if entries:
            self._observers.notify(HistoryAdded(_newest_first(entries)))
        return entries

    # --- asking the service -------------------------------------------------------------------------------------------

    async def details(self, image_id: ImageId) -> Image:
        """Ask the service about an image (views, time) and remember the answer; NotFound is remembered as well."""
        try:
            image = await self._api.image(image_id)
        except NotFound as error:
            if not error.is_page:
                await self._gone(image_id)
            raise
        self._changed(await self._store.refresh(image))
        await self._tell_upload(image_id)
        return image

    async def refresh(self, image_id: ImageId) -> HistoryEntry | None:
        """The same; returns the entry as it is now, also when the image is gone. None when it is not one of ours."""
        with suppress(NotFound):
            await self.details(image_id)
        return next(iter(await self._store.find_entries([image_id])), None)

    async def refuse(self, image_ids: Sequence[ImageId]) -> tuple[Deletion, ...]:
        """Those that cannot be deleted, and why: nothing is sent for them."""
        entries = await self._store.find_entries(image_ids)
        return tuple(Deletion(entry.image_id, _anonymous(entry)) for entry in entries if entry.anonymous)

    async def delete(
        self, image_ids: Sequence[ImageId], *, on_progress: Progress | None = None
    ) -> tuple[Deletion, ...]:
        """Delete images from the service, one by one, and remember that; returns how each fared, in their order.

        One that fails does not stop the others, unless the credential is refused: then the rest is not tried.
        """
        refused = {each.image_id: each for each in await self.refuse(image_ids)}
        results: list[Deletion] = []
        stop: UserFacingError | None = None
        for image_id in image_ids:
            result = refused.get(image_id) or (Deletion(image_id, stop) if stop else await self._delete(image_id))
            if result.error is not None and result.error.kind is ErrorKind.CREDENTIAL:
                stop = stop or result.error
            results.append(result)
            if on_progress is not None:
                on_progress(len(results), len(image_ids))
        return tuple(results)

    async def delete_on_service(self, image_id: ImageId) -> None:
        """Delete an image from the service and remember that. One of ours that is gone already counts as deleted."""
        for refusal in await self.refuse([image_id]):
            assert refusal.error is not None
            raise refusal.error
        try:
            await self._api.delete_image(image_id)
        except NotFound:
            # The service says the same of an image that is somebody else's.
            if not await self._is_ours(image_id) or not await self._is_gone(image_id):
                raise
        except Forbidden as error:
            if error.is_page:
                raise
            not_allowed = Forbidden(_NOT_ALLOWED, safe=error.safe, remedy=_NEEDS_SCOPE, details=str(error))
            not_allowed.status = error.status
            raise not_allowed from error
        await self._gone(image_id)

    # --- what others have done ----------------------------------------------------------------------------------------

    async def set_album(self, image_ids: Sequence[ImageId], album: AlbumId, *, is_in: bool) -> None:
        """Record that images were put into an album, or taken out."""
        self._changed(await self._store.set_album(image_ids, album, is_in=is_in))

    async def set_embed(self, image_ids: Sequence[ImageId], embed: EmbedId | None) -> None:
        """Record which embed profile images have."""
        self._changed(await self._store.set_embed(image_ids, embed))

    async def name_albums(self, titles: Mapping[AlbumId, str]) -> None:
        """Remember what albums are called, so that the search finds images by it."""
        await self._store.name_albums(titles)

    # --- files --------------------------------------------------------------------------------------------------------

    async def export(
        self,
        form: ExportFormat,
        write: Callable[[str], None],
        query: HistoryQuery = EVERYTHING,
        *,
        only: Sequence[EntryId] = (),
    ) -> int:
        """Give all that matches, or `only` these, to `write`, in pieces of text; returns how many entries that were."""
        writer = self._files.writer(form)
        write(writer.start())
        count = 0
        async for ids in self._pages(query, only):
            entries = await self._store.entries(ids)
            write(await asyncio.to_thread(writer.entries, entries))
            count += len(entries)
        write(writer.end())
        return count

    async def export_file(
        self, path: Path, form: ExportFormat, query: HistoryQuery = EVERYTHING, *, only: Sequence[EntryId] = ()
    ) -> int:
        """Write it to a file, whole or not at all; returns how many entries. Raises UserFacingError."""
        try:
            with WholeFile(path) as file:
                return await self.export(form, file.write, query, only=only)
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise UserFacingError(
                f"“{path.name}” could not be written: {reason}.",
                safe="What was there before is unchanged.",
                details=repr(error),
            ) from error

    async def _pages(self, query: HistoryQuery, only: Sequence[EntryId]) -> AsyncIterator[Sequence[EntryId]]:
        for begin in range(0, len(only), _PAGE):
            yield only[begin : begin + _PAGE]
        after = None
        while not only and (ids := await self._store.outline(query, after=after, limit=_PAGE)):
            yield ids
            after = ids[-1]

    async def import_file(self, path: Path) -> ImportReport:
        """Add what a file holds: our own JSON or CSV, or ShareX's History.json or History.db.

        Raises InputError, with the place, when it cannot be read; nothing was added then.
        """
        imported = await asyncio.to_thread(self._files.read, path)
        new, completed = await self._store.merge(imported.entries)
        if new or completed:
            self._observers.notify(HistoryReset())
        return ImportReport(new, completed, len(imported.entries) - new - completed, imported.left_out)

    # --- the inside ---------------------------------------------------------------------------------------------------

    async def _delete(self, image_id: ImageId) -> Deletion:
        try:
            await self.delete_on_service(image_id)
        except UserFacingError as error:
            return Deletion(image_id, error)
        return Deletion(image_id)

    async def _is_ours(self, image_id: ImageId) -> bool:
        return bool(await self._store.find_entries([image_id])) or await self._uploads.find(image_id) is not None

    async def _is_gone(self, image_id: ImageId) -> bool:
        try:
            await self._api.image(image_id)
        except NotFound as error:
            return not error.is_page
        return False

    async def _gone(self, image_id: ImageId) -> None:
        self._changed(await self._store.mark_gone([image_id]))
        await self._tell_upload(image_id)

    async def _tell_upload(self, image_id: ImageId) -> None:
        item = await self._uploads.find(image_id)
        if item is not None:
            self._upload_observers.notify(UploadChanged(item))

    def _changed(self, entries: tuple[HistoryEntry, ...]) -> tuple[HistoryEntry, ...]:
        if entries:
            self._observers.notify(HistoryChanged(entries))
        return entries

    def _on_upload(self, event: UploadEvent) -> None:
        if not isinstance(event, UploadChanged) or event.item.state is not UploadState.DONE:
            return
        if event.item.image is None or event.item.id in self._announced:
            return
        self._announced.add(event.item.id)
        self._arrived.append(event.item.image.id)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell_arrived(), name="history")

    async def _tell_arrived(self) -> None:
        try:
            while self._arrived:
                image_ids, self._arrived = self._arrived, []
                # They are in the history all the same, and the next reading finds them.
                with suppress(UserFacingError):
                    entries = await self._store.find_entries(image_ids)
                    self._observers.notify(HistoryAdded(_newest_first(entries)))
        finally:
            self._telling = None


def _newest_first(entries: Sequence[HistoryEntry]) -> tuple[HistoryEntry, ...]:
    return tuple(sorted(entries, key=lambda entry: entry.id, reverse=True))


def _anonymous(entry: HistoryEntry) -> UserFacingError:
    page = entry.image.delete
    return InputError(
        f"“{entry.shown_name}” was uploaded without an account, so it cannot be deleted from here.",
        remedy="Its delete link may do it: open that in the browser." if page else "",
    )
