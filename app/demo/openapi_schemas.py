"""The schemas of the OpenAPI document, and what its errors mean."""

from __future__ import annotations

from typing import Any

ERROR_TEXTS = {
    400: "The request is not valid",
    401: "Not authenticated: a credential is missing, wrong or lapsed",
    403: "Not allowed: banned, scope missing, not one's own, wrong password, or another origin",
    404: "Not found, or not one's own",
    413: "A file or the request is too large, or the storage is full",
    421: "The Host header is not this machine",
    429: "Rate limit exceeded",
    501: "Format not offered",
}

_TEXT = {"type": "string"}
_URI = {"type": "string", "format": "uri"}
_TIME = {"type": "string", "format": "date-time"}
_COUNT = {"type": "integer", "minimum": 0}
_ID = {"type": "string", "pattern": "^[A-Za-z0-9_-]{10}$"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


def _text(max_length: int, *, may_be_null: bool = False, **more: Any) -> dict[str, Any]:
    return {"type": ["string", "null"] if may_be_null else "string", "maxLength": max_length, **more}


_IMAGE = {
    "id": _ID,
    "url": _URI,
    "thumbnail": _URI,
    "viewer": _URI,
    "width": {"type": "integer", "minimum": 1},
    "height": {"type": "integer", "minimum": 1},
    "size": {"type": "integer", "minimum": 1},
    "mime": {"type": "string", "pattern": "^image/"},
}
_IMAGE_REQUIRED = ["id", "url", "viewer", "size", "mime"]
_ALBUM = {
    "id": _ID,
    "title": _TEXT,
    "description": _TEXT,
    "isPublic": {"type": "boolean"},
    "hasPassword": {"type": "boolean"},
    "imageCount": _COUNT,
    "cover": {"anyOf": [_URI, {"type": "null"}]},
    "url": _URI,
    "createdAt": _TIME,
}
_EMBED = {
    "name": _text(100, minLength=1, pattern=r"\S"),
    "title": _text(256, may_be_null=True),
    "description": _text(2048, may_be_null=True),
    "color": {"anyOf": [{"type": "string", "pattern": "^(#[0-9a-fA-F]{6})?$"}, {"type": "null"}]},
    "author_name": _text(256, may_be_null=True),
    "author_url": {"anyOf": [_text(2048, pattern="^(https?://.*)?$"), {"type": "null"}]},
    "site_name": _text(256, may_be_null=True),
}
_PROFILE_ID = {"type": ["integer", "null"]}
_TITLE = _text(200, minLength=1, pattern=r"\S")

SCHEMAS: dict[str, Any] = {
    "Error": _object(["error"], error={"type": "string", "minLength": 1}),
    "Success": _object(["success"], success={"const": True}),
    "UploadedImage": _object(_IMAGE_REQUIRED, **_IMAGE, delete=_URI),
    "ImageDetails": _object(
        [*_IMAGE_REQUIRED, "views", "uploadedAt"], **_IMAGE, views=_COUNT, uploadedAt=_TIME, nsfw={"type": "boolean"}
    ),
    "GalleryPage": _object(
        ["images", "page", "totalPages", "total"],
        images={"type": "array", "items": {"$ref": "#/components/schemas/ImageDetails"}, "maxItems": 40},
        page={"type": "integer", "minimum": 1},
        totalPages=_COUNT,
        total=_COUNT,
    ),
    "Album": _object(list(_ALBUM), **_ALBUM),
    "AlbumWithImages": _object(
        [*_ALBUM, "images"],
        **_ALBUM,
        images={"type": "array", "items": {"$ref": "#/components/schemas/ImageDetails"}},
    ),
    "NewAlbum": _object(
        ["title"], title=_TITLE, description=_text(2000, may_be_null=True), isPublic={"type": "boolean"}
    ),
    "AlbumChanges": _object(
        [],
        title=_TITLE,
        description=_text(2000, may_be_null=True),
        isPublic={"type": "boolean"},
        password=_text(256, may_be_null=True, description="Empty or null removes it"),
    ),
    "AlbumImage": _object(["imageId"], imageId=_text(64, minLength=1, pattern=r"\S")),
    "NewEmbed": _object(["name"], **_EMBED),
    "EmbedFields": _object([], **_EMBED),
    "Embed": _object(["id", *_EMBED], id={"type": "integer", "minimum": 1}, **dict.fromkeys(_EMBED, _TEXT)),
    "Assignment": _object(["embed_profile_id"], embed_profile_id=_PROFILE_ID),
    "BulkAssignment": _object(
        ["image_ids", "embed_profile_id"],
        image_ids={
            "type": "array",
            "items": _text(64, minLength=1, pattern=r"\S"),
            "minItems": 1,
            "maxItems": 100,
        },
        embed_profile_id=_PROFILE_ID,
    ),
    "Credentials": {
        "type": "object",
        "required": ["password"],
        "properties": {
            name: _text(256, minLength=1, pattern=r"\S") for name in ("login", "email", "username", "password")
        },
        "anyOf": [{"required": [name]} for name in ("login", "email", "username")],
        "description": "The first given of login, email and username counts",
    },
    "User": _object(
        ["id", "username", "email", "verified"],
        id={"type": "integer"},
        username=_TEXT,
        email=_TEXT,
        verified={"type": "boolean"},
    ),
    "OEmbed": _object(
        ["version", "type", "title", "provider_name", "provider_url"],
        version={"const": "1.0"},
        type={"enum": ["photo", "link"]},
        title=_TEXT,
        provider_name=_TEXT,
        provider_url=_URI,
        url=_URI,
        width={"type": "integer"},
        height={"type": "integer"},
        author_name=_TEXT,
        author_url=_TEXT,
    ),
}
