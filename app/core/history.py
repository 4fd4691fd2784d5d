"""The history: every image that was uploaded from here or imported, as windows and commands see it.

The service has no list of one's own images, so this is the only index that a person has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import NewType

from app.core.imglink import AlbumId, EmbedId, Image, ImageId, Visibility
from app.core.uploads import RemoteState, UploadId
from app.core.workflow import SourceKind

EntryId = NewType("EntryId", int)
"""Microseconds since 1970 (UTC) at which the image was uploaded, made unique by adding some: a larger one is newer."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def entry_time(entry_id: EntryId) -> datetime:
    """When the entry's image was uploaded; aware, UTC. The order of ids is the order of these."""
    return _EPOCH + timedelta(microseconds=entry_id)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One image. Never changed in place: every change is a new value with the same `id`."""

    id: EntryId
    image: Image
    """The links exactly as the service returned them, with what it said of the image last."""
    file_name: str
    kind: SourceKind
    upload_id: UploadId | None = None
    """None for one that was imported."""
    path: Path | None = None
    """Our own copy of the bytes, where it is still kept."""
    width: int | None = None
    """In pixels."""
    height: int | None = None
    size: int | None = None
    """In bytes."""
    mime: str | None = None
    sha256: str = ""
    """Of the bytes that were sent, in hex; empty when it is not known."""
    visibility: Visibility = Visibility.PUBLIC
    nsfw: bool = False
    anonymous: bool = False
    """Uploaded without an account: it cannot be deleted from here."""
    albums: tuple[AlbumId, ...] = ()
    embed: EmbedId | None = None
    title: str = ""
    note: str = ""
    favourite: bool = False
    remote_state: RemoteState = RemoteState.THERE
    checked_at: datetime | None = None
    """When the service was last asked about it; aware, UTC."""

    @property
    def uploaded_at(self) -> datetime:
        """When it was uploaded; aware, UTC."""
        return entry_time(self.id)

    @property
    def image_id(self) -> ImageId:
        """Its id on the service."""
        return self.image.id

    @property
    def shown_name(self) -> str:
        """What to call it: the person's title, else the file's name, else its id."""
        return self.title or self.file_name or self.image.id


class HistorySort(Enum):
    """In which order entries come. Those of equal rank: newest first."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    LARGEST = "size"
    VIEWS = "views"


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which entries, and in which order. What is None does not restrict."""

    text: str = ""
    """Words that must all occur, as part of a word or from its beginning, in file name, id, album, title or note."""
    since: datetime | None = None
    """Inclusive; aware."""
    until: datetime | None = None
    """Exclusive; aware."""
    remote_state: RemoteState | None = None
    visibility: Visibility | None = None
    nsfw: bool | None = None
    anonymous: bool | None = None
    favourite: bool | None = None
    album: AlbumId | None = None
    embed: EmbedId | None = None
    kind: SourceKind | None = None
    sort: HistorySort = HistorySort.NEWEST


EVERYTHING = HistoryQuery()


@dataclass(frozen=True, slots=True)
class HistoryStatistics:
    """What the history adds up to; an estimate of what the account uses, as others may upload with it too."""

    count: int
    """Images that are not known to be gone."""
    total_bytes: int
    """Of those whose size is known, the anonymous ones left out."""
    uploads_last_hour: int
    """That count against the service's limit."""


@dataclass(frozen=True, slots=True)
class HistoryAdded:
    """New entries, newest first."""

    entries: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True)
class HistoryChanged:
    """New values of entries."""

    entries: tuple[HistoryEntry, ...]


@dataclass(frozen=True, slots=True)
class HistoryRemoved:
    """Entries that were forgotten."""

    ids: tuple[EntryId, ...]


@dataclass(frozen=True, slots=True)
class HistoryReset:
    """So much changed, by an import for one, that everything is to be read again."""


HistoryEvent = HistoryAdded | HistoryChanged | HistoryRemoved | HistoryReset
