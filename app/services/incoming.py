"""Files and pictures that the person hands over: checked one by one, and the good ones queued."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from app.core.errors import NotSaved, UserFacingError
from app.core.history import HistoryEntry
from app.core.images import ImageFormat
from app.core.imglink import UploadOptions
from app.core.naming import neutral_upload_name
from app.core.ports import NewUpload
from app.core.uploads import NOTHING_AFTER, AfterUpload, UploadItem
from app.core.workflow import SourceKind
from app.services.intake import CheckedFile, check_data, check_file, shown_name
from app.services.uploads import UploadQueue


@dataclass(frozen=True, slots=True)
class IncomingPreferences:
    """What the settings say, read afresh each time."""

    options: UploadOptions
    neutral_names: bool
    strip_metadata: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not queued, and why."""

    name: str
    error: UserFacingError


@dataclass(frozen=True, slots=True)
class Existing:
    """A file that was not queued, because its image is there already and its link will do."""

    name: str
    entry: HistoryEntry


OnDuplicate = Callable[[str, HistoryEntry], Awaitable[bool]]
"""Asked, with a file's name, about an earlier image of the same bytes: True takes its link, False uploads once more."""


class MetadataCleaner(Protocol):
    """Leaves out what a file tells about place, camera, time and author. Blocking."""

    def can_clean(self, image_format: ImageFormat) -> bool:
        """False for formats that are sent as they are."""

    def clean(self, source: BinaryIO, target: BinaryIO, image_format: ImageFormat) -> None:
        """Copy the picture without it. Raises InputError."""


class IncomingFiles:
    """Takes files in. Used on the asyncio thread; files are read on threads of their own."""

    def __init__(
        self,
        uploads: UploadQueue,
        *,
        cleaner: MetadataCleaner,
        spool_folder: Path,
        has_credential: Callable[[], Awaitable[bool]],
        preferences: Callable[[], IncomingPreferences],
        find_duplicate: Callable[[str], Awaitable[HistoryEntry | None]] | None = None,
    ) -> None:
        """`spool_folder` holds cleaned copies for the moment until they are queued."""
        self._uploads = uploads
        self._cleaner = cleaner
        self._spool_folder = spool_folder
        self._has_credential = has_credential
        self._preferences = preferences
        self._find_duplicate = find_duplicate

    async def take_files(
        self,
        paths: Iterable[Path],
        kind: SourceKind,
        options: UploadOptions | None = None,
        *,
        after: AfterUpload = NOTHING_AFTER,
        on_taken: Callable[[UploadItem], None] | None = None,
        on_duplicate: OnDuplicate | None = None,
    ) -> tuple[UploadItem | Refused | Existing, ...]:
        """Queue the files that can be sent; for each of the others, in its place, the reason.

        `on_taken` is told of each that is queued: who cancels this has no other way to know. Without `on_duplicate`
        nobody looks whether a file was uploaded before.
        """
        preferences = self._preferences()
        chosen = options or preferences.options
        is_anonymous = await self._is_anonymous(chosen)
        results: list[UploadItem | Refused | Existing] = []
        for path in paths:
            try:
                checked = await asyncio.to_thread(check_file, path, anonymous=is_anonymous)
                item = await self._take(checked, kind, chosen, preferences, after, on_duplicate)
            except UserFacingError as error:
                results.append(Refused(shown_name(path), error))
            else:
                results.append(item)
                if on_taken is not None and isinstance(item, UploadItem):
                    on_taken(item)
        return tuple(results)

    async def take_picture(self, data: bytes, kind: SourceKind, *, after: AfterUpload = NOTHING_AFTER) -> UploadItem:
        """Queue the bytes of a picture that is no file. Raises UserFacingError."""
        preferences = self._preferences()
        options = preferences.options
        checked = check_data(data, anonymous=await self._is_anonymous(options))
        if preferences.strip_metadata and self._cleaner.can_clean(checked.format):
            target = io.BytesIO()
            await asyncio.to_thread(self._cleaner.clean, io.BytesIO(data), target, checked.format)
            data = target.getvalue()
        name = neutral_upload_name(checked.format.extension)
        new = NewUpload(name, name, kind, checked.mime, options, after=after)
        return await self._uploads.enqueue_bytes(data, new)

    async def _take(
        self,
        file: CheckedFile,
        kind: SourceKind,
        options: UploadOptions,
        preferences: IncomingPreferences,
        after: AfterUpload,
        on_duplicate: OnDuplicate | None,
    ) -> UploadItem | Existing:
        name = None if preferences.neutral_names else file.shown_name
        if not (preferences.strip_metadata and self._cleaner.can_clean(file.format)):
            if (entry := await self._existing(file, file.path, on_duplicate)) is not None:
                return Existing(file.shown_name, entry)
            return await self._uploads.enqueue_file(file, options, kind, upload_name=name, after=after)
        copy = await self._cleaned(file)
        try:
            if (entry := await self._existing(file, copy, on_duplicate)) is not None:
                return Existing(file.shown_name, entry)
            return await self._uploads.enqueue_file(file, options, kind, upload_name=name, taken_from=copy, after=after)
        finally:
            # Not awaited: cancelled here, what is queued by now would be sent without anybody knowing of it.
            _remove(copy)

    async def _existing(
        self, file: CheckedFile, content: Path, on_duplicate: OnDuplicate | None
    ) -> HistoryEntry | None:
        """The earlier image of what would be sent, if its link will do."""
        if on_duplicate is None or self._find_duplicate is None:
            return None
        entry = await self._find_duplicate(await asyncio.to_thread(_sha256, content))
        return entry if entry is not None and await on_duplicate(file.shown_name, entry) else None

    async def _cleaned(self, file: CheckedFile) -> Path:
        copying = asyncio.get_running_loop().run_in_executor(None, self._clean_copy, file)
        try:
            return await asyncio.shield(copying)
        except asyncio.CancelledError:
            # The thread cannot be told to stop, and nobody else knows of its file.
            copying.add_done_callback(_remove_result)
            raise

    def _clean_copy(self, file: CheckedFile) -> Path:
        """Streamed, because a file may be large."""
        try:
            descriptor, name = tempfile.mkstemp(dir=self._spool_folder, prefix="incoming-")
            copy = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as target, file.path.open("rb") as source:
                    self._cleaner.clean(source, target, file.format)
            except BaseException:
                copy.unlink()
                raise
            return copy
        except OSError as error:
            raise NotSaved(
                f"“{file.shown_name}” could not be prepared: {error.strerror}.",
                safe="The file itself is untouched.",
                remedy="Check the free space on the disk.",
            ) from error

    async def _is_anonymous(self, options: UploadOptions) -> bool:
        return options.anonymous or not await self._has_credential()


def _remove(copy: Path) -> None:
    copy.unlink()


def _remove_result(copying: asyncio.Future[Path]) -> None:
    if copying.exception() is None:
        _remove(copying.result())


def _sha256(path: Path) -> str:
    """In hex; empty when it cannot be read: whoever queues it says why."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
