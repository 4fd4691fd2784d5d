"""Images, options and sidecars as JSON. Reading is strict: what does not fit raises ValueError."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.imglink import AlbumId, EmbedId, Image, ImageId, UploadOptions, Visibility
from app.core.links import LinkForm
from app.core.ports import NewUpload
from app.core.uploads import NOTHING_AFTER, AfterUpload, GroupId, UploadId
from app.core.workflow import SourceKind, UploadTask

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIDECAR_VERSION = 1


def to_micros(when: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (when - _EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The time, aware, UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def dump_image(image: Image) -> str:
    """An image as JSON, every field as the service gave it."""
    fields = asdict(image)
    if image.uploaded_at is not None:
        fields["uploaded_at"] = to_micros(image.uploaded_at)
    return json.dumps({key: value for key, value in fields.items() if value is not None}, ensure_ascii=False)


def load_image(text: str) -> Image:
    """Read what `dump_image` wrote."""
    return _image(json.loads(text))


def dump_after(after: AfterUpload) -> str | None:
    """What is left to do as JSON; None when that is nothing."""
    if not after.tasks:
        return None
    fields = {
        "tasks": sorted(task.value for task in after.tasks),
        "link_form": None if after.link_form is None else after.link_form.value,
        "group": after.group,
        "problems": {task.value: reason for task, reason in after.problems},
    }
    return json.dumps(fields, ensure_ascii=False)


def load_after(text: str | None) -> AfterUpload:
    """Read what `dump_after` wrote."""
    return NOTHING_AFTER if text is None else _after(json.loads(text))


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What is needed to make an upload's row again."""

    id: UploadId
    file: str
    """The name of the file beside it."""
    new: NewUpload
    size: int
    sha256: str
    created_at: datetime
    image: Image | None = None
    """Set when the upload is done."""


def dump_sidecar(sidecar: Sidecar) -> bytes:
    """As JSON for people and for recovery."""
    new, options, after = sidecar.new, sidecar.new.options, dump_after(sidecar.new.after)
    fields = {
        "version": _SIDECAR_VERSION,
        "id": sidecar.id,
        "file": sidecar.file,
        "created_at": to_micros(sidecar.created_at),
        "size": sidecar.size,
        "sha256": sidecar.sha256,
        "file_name": new.file_name,
        "upload_name": new.upload_name,
        "kind": new.kind.value,
        "mime": new.mime,
        "width": new.width,
        "height": new.height,
        "visibility": options.visibility.value,
        "nsfw": options.nsfw,
        "anonymous": options.anonymous,
        "album": options.album,
        "embed": options.embed,
        "image": None if sidecar.image is None else json.loads(dump_image(sidecar.image)),
        "follow_up": None if after is None else json.loads(after),
    }
    return json.dumps(fields, ensure_ascii=False, indent=1).encode()


def load_sidecar(data: bytes) -> Sidecar:
    """Read a sidecar. Raises ValueError for anything that `dump_sidecar` would not have written."""
    try:
        fields = json.loads(data)
        if fields["version"] != _SIDECAR_VERSION:
            raise ValueError(f"sidecar version {fields['version']!r}")
        return Sidecar(
            id=UploadId(_text(fields["id"])),
            file=_text(fields["file"]),
            new=_new_upload(fields),
            size=_number(fields["size"]),
            sha256=_text(fields["sha256"]),
            created_at=from_micros(_number(fields["created_at"])),
            image=None if fields["image"] is None else _image(fields["image"]),
        )
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError("not a sidecar") from error


def _new_upload(fields: dict[str, object]) -> NewUpload:
    album, embed = _optional_text(fields["album"]), _optional_text(fields["embed"])
    return NewUpload(
        file_name=_text(fields["file_name"]),
        upload_name=_text(fields["upload_name"]),
        kind=SourceKind(fields["kind"]),
        mime=_text(fields["mime"]),
        options=UploadOptions(
            visibility=Visibility(fields["visibility"]),
            nsfw=bool(fields["nsfw"]),
            anonymous=bool(fields["anonymous"]),
            album=None if album is None else AlbumId(album),
            embed=None if embed is None else EmbedId(embed),
        ),
        width=_optional_number(fields["width"]),
        height=_optional_number(fields["height"]),
        # Sidecars of the first version do not have it.
        after=NOTHING_AFTER if fields.get("follow_up") is None else _after(fields["follow_up"]),
    )


def _after(fields: Any) -> AfterUpload:
    link_form, group = _optional_text(fields["link_form"]), _optional_text(fields["group"])
    return AfterUpload(
        tasks=frozenset(UploadTask(each) for each in fields["tasks"]),
        link_form=None if link_form is None else LinkForm(link_form),
        group=None if group is None else GroupId(group),
        problems=tuple((UploadTask(task), _text(reason)) for task, reason in fields["problems"].items()),
    )


def _image(fields: dict[str, object]) -> Image:
    uploaded_at = _optional_number(fields.get("uploaded_at"))
    return Image(
        id=ImageId(_text(fields["id"])),
        url=_text(fields["url"]),
        viewer=_optional_text(fields.get("viewer")),
        thumbnail=_optional_text(fields.get("thumbnail")),
        delete=_optional_text(fields.get("delete")),
        width=_optional_number(fields.get("width")),
        height=_optional_number(fields.get("height")),
        size=_optional_number(fields.get("size")),
        mime=_optional_text(fields.get("mime")),
        views=_optional_number(fields.get("views")),
        uploaded_at=None if uploaded_at is None else from_micros(uploaded_at),
        nsfw=_optional_flag(fields.get("nsfw")),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not text: {value!r}")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"not a whole number: {value!r}")
    return value


def _optional_flag(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise TypeError(f"neither true nor false: {value!r}")
    return value


def _optional_number(value: object) -> int | None:
    return None if value is None else _number(value)
