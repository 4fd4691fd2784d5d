"""`POST /api/v1/upload` with a key and `POST /api/upload` with a token or nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.images import sniff
from app.demo.accounts import SCOPE_UPLOAD
from app.demo.endpoint import Endpoint
from app.demo.image_store import IncomingFile, StoredImage, UploadChoices
from app.demo.media import dimensions
from app.demo.multipart import Allowance, Form, ReceivedFile, boundary_of, read_form
from app.demo.replies import ApiError

if TYPE_CHECKING:
    from app.demo.accounts import DemoUser
    from app.demo.context import Context

_HOUR_S = 3600
_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}


@dataclass(frozen=True, slots=True)
class _Rate:
    name: str
    limit: int
    window_s: float


class UploadRoutes:
    """Both ways to upload; they differ in credential, limits and the shape of the answer."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def endpoints(self) -> list[Endpoint]:
        """The endpoints of this module."""
        return [
            Endpoint("POST", "/api/v1/upload", self._upload_with_key),
            Endpoint("POST", "/api/upload", self._upload_from_web),
        ]

    async def _upload_with_key(self, request: Request) -> Response:
        user = await self._context.auth.key_user(request, SCOPE_UPLOAD)
        images = await self._receive(request, user, takes_album=True)
        bodies = [self._context.image_json(image, with_delete=True) for image in images]
        return JSONResponse({"success": True, **bodies[0]} if len(bodies) == 1 else {"success": True, "images": bodies})

    async def _upload_from_web(self, request: Request) -> Response:
        user = await self._context.auth.token_user_if_any(request)
        images = await self._receive(request, user, takes_album=False)
        # Deleting takes the owner's key, so an anonymous image has no delete link.
        return JSONResponse(
            {"images": [self._context.image_json(image, with_delete=user is not None) for image in images]}
        )

    async def _receive(self, request: Request, user: DemoUser | None, *, takes_album: bool) -> list[StoredImage]:
        rate = self._rate(request, user)
        limiter = self._context.limiter
        mark = limiter.hit(rate.name, rate.limit, rate.window_s) if rate.window_s else None
        try:
            return await self._store(request, user, takes_album=takes_album)
        except BaseException:
            # A refused or broken upload does not cost the uploader their half hour.
            if mark is not None:
                limiter.undo(rate.name, mark)
            raise

    def _rate(self, request: Request, user: DemoUser | None) -> _Rate:
        limits = self._context.limits
        if user is not None:
            return _Rate(f"uploads of user {user.id}", limits.uploads_per_hour, _HOUR_S)
        address = request.client.host if request.client else ""
        return _Rate(f"anonymous uploads of {address}", 1, limits.anonymous_interval_s)

    async def _store(self, request: Request, user: DemoUser | None, *, takes_album: bool) -> list[StoredImage]:
        context = self._context
        allowance = self._allowance(user)
        boundary = boundary_of(request.headers.get("content-type", ""))
        length = request.headers.get("content-length", "0")
        if length.isdecimal() and int(length) > allowance.max_body_bytes:
            raise ApiError(413, f"Upload too large: at most {allowance.max_body_bytes} bytes in one request")
        form = await read_form(request.stream(), boundary, context.images.incoming, allowance)
        try:
            choices = _choices(form, takes_album=takes_album)
            files = await asyncio.to_thread(_check_files, form)
            limits = context.limits
            storage = limits.storage_bytes_verified if user and user.is_verified else limits.storage_bytes
            return await asyncio.to_thread(context.images.add, files, user, choices, context.clock.now(), storage)
        finally:
            form.discard()

    def _allowance(self, user: DemoUser | None) -> Allowance:
        limits = self._context.limits
        if user is None:
            return Allowance(limits.max_files_anonymous, limits.max_file_bytes_anonymous)
        return Allowance(limits.max_files, limits.max_file_bytes)


def _check_files(form: Form) -> list[IncomingFile]:
    """Every file by its content. Raises ApiError 400 for the first that is no image of the service."""
    if not form.files:
        raise ApiError(400, "No files uploaded")
    return [_check_file(file) for file in form.files]


def _check_file(file: ReceivedFile) -> IncomingFile:
    image_format = sniff(file.head)
    if image_format is None:
        raise ApiError(400, f"Invalid file type: {file.file_name}")
    width, height = dimensions(file.path, image_format) or (None, None)
    return IncomingFile(file.path, file.file_name, image_format, file.size, file.sha256, width, height)


def _choices(form: Form, *, takes_album: bool) -> UploadChoices:
    visibility = form.fields.get("visibility", "")
    if visibility not in ("", "public", "private"):
        raise ApiError(400, "visibility must be public or private")
    is_private = visibility == "private" or _flag(form, "private")
    album = (form.fields.get("album") or form.fields.get("folder") or None) if takes_album else None
    return UploadChoices(is_private=is_private, is_nsfw=_flag(form, "nsfw"), album_id=album)


def _flag(form: Form, name: str) -> bool:
    text = form.fields.get(name, "").lower()
    if text not in _FLAGS:
        raise ApiError(400, f"{name} must be true or false")
    return _FLAGS[text]
