"""The path of one screenshot, as far as the upload queue: grab, select, crop, save, encode, enqueue.

It flows one way. Nothing here knows what a window is or how a file is sent: the overlay is a `RegionSelector`, the
queue an `Uploads`, and what follows an upload is `FollowUps`' business.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.core.errors import Cancelled, InputError, UserFacingError
from app.core.geometry import Rect
from app.core.images import ImageFormat
from app.core.imglink import UploadOptions
from app.core.naming import file_name_from_pattern, neutral_upload_name
from app.core.ports import Clipboard, Clock, Encoder, NewUpload, RegionSelector, ScreenCapture, Selection
from app.core.screen import Desktop, Frame
from app.core.uploads import UploadItem
from app.core.workflow import CaptureMode, CaptureTask, SourceKind, Workflow


@dataclass(frozen=True, slots=True)
class CapturePreferences:
    """What the settings say about captures, read afresh for each one."""

    include_cursor: bool
    image_format: ImageFormat
    jpeg_quality: int
    """1 to 100; counts for JPEG only."""
    save_folder: Path
    name_pattern: str
    options: UploadOptions
    tasks: frozenset[CaptureTask] = frozenset()
    """After-capture tasks of the settings, done besides the workflow's own."""


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """One capture. `geometry_px` and `monitor_number` make the choice beforehand, so that no overlay is shown."""

    workflow: Workflow
    monitor_number: int | None = None
    geometry_px: Rect | None = None
    include_cursor: bool | None = None
    """None means as the settings say."""
    delay_s: float = 0.0
    save_to: Path | None = None
    """A file of the person's choice, instead of the save folder. The format stays the one in the settings."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What came of a capture."""

    frame: Frame
    upload: UploadItem | None
    """The durable queue item, when the workflow uploads."""
    saved_path: Path | None


class Uploads(Protocol):
    """The part of the upload queue that a capture needs."""

    def enqueue_bytes(self, data: bytes, new: NewUpload) -> Awaitable[UploadItem]:
        """Make the bytes durable, then queue them."""


class LastRegion(Protocol):
    """Remembers the last region across runs. Blocking, small."""

    def load(self) -> Rect | None:
        """The last region, if any."""

    def store(self, rect_px: Rect) -> None:
        """Remember it."""


