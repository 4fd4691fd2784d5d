"""The path of one screenshot, as far as the upload queue: grab, select, crop, save, encode, enqueue.

It flows one way. Nothing here knows what a window is or how a file is sent: the overlay is a `RegionSelector`, the
queue an `Uploads`, and what follows an upload is `FollowUps`' business.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from app.core.doctor import CLIPBOARD_REMEDY, Part
from app.core.errors import Cancelled, InputError, NotSaved, UserFacingError
from app.core.geometry import Rect
from app.core.images import ImageFormat
from app.core.imglink import UploadOptions
from app.core.naming import file_name_from_pattern, neutral_upload_name
from app.core.ports import Clipboard, Clock, Countdown, Encoder, NewUpload, RegionSelector, Screen, Selection
from app.core.screen import Desktop, Frame, KnownWindow, same_window, without_decorations
from app.core.uploads import NOTHING_AFTER, AfterUpload, UploadItem
from app.core.workflow import CaptureMode, CaptureTask, SourceKind, Workflow
from app.services.doctor import failing


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
    window_decorations: bool = True
    """Whether a captured window has its title bar and borders."""
    fixed_size_px: tuple[int, int] = (1280, 720)
    """Width and height of the region of CaptureMode.FIXED."""


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """One capture. `geometry_px` and `monitor_number` make the choice beforehand, so that no overlay is shown."""

    workflow: Workflow
    monitor_number: int | None = None
    geometry_px: Rect | None = None
    include_cursor: bool | None = None
    """None means as the settings say."""
    window_decorations: bool | None = None
    fixed_size_px: tuple[int, int] | None = None
    """None means as the settings say, for both."""
    delay_s: float = 0.0
    after: AfterUpload = NOTHING_AFTER
    """What is to be done once it is uploaded; kept with it."""
    is_alone: bool = False
    """True leaves out the after-capture tasks of the settings: only the workflow's own are done."""
    save_to: Path | None = None
    """A file of the person's choice, instead of the save folder, or a folder, which gets a file with the usual name.

    Where its name ends like a PNG, WebP or JPEG file, the picture is encoded as that, and uploaded as that too;
    otherwise as the settings say.
    """

    @property
    def wants_window(self) -> bool:
        """True when a window is to be taken, and nothing else."""
        return self.geometry_px is None and self.workflow.mode in (CaptureMode.WINDOW, CaptureMode.LAST_WINDOW)


@dataclass(frozen=True, slots=True)
class Captured:
    """What came of a capture."""

    frame: Frame
    upload: UploadItem | None
    """The durable queue item, when the workflow uploads."""
    saved_path: Path | None
    image_format: ImageFormat = ImageFormat.PNG


class PartlyDone(UserFacingError):
    """A capture of which one part failed, in the words of that failure. `captured` has what was done."""

    def __init__(self, problem: UserFacingError, captured: Captured) -> None:
        message, safe, remedy = problem.message, problem.safe, problem.remedy
        if isinstance(problem, NotSaved) and captured.saved_path is not None:
            # Those are the words of a loss, and this is none.
            message, remedy = f"This was not uploaded: {problem.reason or 'it could not be kept'}.", ""
            safe = f"The picture is in {captured.saved_path}."
        super().__init__(message, remedy=remedy, safe=safe, details=problem.details, kind=problem.kind)
        self.captured = captured
        self.part = problem.part


class Uploads(Protocol):
    """The part of the upload queue that a capture needs."""

    def enqueue_bytes(self, data: bytes, new: NewUpload) -> Awaitable[UploadItem]:
        """Make the bytes durable, then queue them."""


class LastRegion(Protocol):
    """Remembers the last region and the last window across runs. Blocking, small."""

    def load(self) -> Rect | None:
        """The last region, if any."""

    def store(self, rect_px: Rect) -> None:
        """Remember it."""

    def load_window(self) -> KnownWindow | None:
        """The last window, if any."""

    def store_window(self, window: KnownWindow) -> None:
        """Remember it."""


