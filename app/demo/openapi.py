"""The OpenAPI document that the server serves: every endpoint, what it takes, and every answer it can give.

It is written by hand as a description to check the server against, not derived from the code that it describes.
"""

from __future__ import annotations

from typing import Any

from app.demo.openapi_schemas import ERROR_TEXTS, SCHEMAS

Json = dict[str, Any]

_ID = {"type": "string", "pattern": "^[A-Za-z0-9_-]{10}$"}
_ANYWHERE = (403, 421)
_API = (*_ANYWHERE, 429)


def openapi_document(base_url: str) -> Json:
    """The document for a server at `base_url`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ImgLink-compatible demo server",
            "version": "1",
            "description": (
                "Speaks the public API of ImgLink on the loopback, for trying and testing. Its limits: 500 requests "
                "a minute from one address, 100 uploads an hour with an account, one in 30 minutes without."
            ),
        },
        "servers": [{"url": base_url}],
        "paths": {**_uploads(), **_images(), **_albums(), **_embeds(), **_sign_in(), **_pages()},
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: Json, description: str = "Done") -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _error(status: int) -> Json:
    answer = _json(_ref("Error"), ERROR_TEXTS[status])
    if status == 429:
        seconds = {"schema": {"type": "integer", "minimum": 1}, "required": True, "description": "Seconds to wait"}
        answer["headers"] = {"Retry-After": seconds}
    return answer


def _operation(
    summary: str,
    answer: Json,
    errors: tuple[int, ...],
    *,
    status: int = 200,
    security: tuple[str, ...] = (),
    parameters: list[Json] | None = None,
    body: Json | None = None,
) -> Json:
    """`security` names the credentials of which one will do; "" means that none is needed."""
    operation: Json = {
        "summary": summary,
        "responses": {str(status): answer} | {str(error): _error(error) for error in sorted({*errors, *_API})},
    }
    if security:
        operation["security"] = [{name: []} if name else {} for name in security]
    if parameters:
        operation["parameters"] = parameters
    if body is not None:
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def _path(name: str, schema: Json | None = None) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema or _ID}


def _query(name: str, schema: Json, *, required: bool = False) -> Json:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _body(name: str) -> Json:
    return {"application/json": {"schema": _ref(name)}}


def _form(max_files: int, **fields: Json) -> Json:
    file = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1, "maxItems": max_files}
    properties = {
        "file": file,
        "visibility": {"type": "string", "enum": ["public", "private"], "default": "public"},
        "nsfw": {"type": "string", "enum": ["true", "false"], "default": "false"},
    } | fields
    return {"multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": properties}}}


def _uploads() -> Json:
    several = {
        "type": "object",
        "required": ["success", "images"],
        "properties": {
            "success": {"const": True},
            "images": {"type": "array", "items": _ref("UploadedImage"), "minItems": 2},
        },
    }
    single = {
        "allOf": [
            _ref("UploadedImage"),
            {"type": "object", "required": ["success"], "properties": {"success": {"const": True}}},
        ]
    }
    web = {
        "type": "object",
        "required": ["images"],
        "properties": {"images": {"type": "array", "items": _ref("UploadedImage"), "minItems": 1}},
    }
    with_key = _form(15, private={"type": "string", "enum": ["true", "false"]}, album=_ID, folder=_ID)
    return {
        "/api/v1/upload": {
            "post": _operation(
                "Upload one or more images with an API key",
                _json({"oneOf": [single, several]}, "The image, or `images` when there are several"),
                (400, 401, 413),
                security=("key",),
                body=with_key,
            )
        },
        "/api/upload": {
            "post": _operation(
                "Upload with a session token or without an account",
                _json(web),
                (400, 401, 413),
                security=("", "token"),
                body=_form(15),
            )
        },
    }


def _images() -> Json:
    details = {
        "type": "object",
        "required": ["success", "data"],
        "properties": {"success": {"const": True}, "data": _ref("ImageDetails")},
    }
    page = {"type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1}
    limit = {"type": "integer", "minimum": 1, "maximum": 40, "default": 20}
    return {
        "/api/v1/image/{id}": {
            "parameters": [_path("id")],
            "get": _operation("An image's data", _json(details), (404,)),
            "delete": _operation(
                "Delete one of one's own images", _json(_ref("Success")), (401, 404), security=("key",)
            ),
        },
        "/api/gallery": {
            "get": _operation(
                "The public gallery, newest first",
                _json(_ref("GalleryPage")),
                (400,),
                parameters=[_query("page", page), _query("limit", limit)],
            )
        },
    }


def _wrapped(name: str, schema: Json) -> Json:
    return {"type": "object", "required": [name], "properties": {name: schema}}


def _albums() -> Json:
    album = _json(_wrapped("album", _ref("Album")))
    token = ("token",)
    password = _query("password", {"type": "string"})
    header = {"name": "X-Album-Password", "in": "header", "schema": {"type": "string"}}
    return {
        "/api/albums": {
            "get": _operation(
                "One's own albums",
                _json(_wrapped("albums", {"type": "array", "items": _ref("Album")})),
                (401,),
                security=token,
            ),
            "post": _operation(
                "Create an album", album, (400, 401, 413), status=201, security=token, body=_body("NewAlbum")
            ),
        },
        "/api/albums/{id}": {
            "parameters": [_path("id")],
            "get": _operation(
                "An album with its images: a public one, or one's own",
                _json(_wrapped("album", _ref("AlbumWithImages"))),
                (401, 404),
                security=("", "token"),
                parameters=[password, header],
            ),
            "put": _operation(
                "Change an album", album, (400, 401, 404, 413), security=token, body=_body("AlbumChanges")
            ),
            "delete": _operation(
                "Hide an album for good; its images stay", _json(_ref("Success")), (401, 404), security=token
            ),
        },
        "/api/albums/{id}/images": {
            "parameters": [_path("id")],
            "post": _operation(
                "Put one of one's own images into an album",
                _json(_ref("Success")),
                (400, 401, 404, 413),
                security=token,
                body=_body("AlbumImage"),
            ),
        },
        "/api/albums/{id}/images/{imageId}": {
            "parameters": [_path("id"), _path("imageId")],
            "delete": _operation("Take an image out of an album", _json(_ref("Success")), (401, 404), security=token),
        },
    }


def _embeds() -> Json:
    embed = _json(_wrapped("embed", _ref("Embed")))
    token = ("token",)
    embed_id = _path("id", {"type": "integer", "minimum": 1, "maximum": 10**18 - 1})
    updated = {
        "type": "object",
        "required": ["success", "updated"],
        "properties": {"success": {"const": True}, "updated": {"type": "integer"}},
    }
    return {
        "/api/embeds": {
            "get": _operation(
                "One's own embed profiles",
                _json(_wrapped("embeds", {"type": "array", "items": _ref("Embed")})),
                (401,),
                security=token,
            ),
            "post": _operation(
                "Create an embed profile, at most 25 a user",
                embed,
                (400, 401, 413),
                status=201,
                security=token,
                body=_body("NewEmbed"),
            ),
        },
        "/api/embeds/{id}": {
            "parameters": [embed_id],
            "put": _operation(
                "Change an embed profile", embed, (400, 401, 404, 413), security=token, body=_body("EmbedFields")
            ),
            "delete": _operation(
                "Delete an embed profile; its images revert to the defaults",
                _json(_ref("Success")),
                (401, 404),
                security=token,
            ),
        },
        "/api/images/{id}/embed": {
            "parameters": [_path("id")],
            "patch": _operation(
                "Give an image an embed profile, or none",
                _json(_ref("Success")),
                (400, 401, 404, 413),
                security=token,
                body=_body("Assignment"),
            ),
        },
        "/api/images/bulk-embed": {
            "patch": _operation(
                "The same for up to 100 images, all or none",
                _json(updated),
                (400, 401, 404, 413),
                security=token,
                body=_body("BulkAssignment"),
            )
        },
    }


def _sign_in() -> Json:
    session = {
        "type": "object",
        "required": ["token", "user"],
        "properties": {"token": {"type": "string"}, "user": _ref("User")},
    }
    return {
        "/api/auth/login": {
            "post": _operation(
                "Trade a user name or e-mail address and a password for a token of 7 days",
                _json(session),
                (400, 401, 413),
                body=_body("Credentials"),
            )
        }
    }


def _page_operation(summary: str, media_type: str, errors: tuple[int, ...], parameters: list[Json]) -> Json:
    """Pages have no request limit. Their errors are pages too, except for what the guard refuses."""
    html_errors: Json = {"text/html": {"schema": {}}} if media_type == "text/html" else {}
    responses: Json = {"200": {"description": "Done", "content": {media_type: {"schema": {}}}}}
    for status in (*errors, 421):
        responses[str(status)] = _error(status)
        responses[str(status)]["content"] |= html_errors
    return {"summary": summary, "responses": responses, "parameters": parameters}


def _pages() -> Json:
    html = "text/html"
    page = _query("page", {"type": "integer", "minimum": 1, "maximum": 1_000_000})
    name = _path("name", {"type": "string", "pattern": "^[A-Za-z0-9_-]{10}\\.[a-z]{3,4}$"})
    url, form = (_query("url", {"type": "string"}, required=True), _query("format", {"enum": ["json"]}))
    password = _query("password", {"type": "string"})
    file = _page_operation("An image as it was uploaded", "image/*", (404,), [name])
    thumbnail = _page_operation("An image's thumbnail", "image/webp", (404,), [name])
    for operation in (file, thumbnail):
        operation["responses"]["304"] = {"description": "Not changed"}
    oembed = _page_operation("A viewer page's oEmbed data", "application/json", (404, 501), [url, form])
    oembed["responses"]["200"] = _json(_ref("OEmbed"))
    album = _page_operation("Album page", html, (401, 403, 404), [password])
    opened = _page_operation("Album page, with the password from its form", html, (401, 403, 404, 413), [password])
    fields = {"type": "object", "properties": {"password": {"type": "string"}}}
    opened["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": fields}}}
    return {
        "/": {"get": _page_operation("Gallery page", html, (400,), [page])},
        "/i/{id}": {"get": _page_operation("Viewer page", html, (404,), [_path("id")])},
        "/a/{id}": {"parameters": [_path("id")], "get": album, "post": opened},
        "/cdn/{name}": {"get": file},
        "/cdn/medium/{name}": {"get": thumbnail},
        "/oembed": {"get": oembed},
    }
