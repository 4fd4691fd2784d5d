"""Everything that is lenient about the service's answers, in one place.

The documentation leaves shapes open, so: lists bare or under a name, objects bare or wrapped, names in camelCase or
snake_case, ids as integers or text. What is optional and missing, or of a wrong type, is None. What is needed and
missing raises `Unreadable`, and nothing else is ever raised, whatever the JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from app.api.words import printable
from app.core.imglink import Album, AlbumId, EmbedFields, EmbedId, EmbedProfile, GalleryPage, Image, ImageId

_T = TypeVar("_T")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGITS = re.compile(r"[0-9]{1,19}")
_MAX_LINK = 4096
_MAX_TEXT = 10_000
# What SQLite and Qt can hold.
_MAX_NUMBER = 2**63 - 1
# How many wrappers, such as {"data": {"album": …}}, are taken off.
_MAX_WRAPPERS = 3


class Unreadable(ValueError):
    """An answer without what is needed; the text says what, for the details of an error."""


# --- the whole answer -----------------------------------------------------------------------------------------------


def read_json(body: bytes) -> object:
    """The JSON value of a body; None for an empty one."""
    if not body.strip():
        return None
    try:
        return json.loads(body.decode("utf-8-sig"))
    # Deep nesting ends in RecursionError, numbers of thousands of digits in ValueError, as bad UTF-8 and bad JSON do.
    except (ValueError, RecursionError) as error:
        raise Unreadable("not JSON") from error


def refusal(answer: object) -> str | None:
    """The server's words (perhaps none) when an answer with a success status says that it failed; else None."""
    if not isinstance(answer, dict):
        return None
    fields = _fields(answer)
    if fields.get("success") is False:
        return error_words(answer)
    return error_words(answer) if fields.get("error") and "success" not in fields and "id" not in fields else None


def error_words(answer: object) -> str:
    """The text of an error body, uncleaned: `{"error": "…"}`, and its near relations. Empty when there is none."""
    if not isinstance(answer, dict):
        return ""
    fields = _fields(answer)
    for name in ("error", "message", "detail"):
        value = fields.get(name)
        if isinstance(value, dict):
            value = _fields(value).get("message")
        if isinstance(value, str) and value.strip():
            return value
    return ""


def acknowledged(answer: object) -> None:
    """Accept any answer that is no refusal: an empty one, `{"success": true}`, or the thing that was changed."""


# --- images ---------------------------------------------------------------------------------------------------------


def image(answer: object) -> Image:
    """One image, bare or under `image` or `data`."""
    fields = _object(answer, "image", "data")
    url = _link(fields, "url")
    if url is None:
        raise Unreadable("an image without a web address")
    return Image(
        id=ImageId(_id(fields)),
        url=url,
        viewer=_link(fields, "viewer", "viewerurl"),
        thumbnail=_link(fields, "thumbnail", "thumbnailurl"),
        delete=_link(fields, "delete", "deleteurl"),
        width=_number(fields, "width"),
        height=_number(fields, "height"),
        size=_number(fields, "size"),
        mime=_text(fields, "mime", "mimetype"),
        views=_number(fields, "views"),
        uploaded_at=_time(fields, "uploadedat", "createdat"),
        nsfw=_flag(fields, "nsfw", "isnsfw"),
    )


def uploaded(answer: object, expected: int) -> tuple[Image, ...]:
    """The images of an upload, as many as files were sent: one object, or a list under `images` or `data`."""
    found = _find_list(answer, "images", "data")
    items = [answer] if found is None else found
    if len(items) != expected:
        raise Unreadable(f"{len(items)} images in the answer to {expected} files")
    return tuple(image(item) for item in items)


