"""An entry as a flat record, the same for JSON and CSV, and back: nothing is lost, and nothing unchecked comes in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TypeVar

from app.core.history import EntryId, HistoryEntry, entry_time
from app.core.imglink import AlbumId, EmbedId, Image, Visibility, parse_image_id
from app.core.uploads import RemoteState
from app.core.workflow import SourceKind

Record = Mapping[str, object]
T = TypeVar("T")
E = TypeVar("E", bound=Enum)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 2**63 - 1


class BadRecord(Exception):
    """A record that cannot be read; the text says why, and names the field."""


def to_record(entry: HistoryEntry) -> dict[str, object]:
    """Every field by its name in the file; the order is that of the columns."""
    image = entry.image
    return {
        "id": image.id,
        "uploaded_at": _written(entry_time(entry.id)),
        "file_name": entry.file_name,
        "url": image.url,
        "viewer": image.viewer,
        "thumbnail": image.thumbnail,
        "delete": image.delete,
        "title": entry.title,
        "note": entry.note,
        "favourite": entry.favourite,
        "kind": entry.kind.value,
        "width": entry.width,
        "height": entry.height,
        "size": entry.size,
        "mime": entry.mime,
        "sha256": entry.sha256,
        "visibility": entry.visibility.value,
        "nsfw": entry.nsfw,
        "anonymous": entry.anonymous,
        "albums": list(entry.albums),
        "embed": entry.embed,
        "state": entry.remote_state.value,
        "checked_at": _written(entry.checked_at),
        "views": image.views,
        "service_uploaded_at": _written(image.uploaded_at),
        "service_width": image.width,
        "service_height": image.height,
        "service_size": image.size,
        "service_mime": image.mime,
        "service_nsfw": image.nsfw,
    }


COLUMNS = (
    "id", "uploaded_at", "file_name", "url", "viewer", "thumbnail", "delete", "title", "note", "favourite", "kind",
    "width", "height", "size", "mime", "sha256", "visibility", "nsfw", "anonymous", "albums", "embed", "state",
    "checked_at", "views", "service_uploaded_at", "service_width", "service_height", "service_size", "service_mime",
    "service_nsfw",
)  # fmt: skip


def from_record(record: Record) -> HistoryEntry:
    """The entry of a record. What is missing is unknown, but for id, link and time. Raises BadRecord."""
    image_id = _needed(record, "id", _text)
    try:
        checked_id = parse_image_id(image_id)
    except ValueError:
        raise BadRecord(f"“{image_id[:80]}” is not the id of an image") from None
    image = Image(
        id=checked_id,
        url=_needed(record, "url", _address),
        viewer=_optional(record, "viewer", _address),
        thumbnail=_optional(record, "thumbnail", _address),
        delete=_optional(record, "delete", _address),
        width=_optional(record, "service_width", _number),
        height=_optional(record, "service_height", _number),
        size=_optional(record, "service_size", _number),
        mime=_optional(record, "service_mime", _text),
        views=_optional(record, "views", _number),
        uploaded_at=_optional(record, "service_uploaded_at", _time),
        nsfw=_optional(record, "service_nsfw", _flag),
    )
    embed = _optional(record, "embed", _text)
    return HistoryEntry(
        id=entry_id_of(_needed(record, "uploaded_at", _time)),
        image=image,
        file_name=_optional(record, "file_name", _text) or "",
        kind=_choice(record, "kind", SourceKind.IMPORT),
        width=_optional(record, "width", _number),
        height=_optional(record, "height", _number),
        size=_optional(record, "size", _number),
        mime=_optional(record, "mime", _text),
        sha256=(_optional(record, "sha256", _text) or "").lower(),
        visibility=_choice(record, "visibility", Visibility.PUBLIC),
        nsfw=_optional(record, "nsfw", _flag) or False,
        anonymous=_optional(record, "anonymous", _flag) or False,
        albums=_optional(record, "albums", _albums) or (),
        embed=None if embed is None else EmbedId(embed),
        title=_optional(record, "title", _text) or "",
        note=_optional(record, "note", _text) or "",
        favourite=_optional(record, "favourite", _flag) or False,
        remote_state=_choice(record, "state", RemoteState.UNKNOWN),
        checked_at=_optional(record, "checked_at", _time),
    )


def entry_id_of(when: datetime) -> EntryId:
    """The id of an entry of that time."""
    return EntryId((when - _EPOCH) // timedelta(microseconds=1))


def storable(text: str) -> str:
    """Without what neither a database nor a clipboard takes: nulls, and halves of surrogate pairs."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text
    )


def is_address(text: str) -> bool:
    """True for what a browser may be sent to."""
    return text.startswith(("https://", "http://")) and text.isprintable() and " " not in text


def parse_time(text: str) -> datetime:
    """An ISO 8601 time, in UTC; one without a zone is this computer's. Raises ValueError."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def _written(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _needed(record: Record, name: str, read: Callable[[object], T]) -> T:
    value = _optional(record, name, read)
    if value is None or value == "":
        raise BadRecord(f"“{name}” is missing")
    return value


def _optional(record: Record, name: str, read: Callable[[object], T]) -> T | None:
    value = record.get(name)
    if value is None:
        return None
    try:
        return read(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadRecord(f"“{name}” is not {error}") from None


def _choice(record: Record, name: str, default: E) -> E:
    kind = type(default)

    def read(value: object) -> E:
        try:
            return kind(value)
        except ValueError:
            raise ValueError(f"one of {', '.join(member.value for member in kind)}") from None

    found = _optional(record, name, read)
    return default if found is None else found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return storable(value)


def _address(value: object) -> str:
    text = _text(value)
    if text and not is_address(text):
        raise ValueError("an address that begins with https://")
    return text


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise TypeError("a whole number")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _time(value: object) -> datetime:
    try:
        return parse_time(_text(value))
    except ValueError:
        raise ValueError("a time such as 2026-03-01T12:00:00Z") from None


def _albums(value: object) -> tuple[AlbumId, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError("a list of album ids")
    return tuple(sorted({AlbumId(storable(each)) for each in value}))


# --- as cells of a table ----------------------------------------------------------------------------------------------

_NUMBERS = frozenset({"width", "height", "size", "views", "service_width", "service_height", "service_size"})
_FLAGS = frozenset({"favourite", "nsfw", "anonymous", "service_nsfw"})
_ALWAYS_TEXT = frozenset({"file_name", "title", "note", "sha256"})


def to_cell(value: object) -> str:
    """A field of a record as text."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return json.dumps(value, ensure_ascii=False) if value else ""
        case _:
            return str(value)


def from_cell(name: str, text: str) -> object:
    """The field again. Raises BadRecord."""
    if not text:
        return "" if name in _ALWAYS_TEXT else None
    if name in _NUMBERS:
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise BadRecord(f"“{name}” is not a whole number")
        return int(text)
    if name in _FLAGS:
        if text.lower() not in ("true", "false"):
            raise BadRecord(f"“{name}” is not true or false")
        return text.lower() == "true"
    if name == "albums":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise BadRecord(f"“{name}” is not a list of album ids") from None
    return text
