"""Images: data, deletion, the gallery, and the files themselves."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from app.core.images import ImageFormat
from app.demo.accounts import SCOPE_DELETE
from app.demo.context import is_id, page_number
from app.demo.endpoint import Endpoint
from app.demo.media import make_thumbnail
from app.demo.replies import ApiError

if TYPE_CHECKING:
    from app.demo.context import Context

_CHUNK_BYTES = 256 * 1024
# Opened as a page, an SVG could run scripts on this origin: it gets none, and no origin.
_SVG_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
MAX_PAGE = 1_000_000


class ImageRoutes:
    """Single images and the public gallery."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._thumbnail_lock = asyncio.Lock()

    def endpoints(self) -> list[Endpoint]:
        """The endpoints of this module."""
        return [
            Endpoint("GET", "/api/v1/image/{image_id}", self._info),
            Endpoint("DELETE", "/api/v1/image/{image_id}", self._delete),
            Endpoint("GET", "/api/gallery", self._gallery),
            Endpoint("GET", "/cdn/{file_name}", self._file),
            Endpoint("GET", "/cdn/medium/{file_name}", self._thumbnail),
        ]

    async def _info(self, request: Request) -> Response:
        image = await self._context.image(request.path_params["image_id"])
        return JSONResponse({"success": True, "data": self._context.image_details_json(image)})

    async def _delete(self, request: Request) -> Response:
        user = await self._context.auth.key_user(request, SCOPE_DELETE)
        image_id = request.path_params["image_id"]
        if not is_id(image_id) or not await asyncio.to_thread(self._context.images.delete, image_id, user):
            raise ApiError(404, "Image not found or not owned by you")
        return JSONResponse({"success": True})

    async def _gallery(self, request: Request) -> Response:
        page = page_number(request.query_params, "page", 1, MAX_PAGE)
        limit = page_number(request.query_params, "limit", 20, self._context.limits.max_gallery_page)
        images, total = await asyncio.to_thread(self._context.images.gallery, page, limit)
        return JSONResponse(
            {
                "images": [self._context.image_details_json(image) for image in images],
                "page": page,
                "totalPages": math.ceil(total / limit),
                "total": total,
            }
        )

    async def _file(self, request: Request) -> Response:
        image_id, _, extension = request.path_params["file_name"].partition(".")
        image = await self._context.image(image_id)
        if extension != image.format.value:
            raise ApiError(404, "Image not found")
        headers = {"Content-Security-Policy": _SVG_POLICY} if image.format is ImageFormat.SVG else {}
        return await _send_file(
            request, self._context.images.file_path(image), image.format.mime, f'"{image.sha256}"', headers
        )

    async def _thumbnail(self, request: Request) -> Response:
        image_id, _, extension = request.path_params["file_name"].partition(".")
        image = await self._context.image(image_id)
        path = self._context.images.thumbnail_path(image)
        source = self._context.images.file_path(image)
        if extension != "webp" or not image.has_thumbnail:
            raise ApiError(404, "Thumbnail not found")
        # Made when first asked for, so that it never stands between an upload and its link; one at a time.
        async with self._thumbnail_lock:
            if not path.exists() and not await asyncio.to_thread(make_thumbnail, source, image.format, path):
                raise ApiError(404, "Thumbnail not found")
        return await _send_file(request, path, "image/webp", f'"{image.sha256}-medium"', {})


async def _send_file(request: Request, path: Path, mime: str, etag: str, headers: dict[str, str]) -> Response:
    headers |= {"ETag": etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    try:
        size = (await asyncio.to_thread(path.stat)).st_size
    except FileNotFoundError as error:
        raise ApiError(404, "Image not found") from error
    headers["Content-Length"] = str(size)
    if request.method == "HEAD":
        return Response(media_type=mime, headers=headers)
    return StreamingResponse(_chunks(path), media_type=mime, headers=headers)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    sent = 0
    while chunk := await asyncio.to_thread(_read, path, sent):
        yield chunk
        sent += len(chunk)


def _read(path: Path, start: int) -> bytes:
    # Opened for each piece: a file that a thread has just opened would stay open when the browser leaves meanwhile.
    with path.open("rb") as file:
        file.seek(start)
        return file.read(_CHUNK_BYTES)
