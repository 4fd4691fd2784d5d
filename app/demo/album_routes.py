"""Albums: the seven endpoints."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.demo.collection_store import StoredAlbum
from app.demo.context import is_id
from app.demo.endpoint import Endpoint
from app.demo.replies import ApiError, bool_field, read_json, text_field

if TYPE_CHECKING:
    from app.demo.accounts import DemoUser
    from app.demo.context import Context

MAX_TITLE = 200
MAX_DESCRIPTION = 2000
MAX_PASSWORD = 256
PASSWORD_HEADER = "x-album-password"  # noqa: S105 - the name of a header


class AlbumRoutes:
    """Everything under `/api/albums`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.collections

    def endpoints(self) -> list[Endpoint]:
        """The endpoints of this module."""
        return [
            Endpoint("GET", "/api/albums", self._list),
            Endpoint("POST", "/api/albums", self._create),
            Endpoint("GET", "/api/albums/{album_id}", self._view),
            Endpoint("PUT", "/api/albums/{album_id}", self._update),
            Endpoint("DELETE", "/api/albums/{album_id}", self._delete),
            Endpoint("POST", "/api/albums/{album_id}/images", self._add_image),
            Endpoint("DELETE", "/api/albums/{album_id}/images/{image_id}", self._remove_image),
        ]

    async def _list(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        albums = await asyncio.to_thread(self._store.albums, user)
        return JSONResponse({"albums": [self._json(album) for album in albums]})

    async def _create(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        body = await read_json(request)
        title = text_field(body, "title", MAX_TITLE, required=True) or ""
        description = text_field(body, "description", MAX_DESCRIPTION) or ""
        is_public = bool_field(body, "isPublic")
        album = await asyncio.to_thread(
            self._store.create_album,
            user,
            title,
            description,
            self._context.clock.now(),
            is_public=True if is_public is None else is_public,
        )
        return JSONResponse({"album": self._json(album)}, 201)

    async def _view(self, request: Request) -> Response:
        user = await self._context.auth.token_user_if_any(request)
        album_id = request.path_params["album_id"]
        album = await asyncio.to_thread(self._store.album, album_id) if is_id(album_id) else None
        if album is None:
            raise ApiError(404, "Album not found")
        password = request.query_params.get("password") or request.headers.get(PASSWORD_HEADER, "")
        await check_may_view(album, user, password)
        images = await asyncio.to_thread(self._store.album_images, album.id)
        bodies = [self._context.image_details_json(image) for image in images]
        return JSONResponse({"album": self._json(album) | {"images": bodies}})

    async def _update(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        body = await read_json(request)
        title = text_field(body, "title", MAX_TITLE, required=True) if "title" in body else None
        album = await asyncio.to_thread(
            self._store.update_album,
            user,
            request.path_params["album_id"],
            title=title,
            description=text_field(body, "description", MAX_DESCRIPTION),
            is_public=bool_field(body, "isPublic"),
            password=text_field(body, "password", MAX_PASSWORD),
        )
        return JSONResponse({"album": self._json(album)})

    async def _delete(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        album_id, now = request.path_params["album_id"], self._context.clock.now()
        await asyncio.to_thread(self._store.delete_album, user, album_id, now)
        return JSONResponse({"success": True})

    async def _add_image(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        body = await read_json(request)
        image_id = text_field(body, "imageId", 64, required=True) or ""
        await asyncio.to_thread(self._store.add_to_album, user, request.path_params["album_id"], image_id)
        return JSONResponse({"success": True})

    async def _remove_image(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        path = request.path_params
        await asyncio.to_thread(self._store.remove_from_album, user, path["album_id"], path["image_id"])
        return JSONResponse({"success": True})

    def _json(self, album: StoredAlbum) -> dict[str, object]:
        links = self._context.links(album.cover) if album.cover else {}
        return {
            "id": album.id,
            "title": album.title,
            "description": album.description,
            "isPublic": album.is_public,
            "hasPassword": album.password is not None,
            "imageCount": album.image_count,
            "cover": links.get("thumbnail", links.get("url")),
            "url": f"{self._context.base_url}/a/{album.id}",
            "createdAt": album.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


async def check_may_view(album: StoredAlbum, user: DemoUser | None, password: str) -> None:
    """Let the owner in, and others into public albums with the password if there is one. Raises ApiError 401 or 403."""
    if user is not None and user.id == album.user_id:
        return
    if not album.is_public:
        raise ApiError(401 if user is None else 403, "This album is private")
    if album.password is None:
        return
    if not password:
        raise ApiError(401, "This album has a password")
    if not await asyncio.to_thread(album.opens_with, password):
        raise ApiError(403, "Wrong password")
