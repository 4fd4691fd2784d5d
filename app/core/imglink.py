"""What the ImgLink service knows, as data: images, albums, embed profiles, and the limits it documents."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import NewType

ImageId = NewType("ImageId", str)
AlbumId = NewType("AlbumId", str)
EmbedId = NewType("EmbedId", str)

DEFAULT_BASE_URL = "https://imglink.cc"

# The documentation says "50 MB" and leaves open which; the larger reading never refuses what the service would take.
MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_FILE_BYTES_ANONYMOUS = 25 * 1024 * 1024
MAX_FILES_PER_UPLOAD = 15
MAX_FILES_PER_UPLOAD_ANONYMOUS = 5
UPLOADS_PER_HOUR = 100
ANONYMOUS_UPLOAD_INTERVAL_S = 30 * 60
REQUESTS_PER_MINUTE = 500
MAX_EMBED_PROFILES = 25
MAX_BULK_EMBED = 100
MAX_GALLERY_PAGE = 40

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def parse_image_id(text: str) -> ImageId:
    """Check an image id. It may start with `-` or `_`. Raises ValueError for anything that is not one."""
    if not _ID.fullmatch(text):
        raise ValueError(f"not an image id: {text!r}")
    return ImageId(text)


class CredentialKind(Enum):
    """The two credentials of the service; which one an endpoint takes is fixed by the API."""

    API_KEY = "api-key"
    TOKEN = "token"  # noqa: S105 - the name of a kind, not a secret


class KeyCheck(Enum):
    """What is known of an API key that the service accepts."""

    GOOD = "good"
    LIMITED = "limited"
    """The service knows the key and does not let it delete: it has a narrower scope, or the account is restricted."""


class Visibility(Enum):
    """Who finds an image in the public gallery."""

    PUBLIC = "public"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """What a person chose for an upload. Defaults are the service's, and are not sent."""

    visibility: Visibility = Visibility.PUBLIC
    nsfw: bool = False
    anonymous: bool = False
    album: AlbumId | None = None
    embed: EmbedId | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """An image on the service, exactly as it answered. Only `id` and `url` are certain to be there."""

    id: ImageId
    url: str
    """The direct link."""
    viewer: str | None = None
    """The page that shows it."""
    thumbnail: str | None = None
    delete: str | None = None
    width: int | None = None
    """In pixels."""
    height: int | None = None
    size: int | None = None
    """In bytes."""
    mime: str | None = None
    views: int | None = None
    uploaded_at: datetime | None = None
    nsfw: bool | None = None
    """Not safe for work; None when the service does not say."""


@dataclass(frozen=True, slots=True)
class GalleryPage:
    """One page of the public gallery; `page` counts from 1."""

    images: tuple[Image, ...]
    page: int
    total_pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Album:
    """An album; `images` is filled only when one album was asked for."""

    id: AlbumId
    title: str
    description: str = ""
    is_public: bool = True
    image_count: int | None = None
    cover: str | None = None
    url: str | None = None
    images: tuple[Image, ...] = ()
    has_password: bool | None = None
    """None when the service does not say."""


@dataclass(frozen=True, slots=True)
class AlbumChanges:
    """What to change of an album; None leaves a field as it is. An empty password removes it."""

    title: str | None = None
    description: str | None = None
    is_public: bool | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class EmbedFields:
    """What an embed profile says on Discord and elsewhere. `color` is `#rrggbb`."""

    name: str
    title: str = ""
    description: str = ""
    color: str = ""
    author_name: str = ""
    author_url: str = ""
    site_name: str = ""


@dataclass(frozen=True, slots=True)
class EmbedProfile:
    """An embed profile of the account."""

    id: EmbedId
    fields: EmbedFields
