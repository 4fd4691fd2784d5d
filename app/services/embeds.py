"""Embed profiles: what ImgLink tells other programs, Discord above all, of an image that is linked there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from app.core.embed_text import problems
from app.core.errors import Cancelled, InputError, UserFacingError
from app.core.history import EntryId, HistoryEntry, HistoryQuery
from app.core.imglink import MAX_EMBED_PROFILES, EmbedFields, EmbedId, EmbedProfile, ImageId
from app.core.jobs import Job, JobId, JobKind
from app.core.ports import ImgLink
from app.core.service_errors import NotFound
from app.services.observers import Observers

Profiles = tuple[EmbedProfile, ...]
_BATCH = 500


class KnownImages(Protocol):
    """The part of the history that is needed here."""

    async def outline(
        self, query: HistoryQuery, *, after: EntryId | None = None, limit: int = 1000
    ) -> Sequence[EntryId]:
        """Which entries match."""

    async def entries(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        """Their values."""

    async def count(self, query: HistoryQuery) -> int:
        """How many match."""

    async def set_embed(self, image_ids: Sequence[ImageId], embed: EmbedId | None) -> object:
        """Record which embed profile images have."""


class BulkJobs(Protocol):
    """The part of the bulk jobs that is needed here."""

    async def start(
        self, kind: JobKind, target: str | None, image_ids: Sequence[ImageId], *, target_name: str = ""
    ) -> Job:
        """Take a job on."""

    async def undo(self, job_id: JobId, names: Mapping[str, str] | None = None) -> tuple[Job, ...]:
        """Start the jobs that restore what was before."""


class EmbedService:
    """Runs on the asyncio thread. `api` may ask the person to sign in; then Cancelled may come from every call."""

    def __init__(self, api: ImgLink, history: KnownImages, jobs: BulkJobs, *, quiet: ImgLink | None = None) -> None:
        """`quiet` is the same service, and never asks anybody to sign in."""
        self._api = api
        self._quiet = quiet or api
        self._history = history
        self._jobs = jobs
        self._profiles: Profiles | None = None
        self._changes = 0
        """How many changes were made from here: an answer that was on its way meanwhile knows nothing of them."""
        self._accounts = 0
        """How many accounts were forgotten: an answer that was on its way meanwhile is the former one's."""
        self._observers: Observers[Profiles] = Observers()

    @property
    def known(self) -> Profiles | None:
        """The profiles as they were last seen; None before."""
        return self._profiles

    def subscribe(self, callback: Callable[[Profiles], None]) -> Callable[[], None]:
        """Call `callback` with all profiles whenever they are other ones, on the asyncio thread."""
        return self._observers.subscribe(callback)

    def forget(self) -> None:
        """Forget the profiles: the account is another one, or none. What is being read ends in Cancelled."""
        self._accounts += 1
        self._set(None)

    async def list(self) -> Profiles:
        """Ask the service for all profiles."""
        profiles = await self._fresh(self._api)
        self._set(profiles)
        return profiles

    async def peek(self) -> Profiles:
        """The same for what nobody asked for: raises NotAuthenticated where `list` lets the person sign in."""
        if self._profiles is None:
            self._set(await self._fresh(self._quiet))
        return self._profiles or ()

    async def find(self, text: str) -> EmbedProfile:
        """The profile with this id, or this very name. Raises InputError when there is none, or several."""
        profiles = await self.list()
        by_id = [profile for profile in profiles if profile.id == text]
        found = by_id or [profile for profile in profiles if profile.fields.name == text]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(profile.id for profile in found)
            raise InputError(f"Several embed profiles are called “{text}”.", remedy=f"Give one of their ids: {ids}.")
        raise InputError(f"There is no embed profile “{text}”.", remedy="See them with: imglink embeds list")

    async def create(self, fields: EmbedFields) -> EmbedProfile:
        """Make a profile. Raises InputError for what the service would not take, and where there are 25 already."""
        _check(fields)
        if self._profiles is not None and len(self._profiles) >= MAX_EMBED_PROFILES:
            raise InputError(f"ImgLink takes {MAX_EMBED_PROFILES} embed profiles.", remedy="Delete one first.")
        created = await self._api.create_embed(fields)
        self._change(lambda known: (*known, created))
        return created

    async def edit(self, embed_id: EmbedId, fields: EmbedFields) -> EmbedProfile:
        """Replace all fields of a profile. Raises InputError for what the service would not take."""
        _check(fields)
        try:
            changed = await self._api.update_embed(embed_id, fields)
        except NotFound as error:
            if not error.is_page:
                self._remove(embed_id)
            raise
        self._change(lambda known: tuple(changed if profile.id == embed_id else profile for profile in known))
        return changed

    async def delete(self, embed_id: EmbedId) -> None:
        """Delete a profile; its images go back to what ImgLink shows by itself. One that is gone counts as deleted."""
        try:
            await self._api.delete_embed(embed_id)
        except NotFound as error:
            if error.is_page:
                raise
        self._remove(embed_id)
        # A full disk forgets it; on the service it is done.
        with suppress(UserFacingError):
            after = None
            while ids := await self._history.outline(HistoryQuery(embed=embed_id), after=after, limit=_BATCH):
                after = ids[-1]
                await self._history.set_embed([entry.image_id for entry in await self._history.entries(ids)], None)

    async def known_uses(self, embed_id: EmbedId) -> int:
        """How many images of the history have this profile, as far as is known here."""
        return await self._history.count(HistoryQuery(embed=embed_id))

    async def pictures(self, limit: int) -> tuple[HistoryEntry, ...]:
        """The latest images, to show a profile with."""
        return await self._history.entries(await self._history.outline(HistoryQuery(), limit=limit))

    async def assign(self, image_ids: Sequence[ImageId], embed_id: EmbedId | None) -> Job:
        """Give images a profile, or with None take theirs away: a job that outlives a restart."""
        name = self.names().get(embed_id or "", "")
        return await self._jobs.start(JobKind.ASSIGN_EMBED, embed_id, image_ids, target_name=name)

    async def undo(self, job_id: JobId) -> tuple[Job, ...]:
        """Give every image of a job the profile back that it had before, as far as that is known here."""
        return await self._jobs.undo(job_id, self.names())

    def names(self) -> dict[str, str]:
        """What the known profiles are called, by their ids."""
        return {profile.id: profile.fields.name for profile in self._profiles or ()}

    def _remove(self, embed_id: EmbedId) -> None:
        self._change(lambda known: tuple(profile for profile in known if profile.id != embed_id))

    async def _fresh(self, api: ImgLink) -> Profiles:
        """Read once more when something was changed while the answer was on its way."""
        account = self._accounts
        while True:
            changes = self._changes
            found = await api.embeds()
            if account != self._accounts:
                raise Cancelled
            if changes == self._changes:
                return found

    def _change(self, change: Callable[[Profiles], Profiles]) -> None:
        """What was done here; as long as nobody has read the profiles, it says nothing of the others."""
        self._changes += 1
        if self._profiles is not None:
            self._set(change(self._profiles))

    def _set(self, profiles: Profiles | None) -> None:
        if profiles != self._profiles:
            self._profiles = profiles
            self._observers.notify(profiles or ())


def _check(fields: EmbedFields) -> None:
    found = problems(fields)
    if found:
        name, text = next(iter(found.items()))
        raise InputError(f"The field {name} cannot be used. {text}")
