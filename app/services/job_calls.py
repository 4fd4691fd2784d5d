"""One step of a bulk job: a call for one image, or for up to 100 at once where the service has one, and what its answer
says of each image.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from app.core.errors import UserFacingError
from app.core.history import HistoryEntry
from app.core.imglink import MAX_BULK_EMBED, AlbumId, EmbedId, ImageId
from app.core.jobs import Job, JobId, JobItem, JobItemState, JobKind
from app.core.ports import ImgLink
from app.core.service_errors import Forbidden, NotFound, Rejected, ServiceError, TooLarge

_REFUSALS = (Forbidden, NotFound, Rejected, TooLarge)


class KnownImages(Protocol):
    """The part of the history that is needed here: what is known of images, and what became of them."""

    def find_entries(self, image_ids: Sequence[ImageId]) -> Awaitable[tuple[HistoryEntry, ...]]:
        """Those of these images that are known."""

    def set_album(self, image_ids: Sequence[ImageId], album: AlbumId, *, is_in: bool) -> Awaitable[object]:
        """Record that images were put into an album, or taken out."""

    def set_embed(self, image_ids: Sequence[ImageId], embed: EmbedId | None) -> Awaitable[object]:
        """Record which embed profile images have."""


class JobCalls:
    """Makes the calls, and remembers in this run what it has learnt about a job's target."""

    def __init__(self, history: KnownImages) -> None:
        self._history = history
        self._one_by_one: set[tuple[JobId, ImageId]] = set()
        """Images that the service has refused together with others."""
        self._members: dict[JobId, frozenset[ImageId] | None] = {}
        """What is in the album of a job, once something was refused; None when it could not be read."""

    async def items_for(self, kind: JobKind, target: str | None, image_ids: Sequence[ImageId]) -> tuple[JobItem, ...]:
        """The items of a new job, each image once, with what the history knows of them."""
        former: dict[ImageId, str | None] = {}
        # Only an undo wants it.
        with suppress(UserFacingError):
            for entry in await self._history.find_entries(image_ids):
                in_album = next((album for album in entry.albums if album == target), None)
                former[entry.image_id] = entry.embed if kind is JobKind.ASSIGN_EMBED else in_album
        return tuple(JobItem(image_id, former=former.get(image_id)) for image_id in dict.fromkeys(image_ids))

    def batch(self, job: Job) -> tuple[JobItem, ...]:
        """The images of the next call: one, or as many as the service takes at once."""
        pending = job.pending
        if job.kind is not JobKind.ASSIGN_EMBED or (job.id, pending[0].image_id) in self._one_by_one:
            return pending[:1]
        together = [item for item in pending if (job.id, item.image_id) not in self._one_by_one]
        return tuple(together[:MAX_BULK_EMBED])

    async def make(self, api: ImgLink, job: Job, batch: tuple[JobItem, ...]) -> tuple[JobItem, ...]:
        """Make the call over `api`; returns the items that have a result now, perhaps none.

        Raises the errors that say nothing of an image: no network, no account, a service that asks to wait or is out of
        order.
        """
        try:
            await _call(api, job, batch)
        except _REFUSALS as error:
            if error.is_page:
                # A firewall or the like has spoken, not the service.
                raise
            if len(batch) > 1:
                # One of them is the reason: told apart, the others come through.
                self._one_by_one |= {(job.id, item.image_id) for item in batch}
                return ()
            return await self._refused(api, job, batch[0], error)
        await self._remember(job, batch)
        return _with(batch, JobItemState.DONE)

    def forget(self, job: Job) -> None:
        """Nothing more is asked for this job, or all of it anew."""
        self._members.pop(job.id, None)
        self._one_by_one -= {(job.id, item.image_id) for item in job.items}

    async def _refused(self, api: ImgLink, job: Job, item: JobItem, error: ServiceError) -> tuple[JobItem, ...]:
        """What a refusal means for this image, or for all that are left."""
        if job.kind is not JobKind.ASSIGN_EMBED and not isinstance(error, Forbidden):
            members = await self._look_into_album(api, job)
            if job.id not in self._members:
                return _with(job.pending, JobItemState.FAILED, "The album is not there any more.")
            # Done before: by the call that was in flight when the program died, or by somebody else.
            if members is not None and (item.image_id in members) is (job.kind is JobKind.ADD_TO_ALBUM):
                await self._remember(job, (item,))
                return _with((item,), JobItemState.DONE)
        return _with((item,), JobItemState.FAILED, str(error))

    async def _look_into_album(self, api: ImgLink, job: Job) -> frozenset[ImageId] | None:
        """The images in the job's album, asked for once; unknown when it cannot be read, and not noted when gone."""
        assert job.target is not None
        if job.id not in self._members:
            try:
                album = await api.album(AlbumId(job.target))
            except NotFound as error:
                if not error.is_page:
                    return None
                self._members[job.id] = None
            except _REFUSALS:
                self._members[job.id] = None
            else:
                # Lists may be cut short: what is counted and not listed may be in it.
                is_whole = album.image_count is None or album.image_count <= len(album.images)
                ids = frozenset(image.id for image in album.images)
                self._members[job.id] = ids if is_whole or job.kind is JobKind.ADD_TO_ALBUM else None
        return self._members[job.id]

    async def _remember(self, job: Job, batch: tuple[JobItem, ...]) -> None:
        image_ids = [item.image_id for item in batch]
        # A full disk forgets it; the service knows.
        with suppress(UserFacingError):
            if job.kind is JobKind.ASSIGN_EMBED:
                await self._history.set_embed(image_ids, None if job.target is None else EmbedId(job.target))
            elif job.target is not None:
                is_in = job.kind is JobKind.ADD_TO_ALBUM
                await self._history.set_album(image_ids, AlbumId(job.target), is_in=is_in)


async def _call(api: ImgLink, job: Job, batch: tuple[JobItem, ...]) -> None:
    image_id, target = batch[0].image_id, job.target
    if job.kind is JobKind.ASSIGN_EMBED:
        embed = None if target is None else EmbedId(target)
        if len(batch) > 1:
            await api.assign_embed_bulk([item.image_id for item in batch], embed)
        else:
            await api.assign_embed(image_id, embed)
        return
    assert target is not None
    if job.kind is JobKind.ADD_TO_ALBUM:
        await api.add_to_album(AlbumId(target), image_id)
    else:
        await api.remove_from_album(AlbumId(target), image_id)


def _with(items: tuple[JobItem, ...], state: JobItemState, reason: str = "") -> tuple[JobItem, ...]:
    return tuple(replace(item, state=state, reason=reason) for item in items)