class CaptureService:
    """Runs capture workflows, one at a time, on the asyncio thread. Grabbing has a worker thread of its own."""

    def __init__(
        self,
        *,
        screen: ScreenCapture,
        encoder: Encoder,
        selector: RegionSelector,
        uploads: Uploads,
        clipboard: Clipboard,
        last_region: LastRegion,
        preferences: Callable[[], CapturePreferences],
        clock: Clock,
    ) -> None:
        self._screen = screen
        self._encoder = encoder
        self._selector = selector
        self._uploads = uploads
        self._clipboard = clipboard
        self._last_region = last_region
        self._preferences = preferences
        self._clock = clock
        # The connection to the screen belongs to one thread for its whole life.
        self._grabber = ThreadPoolExecutor(1, thread_name_prefix="grab")
        self._is_busy = False

    async def run(self, request: CaptureRequest) -> Captured:
        """Do it. Raises Cancelled when the person does or when one is already under way, else UserFacingError."""
        if self._is_busy:
            raise Cancelled
        self._is_busy = True
        try:
            frame, selection = await self._take(request)
        finally:
            self._is_busy = False
        return await self._process(request, frame, selection)

    async def warm_up(self) -> None:
        """Grab once for nothing, so that the first real capture is as quick as the next."""
        try:
            await self._grab(cursor=False)
        except UserFacingError:
            return  # The first real capture will say so, to someone who is listening.

    async def close(self) -> None:
        """Release the screen."""
        await asyncio.get_running_loop().run_in_executor(self._grabber, self._screen.close)
        self._grabber.shutdown()

    async def _grab(self, *, cursor: bool) -> Desktop:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._grabber, lambda: self._screen.grab(cursor=cursor))

    async def _take(self, request: CaptureRequest) -> tuple[Frame, Selection]:
        if request.delay_s > 0:
            await asyncio.sleep(request.delay_s)
        wanted = request.include_cursor
        cursor = self._preferences().include_cursor if wanted is None else wanted
        desktop = await self._grab(cursor=cursor)
        selection = await self._choose(request, desktop)
        frame = desktop.crop(selection.rect_px)
        if frame.rect_px.is_empty:
            raise InputError(
                f"The region {selection.rect_px} lies outside the screen.",
                remedy=f"The desktop is {desktop.rect_px} (X,Y,W,H).",
            )
        if selection.kind is SourceKind.REGION:
            await asyncio.to_thread(self._last_region.store, frame.rect_px)
        return frame, selection

    async def _choose(self, request: CaptureRequest, desktop: Desktop) -> Selection:
        if request.geometry_px is not None:
            return Selection(request.geometry_px, SourceKind.REGION)
        match request.workflow.mode:
            case CaptureMode.SCREEN:
                return Selection(desktop.rect_px, SourceKind.SCREEN)
            case CaptureMode.MONITOR:
                return _monitor(desktop, request.monitor_number or 1)
            case CaptureMode.CLIPBOARD:
                raise ValueError("the clipboard is not captured from the screen")
            case mode:
                last = await asyncio.to_thread(self._last_region.load)
                if mode is CaptureMode.LAST_REGION and last and not last.intersected(desktop.rect_px).is_empty:
                    return Selection(last, SourceKind.REGION)
                selection = await self._selector.select(
                    desktop, windows_only=mode is CaptureMode.WINDOW, last_region=last
                )
                if selection is None:
                    raise Cancelled
                return selection

    async def _process(self, request: CaptureRequest, frame: Frame, selection: Selection) -> Captured:
        preferences = self._preferences()
        tasks = request.workflow.after_capture | preferences.tasks
        data = b""
        if request.save_to is not None or tasks & {CaptureTask.SAVE_TO_FOLDER, CaptureTask.UPLOAD}:
            data = await asyncio.to_thread(
                self._encoder.encode, frame, preferences.image_format, preferences.jpeg_quality
            )
        upload = None
        if CaptureTask.UPLOAD in tasks:
            # First of all: from here on, nothing that fails can lose the capture.
            upload = await self._uploads.enqueue_bytes(data, _new_upload(request, preferences, frame, selection))
        saved = None
        if request.save_to is not None:
            saved = await asyncio.to_thread(_write, request.save_to, data)
        elif CaptureTask.SAVE_TO_FOLDER in tasks:
            saved = await asyncio.to_thread(self._save, preferences, frame, selection, data)
        if CaptureTask.COPY_IMAGE in tasks:
            await self._clipboard.copy_image(frame)
        return Captured(frame, upload, saved)

    def _save(self, preferences: CapturePreferences, frame: Frame, selection: Selection, data: bytes) -> Path:
        name = file_name_from_pattern(
            preferences.name_pattern,
            self._clock.now().astimezone(),
            width=frame.rect_px.width,
            height=frame.rect_px.height,
            title=selection.window_title,
            extension=preferences.image_format.extension,
        )
        return _write_unused(preferences.save_folder / name, data)


def _monitor(desktop: Desktop, number: int) -> Selection:
    for monitor in desktop.monitors:
        if monitor.number == number:
            return Selection(monitor.rect_px, SourceKind.MONITOR)
    count = len(desktop.monitors)
    raise InputError(f"There is no monitor {number}.", remedy=f"Choose one from 1 to {count}.")


def _new_upload(
    request: CaptureRequest, preferences: CapturePreferences, frame: Frame, selection: Selection
) -> NewUpload:
    name = neutral_upload_name(preferences.image_format.extension)
    return NewUpload(
        file_name=name,
        upload_name=name,
        kind=selection.kind,
        mime=preferences.image_format.mime,
        options=request.workflow.options or preferences.options,
        width=frame.rect_px.width,
        height=frame.rect_px.height,
    )


def _write(path: Path, data: bytes) -> Path:
    """Replace `path` whole or not at all."""
    temporary = path.with_name(f".{path.name}.{neutral_upload_name('.part')}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _not_saved(path, error) from error
    return path


def _write_unused(path: Path, data: bytes) -> Path:
    """Save under the first free name: `a.png`, `a (2).png`, …"""
    candidate, number = path, 1
    while True:
        try:
            candidate.parent.mkdir(parents=True, exist_ok=True)
            with candidate.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            number += 1
            candidate = path.with_stem(f"{path.stem} ({number})")
        except OSError as error:
            raise _not_saved(candidate, error) from error
        else:
            return candidate


def _not_saved(path: Path, error: OSError) -> UserFacingError:
    reason = error.strerror or "unknown reason"
    return UserFacingError(
        f"The picture could not be saved to {path}: {reason}.",
        remedy="Choose another folder in Settings › After capture.",
        details=repr(error),
    )
