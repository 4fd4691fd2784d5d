"""ShareX's history: the objects of its History.json, or the rows of its History.db, as entries.

ShareX appends to its file, so that is a row of objects with commas between them and no brackets around; older ones and
edited ones have brackets, or a comma too many. It keeps all uploads to all hosts, and files that were never uploaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import urlsplit

from app.core.history import HistoryEntry
from app.core.imglink import Image, ImageId, parse_image_id
from app.core.uploads import RemoteState
from app.core.workflow import SourceKind
from app.services.history_files.own import BadFile
from app.services.history_files.records import entry_id_of, is_address, parse_time, storable

_BETWEEN = " \t\r\n,"
_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".ico", ".tif", ".tiff", ".avif"}
)  # fmt: skip
_USUAL_ID = 10
"""Characters of an image's id; what is longer or shorter and has no extension may be any page of the site."""


class Why(Enum):
    """Why an item is no entry."""

    ELSEWHERE = auto()
    NO_LINK = auto()
    NO_DATE = auto()


def read_json(text: str) -> Iterator[Mapping[str, object]]:
    """The objects of a History.json, in their order. Raises BadFile, with the place."""
    decoder, at = json.JSONDecoder(), _next(text, 0)
    is_list = text[at : at + 1] == "["
    at = _next(text, at + 1) if is_list else at
    while at < len(text):
        if is_list and text[at] == "]" and _next(text, at + 1) == len(text):
            return
        try:
            item, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise BadFile(f"{error.msg.lower()} in line {error.lineno}, column {error.colno}") from error
        except (ValueError, RecursionError) as error:
            raise BadFile(f"it is no sensible JSON in {_place(text, at)}") from error
        if not isinstance(item, dict):
            raise BadFile(f"there is no entry of a history in {_place(text, at)}")
        yield item
        at = _next(text, end)
    if is_list:
        raise BadFile(f"it breaks off in {_place(text, len(text))}")


def to_entry(item: Mapping[str, object], hosts: frozenset[str]) -> HistoryEntry | Why:
    """The entry of an item whose link is ImgLink's; `hosts` are its hosts, without their subdomains."""
    links = [link for name in ("URL", "ThumbnailURL", "ShortenedURL") if is_address(link := _text(item, name))]
    if not links:
        return Why.NO_LINK
    found = next(((link, image_id) for link in links if (image_id := find_id(link, hosts))), None)
    if found is None:
        return Why.ELSEWHERE
    try:
        when = parse_time(_text(item, "DateTime"))
    except ValueError:
        return Why.NO_DATE
    url, image_id = found
    thumbnail, deletion = _text(item, "ThumbnailURL"), _text(item, "DeletionURL")
    return HistoryEntry(
        id=entry_id_of(when),
        image=Image(
            id=image_id,
            url=url,
            viewer=None if _is_direct(url) else url,
            thumbnail=thumbnail if is_address(thumbnail) else None,
            delete=deletion if is_address(deletion) else None,
        ),
        file_name=_text(item, "FileName") or PureWindowsPath(_text(item, "FilePath")).name,
        kind=SourceKind.IMPORT,
        note=_note(item),
        favourite=_tags(item).get("Favorite", "").lower() == "true" or item.get("Favorite") is True,
        remote_state=RemoteState.UNKNOWN,
    )


def find_id(link: str, hosts: frozenset[str]) -> ImageId | None:
    """The id of the image that a link leads to; None when it is no link of these hosts."""
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if not any(host == each or host.endswith("." + each) for each in hosts if each):
        return None
    name = PurePosixPath(parts.path).name
    stem = name.rpartition(".")[0] if _is_direct(link) else name
    if not _is_direct(link) and len(stem) != _USUAL_ID:
        return None
    try:
        return parse_image_id(stem)
    except ValueError:
        return None


def _is_direct(link: str) -> bool:
    try:
        return PurePosixPath(urlsplit(link).path).suffix.lower() in _SUFFIXES
    except ValueError:
        return False


def _text(item: Mapping[str, object], name: str) -> str:
    value = item.get(name)
    return storable(value) if isinstance(value, str) else ""


def _tags(item: Mapping[str, object]) -> Mapping[str, str]:
    tags = item.get("Tags")
    if isinstance(tags, str):  # In the database.
        try:
            tags = json.loads(tags)
        except (ValueError, RecursionError):
            return {}
    if not isinstance(tags, dict):
        return {}
    return {key: storable(value) for key, value in tags.items() if isinstance(value, str)}


def _note(item: Mapping[str, object]) -> str:
    """The window that was captured: people find a picture again by it."""
    tags = _tags(item)
    title, process = tags.get("WindowTitle", "").strip(), tags.get("ProcessName", "").strip()
    return f"{title} ({process})" if title and process else title or process


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BETWEEN:
        at += 1
    return at


def _place(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - (text.rfind(chr(10), 0, at) + 1) + 1}"