class CaptureService:
    """Runs capture workflows, one at a time, on the asyncio thread. Grabbing has a worker thread of its own."""

    def __init__(
        self,
        *,
        screen: Screen,
        encoder: Encoder,
        selector: RegionSelector,
        uploads: Uploads,
        clipboard: Clipboard,
        last_region: LastRegion,
        preferences: Callable[[], CapturePreferences],
        clock: Clock,
        countdown: Countdown,
    ) -> None:
        self._screen = screen
        self._encoder = encoder
        self._selector = selector
        self._uploads = uploads
        self._clipboard = clipboard
        self._last_region = last_region
        self._preferences = preferences
        self._clock = clock
        self._countdown = countdown
        self._counting: asyncio.Task[bool] | None = None
        # The connection to the screen belongs to one thread for its whole life.
        self._grabber = ThreadPoolExecutor(1, thread_name_prefix="grab")
        self._is_busy = False
        self._processing: set[asyncio.Task[Captured]] = set()

    @property
    def is_busy(self) -> bool:
        """True while one is under way, from its delay to the person's choice."""
        return self._is_busy

    async def run(self, request: CaptureRequest) -> Captured:
        """Do it. Raises Cancelled when the person does or when one is already under way, else UserFacingError.

        One that still counts down is cancelled by asking for another: whoever presses the key again has changed their
        mind.

        Where nothing holds the picture afterwards that is NotSaved, with the picture.

        That is PartlyDone when the picture was uploaded or saved, but not both as asked.
        """
        if self._is_busy:
            if self._counting is not None:
                self._counting.cancel()
            raise Cancelled
        self._is_busy = True
        try:
            frame, selection = await self._take(request)
        finally:
            self._is_busy = False
        # From the moment of choosing on, it is a capture: quitting, or Ctrl+C, must not lose it.
        processing = asyncio.create_task(self._process(request, frame, selection))
        self._processing.add(processing)
        processing.add_done_callback(self._processed)
        return await asyncio.shield(processing)

    def _processed(self, processing: asyncio.Task[Captured]) -> None:
        self._processing.discard(processing)
        # Looked at, because whoever asked may be gone; who is not gets it raised.
        processing.exception()

    async def warm_up(self) -> None:
        """Prepare the screen, so that the first real capture is as quick as the next."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._grabber, self._screen.warm_up)
        except UserFacingError:
            return  # The first real capture will say so, to someone who is listening.

    async def close(self) -> None:
        """See captures that were made to the disk, and release the screen."""
        if self._processing:
            await asyncio.wait(self._processing)
        await asyncio.get_running_loop().run_in_executor(self._grabber, self._screen.close)
        self._grabber.shutdown()

    async def _grab(self, request: CaptureRequest) -> Desktop:
        wanted = request.include_cursor
        cursor = self._preferences().include_cursor if wanted is None else wanted
        grab = self._screen.grab_for_window if request.wants_window else self._screen.grab
        loop = asyncio.get_running_loop()
        with failing(Part.CAPTURE):
            return await loop.run_in_executor(self._grabber, lambda: grab(cursor=cursor))

    async def _take(self, request: CaptureRequest) -> tuple[Frame, Selection]:
        if request.delay_s > 0:
            await self._count_down(request.delay_s)
        desktop = await self._grab(request)
        wanted = request.window_decorations
        if not (self._preferences().window_decorations if wanted is None else wanted):
            desktop = without_decorations(desktop)
        selection = await self._choose(request, desktop)
        frame = desktop.crop(selection.rect_px)
        if frame.rect_px.is_empty:
            raise InputError(
                f"The region {selection.rect_px} lies outside the screen.",
                remedy=f"The desktop is {desktop.rect_px} (X,Y,W,H).",
            )
        if selection.kind is SourceKind.REGION and not desktop.is_chosen:
            await asyncio.to_thread(self._last_region.store, frame.rect_px)
        elif selection.window_id is not None:
            window = KnownWindow(selection.window_id, selection.window_title)
            await asyncio.to_thread(self._last_region.store_window, window)
        return frame, selection

    async def _count_down(self, seconds: float) -> None:
        self._counting = asyncio.ensure_future(self._countdown.wait(seconds))
        try:
            await asyncio.wait({self._counting})
            if self._counting.cancelled() or not self._counting.result():
                raise Cancelled
        finally:
            self._counting.cancel()
            self._counting = None

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
            case _ if desktop.is_chosen:
                return Selection(desktop.rect_px, SourceKind.WINDOW if request.wants_window else SourceKind.REGION)
            case _ if request.wants_window and not desktop.windows:
                raise UserFacingError(
                    "There is no window on the screen.", remedy="Open one, or capture a region instead."
                )
            case mode:
                last = await asyncio.to_thread(self._last_region.load)
                if mode is CaptureMode.LAST_REGION and last and not last.intersected(desktop.rect_px).is_empty:
                    return Selection(last, SourceKind.REGION)
                if mode is CaptureMode.LAST_WINDOW and (again := await self._window_again(desktop)) is not None:
                    return again
                fixed = request.fixed_size_px
                if fixed is None and mode is CaptureMode.FIXED:
                    fixed = self._preferences().fixed_size_px
                selection = await self._selector.select(
                    desktop,
                    windows_only=request.wants_window,
                    last_region=last,
                    fixed_size_px=fixed,
                )
                if selection is None:
                    raise Cancelled
                return selection

    async def _window_again(self, desktop: Desktop) -> Selection | None:
        known = await asyncio.to_thread(self._last_region.load_window)
        window = None if known is None else same_window(desktop.windows, known)
        return None if window is None else Selection(window.rect_px, SourceKind.WINDOW, window.title, window.id)

    async def _process(self, request: CaptureRequest, frame: Frame, selection: Selection) -> Captured:
        preferences = self._preferences()
        image_format = _format_of(request.save_to) or preferences.image_format
        preferences = replace(preferences, image_format=image_format)
        tasks = request.workflow.after_capture | (frozenset() if request.is_alone else preferences.tasks)
        saves = request.save_to is not None or CaptureTask.SAVE_TO_FOLDER in tasks
        data = b""
        if saves or CaptureTask.UPLOAD in tasks:
            data = await asyncio.to_thread(self._encoder.encode, frame, image_format, preferences.jpeg_quality)
        done = Captured(frame, None, None, image_format)
        problems: list[UserFacingError] = []
        # Whatever fails does not keep the rest from being done; the upload first, because it makes the picture durable.
        if CaptureTask.UPLOAD in tasks:
            try:
                new = _new_upload(request, preferences, frame, selection)
                done = replace(done, upload=await self._uploads.enqueue_bytes(data, new))
            except UserFacingError as problem:
                problems.append(problem)
        if saves:
            try:
                saved = await asyncio.to_thread(self._save, request.save_to, preferences, frame, selection, data)
                done = replace(done, saved_path=saved)
            except UserFacingError as problem:
                problems.append(problem)
        if CaptureTask.COPY_IMAGE in tasks:
            try:
                with failing(Part.CLIPBOARD):
                    if not await self._clipboard.copy_image(frame):
                        raise UserFacingError("The clipboard did not take the picture.", remedy=CLIPBOARD_REMEDY)
            except UserFacingError as problem:
                problems.append(problem)
        if problems and (done.upload or done.saved_path):
            raise PartlyDone(problems[0], done) from problems[0]
        if problems:
            raise _lost(problems, data) from problems[0]
        return done

    def _save(
        self, wanted: Path | None, preferences: CapturePreferences, frame: Frame, selection: Selection, data: bytes
    ) -> Path:
        if wanted is not None and not wanted.is_dir():
            return write_whole(wanted, data)
        name = file_name_from_pattern(
            preferences.name_pattern,
            self._clock.now().astimezone(),
            width=frame.rect_px.width,
            height=frame.rect_px.height,
            title=selection.window_title,
            extension=preferences.image_format.extension,
        )
        return _write_unused((wanted or preferences.save_folder) / name, data)


def _lost(problems: list[UserFacingError], data: bytes) -> UserFacingError:
    """What to raise when all has failed: the problem that has the picture, so that nobody loses it."""
    for problem in problems:
        if isinstance(problem, NotSaved):
            problem.data = problem.data or data
            return problem
    return problems[0]


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
        after=request.after,
        width=frame.rect_px.width,
        height=frame.rect_px.height,
    )


def write_whole(path: Path, data: bytes) -> Path:
    """Replace `path` whole or not at all. Blocking; raises NotSaved."""
    temporary = path.with_name(f".{path.name}.{neutral_upload_name('.part')}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        # Where a folder is no folder, not even that can be said without an error.
        with suppress(OSError):
            temporary.unlink()
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


def _format_of(path: Path | None) -> ImageFormat | None:
    """What the name of a file asks for; None when it asks for nothing that captures can be."""
    return None if path is None else NAMED_FORMATS.get(path.suffix.lower())


NAMED_FORMATS = {
    ".png": ImageFormat.PNG,
    ".webp": ImageFormat.WEBP,
    ".jpg": ImageFormat.JPEG,
    ".jpeg": ImageFormat.JPEG,
}
"""Ends of file names, in lower case, and the format that each asks for."""


def _not_saved(path: Path, error: OSError) -> NotSaved:
    reason = (error.strerror or "unknown reason").lower()
    problem = NotSaved(
        f"The picture could not be saved to {path}: {reason}.", remedy="Choose another place.", details=repr(error)
    )
    problem.reason = reason
    return problem