def gallery(answer: object, page: int, limit: int) -> GalleryPage:
    """A page of images; counts that are missing are told from what is there."""
    images = _readable(_list(answer, "images", "data"), image)
    counts: dict[str, object] = {}
    layer = answer
    for _ in range(_MAX_WRAPPERS):
        if not isinstance(layer, dict):
            break
        fields = _fields(layer)
        counts = {**fields, **counts}
        layer = fields.get("pagination") or fields.get("data")
    shown_page = _number(counts, "page") or page
    total = _number(counts, "total")
    if total is None:
        total = (shown_page - 1) * limit + len(images)
    pages = _number(counts, "totalpages", "pages")
    return GalleryPage(images, shown_page, -(-total // limit) if pages is None else pages, total)


# --- albums and embed profiles --------------------------------------------------------------------------------------


def albums(answer: object) -> tuple[Album, ...]:
    """A list of albums, bare or under `albums` or `data`."""
    return _readable(_list(answer, "albums", "data"), album)


def album(answer: object) -> Album:
    """One album, bare or under `album` or `data`; its images inside it or beside it."""
    fields = _object(answer, "album", "data")
    found = _find_list(fields, "images")
    if found is None:
        found = _find_list(answer, "images")
    images = _readable(found or [], image)
    count = _number(fields, "imagecount", "imagescount", "count")
    is_public = _flag(fields, "ispublic", "public")
    if is_public is None:
        is_public = fields.get("visibility") != "private"
    return Album(
        id=AlbumId(_id(fields)),
        title=_text(fields, "title", "name") or "",
        description=_text(fields, "description") or "",
        is_public=is_public,
        image_count=len(images) if count is None and found is not None else count,
        cover=_link(fields, "cover", "coverurl", "coverimage", "thumbnail"),
        url=_link(fields, "url", "viewer", "viewerurl"),
        images=images,
        has_password=_flag(fields, "haspassword", "passwordprotected", "isprotected"),
    )


def changed_album(answer: object) -> Album | None:
    """The album that a change answered with, if it did."""
    try:
        return album(answer)
    except Unreadable:
        return None


def embeds(answer: object) -> tuple[EmbedProfile, ...]:
    """A list of embed profiles, bare or under `embeds`, `profiles` or `data`."""
    return _readable(_list(answer, "embeds", "profiles", "embedprofiles", "data"), embed)


def embed(answer: object) -> EmbedProfile:
    """One embed profile, bare or under `embed`, `profile` or `data`."""
    fields = _object(answer, "embed", "profile", "embedprofile", "data")
    texts = {
        name: _text(fields, name.replace("_", "")) or ""
        for name in ("name", "title", "description", "color", "author_name", "author_url", "site_name")
    }
    return EmbedProfile(EmbedId(_id(fields)), EmbedFields(**texts))


# --- signing in -----------------------------------------------------------------------------------------------------


def token(answer: object) -> str:
    """The token of a sign-in's answer, at its top or inside `data`."""
    for fields in (_fields(answer), _fields(_fields(answer).get("data"))):
        for name in ("token", "accesstoken", "jwt"):
            value = fields.get(name)
            if isinstance(value, str) and value:
                return value
    raise Unreadable("no token in the answer")


# --- shapes ---------------------------------------------------------------------------------------------------------


def _fields(value: object) -> dict[str, object]:
    """An object's fields under names without case and underscores, so that `imageCount` and `image_count` are one.

    No fields for what is no object. Of two spellings the first counts.
    """
    if not isinstance(value, dict):
        return {}
    return {name.replace("_", "").lower(): inner for name, inner in reversed(value.items())}


def _object(answer: object, *wrappers: str) -> dict[str, object]:
    """The fields of the object that has an id, with its wrappers taken off."""
    fields = _fields(answer)
    for _ in range(_MAX_WRAPPERS):
        if "id" in fields:
            return fields
        fields = next((_fields(fields[name]) for name in wrappers if isinstance(fields.get(name), dict)), {})
    raise Unreadable("no object with an id")


def _find_list(answer: object, *names: str, depth: int = _MAX_WRAPPERS) -> list[object] | None:
    """The list itself, or the one under one of the names, or under one of them inside another; None without one."""
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict) or not depth:
        return None
    fields = _fields(answer)
    for name in names:
        found = _find_list(fields.get(name), *names, depth=depth - 1)
        if found is not None:
            return found
    return None


def _list(answer: object, *names: str) -> list[object]:
    found = _find_list(answer, *names)
    if found is None:
        raise Unreadable("no list")
    return found


def _readable(items: list[object], read: Callable[[object], _T]) -> tuple[_T, ...]:
    """Those that can be read: one odd entry must not hide the others. All odd is an error, not an empty list."""
    read_items: list[_T] = []
    reason: Unreadable | None = None
    for item in items:
        try:
            read_items.append(read(item))
        except Unreadable as error:
            reason = error
    if reason is not None and not read_items:
        raise reason
    return tuple(read_items)


# --- single values --------------------------------------------------------------------------------------------------


def _id(fields: dict[str, object]) -> str:
    value = fields.get("id")
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise Unreadable("an id that is none")
    return text


def _text(fields: dict[str, object], *names: str) -> str | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str):
            return printable(value[:_MAX_TEXT])
    return None


def _link(fields: dict[str, object], *names: str) -> str | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and _is_link(value):
            return value
    return None


def _is_link(text: str) -> bool:
    # Such a text is opened and put into markup: nothing but a web address may pass, `javascript:` least of all.
    if len(text) > _MAX_LINK or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _number(fields: dict[str, object], *names: str) -> int | None:
    """A count or size: databases hand large ones out as text, and some as 5.0."""
    for name in names:
        value = fields.get(name)
        if (isinstance(value, float) and value.is_integer()) or (isinstance(value, str) and _DIGITS.fullmatch(value)):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_NUMBER:
            return value
    return None


def _flag(fields: dict[str, object], *names: str) -> bool | None:
    for name in names:
        value = fields.get(name)
        if value in (0, 1) and isinstance(value, int):  # bool is one of them
            return bool(value)
    return None


def _time(fields: dict[str, object], *names: str) -> datetime | None:
    """ISO 8601; without an offset it is UTC."""
    for name in names:
        value = fields.get(name)
        if not isinstance(value, str):
            continue
        try:
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
