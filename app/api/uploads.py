"""Sending images."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from app.api import parse
from app.api.base import Calls
from app.api.calls import Call
from app.api.multipart import MultipartBody, open_files
from app.core.errors import InputError
from app.core.imglink import (
    MAX_FILES_PER_UPLOAD,
    MAX_FILES_PER_UPLOAD_ANONYMOUS,
    CredentialKind,
    Image,
    UploadOptions,
    Visibility,
)
from app.core.ports import UploadFile

_KEY_PATH = "/api/v1/upload"
_WEB_PATH = "/api/upload"


class UploadCalls(Calls):
    """`/api/v1/upload` with the API key; `/api/upload` with the token, or without an account."""

    async def upload(
        self,
        file: UploadFile,
        options: UploadOptions,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        before_commit: Callable[[], Awaitable[None]] | None = None,
    ) -> Image:
        """Send one file; see `app.core.ports.ImgLink.upload` for the credential, progress and the commit."""
        (image,) = await self._upload((file,), options, on_progress, before_commit)
        return image

    async def upload_several(
        self,
        files: Sequence[UploadFile],
        options: UploadOptions,
        *,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> tuple[Image, ...]:
        """Send 1 to 15 files (5 without an account) in one request, answered in the same order."""
        return await self._upload(files, options, on_progress, None)

    async def _upload(
        self,
        files: Sequence[UploadFile],
        options: UploadOptions,
        on_progress: Callable[[int, int], None] | None,
        before_commit: Callable[[], Awaitable[None]] | None,
    ) -> tuple[Image, ...]:
        what = "image" if len(files) == 1 else "images"
        action = f"upload the {what}"
        credential = None
        if not options.anonymous:
            credential = await self._transport.credential(
                CredentialKind.API_KEY, action
            ) or await self._transport.credential(CredentialKind.TOKEN, action)
        limit = MAX_FILES_PER_UPLOAD_ANONYMOUS if credential is None else MAX_FILES_PER_UPLOAD
        if not 1 <= len(files) <= limit:
            raise InputError(
                f"{len(files)} files cannot go in one upload: 1 to {limit} can.", safe="Nothing was uploaded."
            )
        has_key = credential is not None and credential.kind is CredentialKind.API_KEY
        call = Call(action, "POST", _KEY_PATH if has_key else _WEB_PATH, when_refused="Nothing was uploaded.")
        with open_files(files) as opened:
            body = MultipartBody(opened, _fields(options), on_progress=on_progress, before_commit=before_commit)
            return await self._transport.upload(
                call, credential, body, lambda answer: parse.uploaded(answer, len(files))
            )


def _fields(options: UploadOptions) -> dict[str, str]:
    """Only what is not the service's default: a server that does not know a field never sees it without need."""
    fields: dict[str, str] = {}
    if options.visibility is not Visibility.PUBLIC:
        # Some integrations report one name, some the other: missing the right one would publish a private image.
        fields |= {"visibility": options.visibility.value, "private": "true"}
    if options.nsfw:
        fields["nsfw"] = "true"
    return fields
