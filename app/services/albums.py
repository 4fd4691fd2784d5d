"""Albums: what the account has, and changing it. Putting images in and taking them out is the business of `Jobs`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from app.core.errors import Cancelled, InputError, UserFacingError
from app.core.history import EntryId, HistoryEntry, HistoryQuery
from app.core.imglink import Album, AlbumChanges, AlbumId, ImageId, parse_image_id
from app.core.jobs import JobChanged, JobEvent, JobKind
from app.core.ports import ImgLink
from app.core.service_errors import NotFound
from app.services.observers import Observers

_PAGE = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AlbumsListed:
    """All albums were read; the newest first, or as the service orders them."""

    albums: tuple[Album, ...]


@dataclass(frozen=True, slots=True)
class AlbumChanged:
    """An album is new, or is different now. Its images are there if they were read, or known from before."""

    album: Album


@dataclass(frozen=True, slots=True)
class AlbumRemoved:
    """An album is gone."""

    id: AlbumId


AlbumEvent = AlbumsListed | AlbumChanged | AlbumRemoved


class KnownAlbums(Protocol):
    """The part of the history that is needed here."""

    def outline(
        self, query: HistoryQuery, *, after: EntryId | None = None, limit: int = _PAGE
    ) -> Awaitable[Sequence[EntryId]]:
        """Which entries match."""

    def entries(self, ids: Sequence[EntryId]) -> Awaitable[tuple[HistoryEntry, ...]]:
        """The values of entries."""

    def set_album(self, image_ids: Sequence[ImageId], album: AlbumId, *, is_in: bool) -> Awaitable[object]:
        """Record that images were put into an album, or taken out."""

    def name_albums(self, titles: Mapping[AlbumId, str]) -> Awaitable[None]:
        """Remember what albums are called."""


class AlbumJobs(Protocol):
    """The part of the bulk jobs that is needed here."""

    def subscribe(self, callback: Callable[[JobEvent], None]) -> Callable[[], None]:
        """Call `callback` with every event."""


class AlbumsService:
    """Runs on the asyncio thread. Calls raise UserFacingError, and Cancelled when the person does not sign in."""

    def __init__(self, api: ImgLink, history: KnownAlbums) -> None:
        self._api = api
        self._history = history
        self._albums: dict[AlbumId, Album] = {}
        self._changes = 0
        """How many changes were made from here: an answer that was on its way meanwhile knows nothing of them."""
        self._accounts = 0
        """How many accounts were forgotten: an answer that was on its way meanwhile is the former one's."""
        self._observers: Observers[AlbumEvent] = Observers()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._refreshing: set[asyncio.Task[None]] = set()

    def start(self, jobs: AlbumJobs) -> None:
        """Read an album anew when a job has changed it."""
        self._unsubscribe = jobs.subscribe(self._on_job)

    async def stop(self) -> None:
        """Stop that."""
        self._unsubscribe()
        for task in self._refreshing:
            task.cancel()
        if self._refreshing:
            await asyncio.wait(self._refreshing)

    def subscribe(self, callback: Callable[[AlbumEvent], None]) -> Callable[[], None]:
        """Call `callback` with every change, on the asyncio thread."""
        return self._observers.subscribe(callback)

    @property
    def known(self) -> tuple[Album, ...]:
        """The albums as they were last seen, without asking the service."""
        return tuple(self._albums.values())

    def forget(self) -> None:
        """Know nothing any more: the account is another one, or none. What is being read ends in Cancelled."""
        self._accounts += 1
        self._albums.clear()
        self._observers.notify(AlbumsListed(()))

    # --- reading ------------------------------------------------------------------------------------------------------

    async def list(self, api: ImgLink | None = None) -> tuple[Album, ...]:
        """Read all albums; `api` takes the place of the usual one, as for what nobody has asked for."""
        found = await self._fresh((api or self._api).albums)
        before = self._albums
        self._albums = {album.id: _completed(album, before.get(album.id)) for album in found}
        await self._name(self.known)
        self._observers.notify(AlbumsListed(self.known))
        return self.known

    async def show(self, album_id: AlbumId) -> Album:
        """Read one album with its images; the history learns what is in it. NotFound is remembered as well."""
        account = self._accounts
        try:
            found = await self._fresh(lambda: self._api.album(album_id))
        except NotFound as error:
            if not error.is_page:
                self._remove(album_id)
            raise
        album = _completed(found, self._albums.get(album_id), has_images=True)
        await self._name((album,))
        await self._learn(album)
        return self._changed(album, account)

    async def find(self, text: str) -> Album:
        """The album with this id, or else with exactly this title. Raises InputError when that is none, or several."""
        albums = await self.list()
        named = [album for album in albums if album.id == text] or [album for album in albums if album.title == text]
        if len(named) > 1:
            ids = ", ".join(album.id for album in named)
            raise InputError(f"There are {len(named)} albums called “{text}”.", remedy=f"Use one of their ids: {ids}.")
        if named:
            return named[0]
        none = InputError(f"There is no album “{text}”.", remedy="See them with: imglink albums list")
        with suppress(ValueError):
            # The list may be cut short; nothing says how the service hands out long ones.
            album_id = AlbumId(parse_image_id(text))
            try:
                return await self._api.album(album_id)
            except NotFound as error:
                raise none from error
        raise none

    # --- changing -----------------------------------------------------------------------------------------------------

    async def create(self, title: str, description: str = "", *, is_public: bool = True, password: str = "") -> Album:
        """Create an album. One with a password is private until it has it, so that nobody looks in before."""
        account = self._accounts
        is_seen = is_public and not password
        album = await self._created(await self._api.create_album(title, description, is_public=is_seen), account)
        if not password:
            return album
        try:
            return await self.edit(album.id, AlbumChanges(is_public=is_public, password=password))
        except (UserFacingError, Cancelled) as error:
            raise UserFacingError(
                "The album was made, and its password could not be set.",
                safe="It is private, so nobody else sees it.",
                remedy="Edit it to set the password once more.",
                details=str(error),
            ) from error

    async def edit(self, album_id: AlbumId, changes: AlbumChanges) -> Album:
        """Change an album; returns it as it is then."""
        account, known = self._accounts, self._albums.get(album_id)
        album = _completed(await self._api.update_album(album_id, changes), known)
        self._changes += 1
        # An answer may leave things out, but not contradict what was accepted.
        album = replace(
            album,
            title=album.title if changes.title is None else changes.title,
            description=(album.description or (known.description if known else ""))
            if changes.description is None
            else changes.description,
            is_public=(known or album).is_public if changes.is_public is None else changes.is_public,
        )
        if changes.password is not None and album.has_password is None:
            album = replace(album, has_password=bool(changes.password))
        if changes.title is not None:
            await self._name((album,))
        return self._changed(album, account)

    async def delete(self, album_id: AlbumId) -> None:
        """Delete an album. It is soft: the images stay. One that is gone already counts as deleted."""
        try:
            await self._api.delete_album(album_id)
        except NotFound as error:
            if error.is_page:
                raise
        self._changes += 1
        await self._empty(album_id)
        self._remove(album_id)

    # --- the inside ---------------------------------------------------------------------------------------------------

    async def _fresh(self, read: Callable[[], Awaitable[T]]) -> T:
        """Read once more when something was changed while the answer was on its way."""
        account = self._accounts
        while True:
            changes = self._changes
            found = await read()
            if account != self._accounts:
                raise Cancelled
            if changes == self._changes:
                return found

    async def _created(self, album: Album, account: int) -> Album:
        self._changes += 1
        if album.image_count is None:
            album = replace(album, image_count=0)
        await self._name((album,))
        if account == self._accounts:
            self._albums = {album.id: album, **self._albums}
            self._observers.notify(AlbumChanged(album))
        return album

    def _changed(self, album: Album, account: int) -> Album:
        if account == self._accounts:
            self._albums[album.id] = album
            self._observers.notify(AlbumChanged(album))
        return album

    def _remove(self, album_id: AlbumId) -> None:
        self._albums.pop(album_id, None)
        self._observers.notify(AlbumRemoved(album_id))

    def _on_job(self, event: JobEvent) -> None:
        if not isinstance(event, JobChanged) or event.job.is_active or event.job.target is None:
            return
        if event.job.kind is not JobKind.ASSIGN_EMBED and event.job.done:
            task = asyncio.create_task(self._refresh(AlbumId(event.job.target)), name="read album")
            self._refreshing.add(task)
            task.add_done_callback(self._refreshing.discard)

    async def _refresh(self, album_id: AlbumId) -> None:
        # Nobody waits for it: the next look at the album shows what is wrong.
        with suppress(UserFacingError, Cancelled):
            await self.show(album_id)

    # --- what the history knows: nothing of it may fail what was asked for --------------------------------------------

    async def _name(self, albums: Sequence[Album]) -> None:
        with suppress(UserFacingError):
            await self._history.name_albums({album.id: album.title for album in albums if album.title})

    async def _learn(self, album: Album) -> None:
        with suppress(UserFacingError):
            listed = {image.id for image in album.images}
            noted = {entry.image_id async for entry in self._noted(album.id)}
            if listed - noted:
                await self._history.set_album(sorted(listed - noted), album.id, is_in=True)
            is_whole = album.image_count is None or album.image_count <= len(listed)
            if is_whole and noted - listed:
                await self._history.set_album(sorted(noted - listed), album.id, is_in=False)

    async def _empty(self, album_id: AlbumId) -> None:
        with suppress(UserFacingError):
            noted = [entry.image_id async for entry in self._noted(album_id)]
            if noted:
                await self._history.set_album(noted, album_id, is_in=False)

    async def _noted(self, album_id: AlbumId) -> AsyncIterator[HistoryEntry]:
        """What the history has in an album."""
        after: EntryId | None = None
        while ids := await self._history.outline(HistoryQuery(album=album_id), after=after, limit=_PAGE):
            for entry in await self._history.entries(ids):
                yield entry
            after = ids[-1]


def _completed(new: Album, known: Album | None, *, has_images: bool = False) -> Album:
    """An answer with what it leaves out taken from what was known."""
    if known is None:
        return new
    return replace(
        new,
        title=new.title or known.title,
        image_count=known.image_count if new.image_count is None else new.image_count,
        cover=new.cover or (known.cover if new.image_count != 0 else None),
        url=new.url or known.url,
        has_password=known.has_password if new.has_password is None else new.has_password,
        images=new.images if has_images or new.images else known.images,
    )
