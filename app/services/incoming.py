"""Files and pictures that the person hands over: checked one by one, and the good ones queued."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import UserFacingError
from app.core.imglink import UploadOptions
from app.core.naming import neutral_upload_name
from app.core.ports import NewUpload
from app.core.uploads import UploadItem
from app.core.workflow import SourceKind
from app.services.intake import check_data, check_file, shown_name
from app.services.uploads import UploadQueue


@dataclass(frozen=True, slots=True)
class IncomingPreferences:
    """What the settings say, read afresh each time."""

    options: UploadOptions
    neutral_names: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not queued, and why."""

    name: str
    error: UserFacingError


class IncomingFiles:
    """Takes files in. Used on the asyncio thread; files are read on threads of their own."""

    def __init__(
        self,
        uploads: UploadQueue,
        *,
        has_credential: Callable[[], Awaitable[bool]],
        preferences: Callable[[], IncomingPreferences],
    ) -> None:
        self._uploads = uploads
        self._has_credential = has_credential
        self._preferences = preferences

    async def take_files(
        self, paths: Iterable[Path], kind: SourceKind, options: UploadOptions | None = None
    ) -> tuple[UploadItem | Refused, ...]:
        """Queue the files that can be sent; for each of the others, in its place, the reason."""
        preferences = self._preferences()
        chosen = options or preferences.options
        is_anonymous = await self._is_anonymous(chosen)
        results: list[UploadItem | Refused] = []
        for path in paths:
            try:
                checked = await asyncio.to_thread(check_file, path, anonymous=is_anonymous)
                name = None if preferences.neutral_names else checked.shown_name
                results.append(await self._uploads.enqueue_file(checked, chosen, kind, upload_name=name))
            except UserFacingError as error:
                results.append(Refused(shown_name(path), error))
        return tuple(results)

    async def take_picture(self, data: bytes, kind: SourceKind) -> UploadItem:
        """Queue the bytes of a picture that is no file. Raises UserFacingError."""
        options = self._preferences().options
        checked = check_data(data, anonymous=await self._is_anonymous(options))
        name = neutral_upload_name(checked.format.extension)
        return await self._uploads.enqueue_bytes(data, NewUpload(name, name, kind, checked.mime, options))

    async def _is_anonymous(self, options: UploadOptions) -> bool:
        return options.anonymous or not await self._has_credential()
