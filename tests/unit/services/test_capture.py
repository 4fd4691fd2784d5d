"""The capture workflow over in-memory ports."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.core.doctor import Part
from app.core.errors import Cancelled, InputError, NotSaved, UserFacingError
from app.core.geometry import Rect
from app.core.images import ImageFormat
from app.core.imglink import UploadOptions, Visibility
from app.core.ports import NewUpload, Probe, Selection
from app.core.screen import Desktop, Frame, KnownWindow, Monitor, WindowInfo
from app.core.uploads import AfterUpload, UploadId, UploadItem, UploadState
from app.core.workflow import CaptureMode, CaptureTask, SourceKind, UploadTask, Workflow
from app.services.capture import CapturePreferences, CaptureRequest, CaptureService, PartlyDone

DESKTOP_RECT = Rect(0, 0, 40, 20)
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NO_UPLOAD: frozenset[CaptureTask] = frozenset()


def a_desktop() -> Desktop:
    left, right = Rect(0, 0, 20, 20), Rect(20, 0, 20, 20)
    return Desktop(
        (Monitor(1, "L", left), Monitor(2, "R", right)),
        tuple(Frame(rect, memoryview(bytes(rect.width * rect.height * 4)), rect.width * 4) for rect in (left, right)),
    )


class Screen:
    name = "memory"

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.cursors: list[bool] = []
        self.windows: tuple[WindowInfo, ...] = ()
        self.window_grabs = 0
        self.chosen: Desktop | None = None

    def probe(self) -> Probe:
        return Probe(self.name, available=True)

    def grab(self, *, cursor: bool = False) -> Desktop:
        self.threads.add(threading.get_ident())
        self.cursors.append(cursor)
        return replace(a_desktop(), windows=self.windows)

    def grab_for_window(self, *, cursor: bool = False) -> Desktop:
        self.threads.add(threading.get_ident())
        self.window_grabs += 1
        return self.chosen or self.grab(cursor=cursor)

    def warm_up(self) -> None:
        self.threads.add(threading.get_ident())

    def close(self) -> None:
        self.threads.add(threading.get_ident())


class Encoder:
    def encode(self, frame: Frame, image_format: ImageFormat, quality: int) -> bytes:
        return f"{image_format.value} {quality} {frame.rect_px}".encode()


@dataclass
class Selector:
    answer: Selection | None = field(default_factory=lambda: Selection(Rect(3, 4, 5, 6), SourceKind.REGION))
    asked: list[tuple[bool, Rect | None]] = field(default_factory=list)
    shown: asyncio.Event | None = None
    hold: asyncio.Event | None = None

    fixed_size_px: tuple[int, int] | None = None
    windows: tuple[WindowInfo, ...] = ()

    async def select(
        self,
        desktop: Desktop,
        *,
        windows_only: bool,
        last_region: Rect | None,
        fixed_size_px: tuple[int, int] | None = None,
    ) -> Selection | None:
        self.asked.append((windows_only, last_region))
        self.fixed_size_px, self.windows = fixed_size_px, desktop.windows
        if self.shown is not None and self.hold is not None:
            self.shown.set()
            await self.hold.wait()
        return self.answer


class Uploads:
    def __init__(self) -> None:
        self.got: list[tuple[bytes, NewUpload]] = []
        self.error: UserFacingError | None = None

    async def enqueue_bytes(self, data: bytes, new: NewUpload) -> UploadItem:
        if self.error is not None:
            raise self.error
        self.got.append((data, new))
        return UploadItem(
            UploadId("u1"), Path("x"), new.file_name, new.upload_name, new.kind, new.mime, len(data), new.options,
            UploadState.QUEUED, WHEN,
        )  # fmt: skip


class Clipboard:
    def __init__(self) -> None:
        self.images: list[Rect] = []
        self.works = True

    async def copy_text(self, text: str) -> bool:
        return True

    async def copy_image(self, frame: Frame) -> bool:
        self.images.append(frame.rect_px)
        return self.works


@dataclass
class Region:
    value: Rect | None = None
    window: KnownWindow | None = None

    def load(self) -> Rect | None:
        return self.value

    def store(self, rect_px: Rect) -> None:
        self.value = rect_px

    def load_window(self) -> KnownWindow | None:
        return self.window

    def store_window(self, window: KnownWindow) -> None:
        self.window = window


class Countdown:
    """Ends when it is told to."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.answer = True
        self.began = asyncio.Event()
        self.hold: asyncio.Event | None = None

    async def wait(self, seconds: float) -> bool:
        self.asked.append(seconds)
        self.began.set()
        if self.hold is not None:
            await self.hold.wait()
        return self.answer


class Clock:
    def now(self) -> datetime:
        return WHEN

    def monotonic(self) -> float:
        return 0.0


class Bench:
    """A capture service with everything around it in memory."""

    def __init__(self, folder: Path) -> None:
        self.screen, self.selector, self.uploads = Screen(), Selector(), Uploads()
        self.clipboard, self.region = Clipboard(), Region()
        self.encoder = Encoder()
        self.countdown = Countdown()
        self.preferences = CapturePreferences(
            include_cursor=False,
            image_format=ImageFormat.PNG,
            jpeg_quality=90,
            save_folder=folder / "shots",
            name_pattern="%Y $width",
            options=UploadOptions(),
        )

    @asynccontextmanager
    async def service(self) -> Any:
        service = CaptureService(
            screen=self.screen,
            encoder=self.encoder,
            selector=self.selector,
            uploads=self.uploads,
            clipboard=self.clipboard,
            last_region=self.region,
            preferences=lambda: self.preferences,
            clock=Clock(),
            countdown=self.countdown,
        )
        try:
            yield service
        finally:
            await service.close()

    def run(self, *requests: CaptureRequest) -> list[Any]:
        async def go() -> list[Any]:
            async with self.service() as service:
                return [await service.run(request) for request in requests]

        return asyncio.run(go())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def workflow(mode: CaptureMode, tasks: frozenset[CaptureTask] = frozenset({CaptureTask.UPLOAD})) -> Workflow:
    return Workflow("w", "W", mode, after_capture=tasks)


def test_a_region_goes_from_the_overlay_to_the_queue(bench: Bench) -> None:
    [captured] = bench.run(CaptureRequest(workflow(CaptureMode.REGION)))
    [(data, new)] = bench.uploads.got
    assert data == b"png 90 3,4,5,6"
    assert (new.kind, new.mime, new.width, new.height) == (SourceKind.REGION, "image/png", 5, 6)
    assert captured.upload.state is UploadState.QUEUED
    assert bench.region.value == Rect(3, 4, 5, 6)


def test_upload_names_tell_nothing(bench: Bench) -> None:
    bench.screen.windows = (WINDOW,)
    bench.selector.answer = Selection(Rect(0, 0, 5, 5), SourceKind.WINDOW, "My secret diary")
    bench.run(CaptureRequest(workflow(CaptureMode.WINDOW)))
    new = bench.uploads.got[0][1]
    assert "diary" not in new.upload_name + new.file_name
    assert bench.selector.asked[0][0] is True


def test_escape_cancels_silently(bench: Bench) -> None:
    bench.selector.answer = None
    with pytest.raises(Cancelled):
        bench.run(CaptureRequest(workflow(CaptureMode.REGION)))
    assert bench.uploads.got == []


@pytest.mark.parametrize(
    ("request_", "rect", "kind"),
    [
        (CaptureRequest(workflow(CaptureMode.SCREEN)), DESKTOP_RECT, SourceKind.SCREEN),
        (CaptureRequest(workflow(CaptureMode.MONITOR), monitor_number=2), Rect(20, 0, 20, 20), SourceKind.MONITOR),
        (
            CaptureRequest(workflow(CaptureMode.REGION), geometry_px=Rect(10, 10, 99, 99)),
            Rect(10, 10, 30, 10),
            SourceKind.REGION,
        ),
    ],
)
def test_what_is_chosen_beforehand_shows_no_overlay(
    bench: Bench, request_: CaptureRequest, rect: Rect, kind: SourceKind
) -> None:
    [captured] = bench.run(request_)
    assert captured.frame.rect_px == rect
    assert bench.uploads.got[0][1].kind is kind
    assert bench.selector.asked == []


def test_without_a_window_on_the_screen_there_is_nothing_to_choose(bench: Bench) -> None:
    with pytest.raises(UserFacingError, match="no window on the screen"):
        bench.run(CaptureRequest(workflow(CaptureMode.WINDOW)))
    assert bench.selector.asked == []


def test_a_window_that_the_desktops_own_dialog_asked_for_is_taken_as_it_is(bench: Bench) -> None:
    bench.screen.chosen = replace(a_desktop(), is_chosen=True)
    [captured] = bench.run(CaptureRequest(workflow(CaptureMode.WINDOW)))
    assert captured.frame.rect_px == DESKTOP_RECT
    assert bench.selector.asked == []
    assert [new.kind for _, new in bench.uploads.got] == [SourceKind.WINDOW]
    # Where it was on the screen nobody knows.
    assert (bench.region.value, bench.region.window) == (None, None)


def test_only_a_capture_of_a_window_asks_the_screen_for_one(bench: Bench) -> None:
    bench.screen.windows = (WINDOW,)
    bench.run(CaptureRequest(workflow(CaptureMode.REGION)))
    bench.run(CaptureRequest(workflow(CaptureMode.SCREEN)))
    bench.run(CaptureRequest(workflow(CaptureMode.WINDOW), geometry_px=Rect(0, 0, 5, 5)))
    assert bench.screen.window_grabs == 0
    bench.run(CaptureRequest(workflow(CaptureMode.LAST_WINDOW)))
    assert bench.screen.window_grabs == 1


WINDOW = WindowInfo(7, "a.txt - Editor", Rect(2, 2, 10, 10), Rect(3, 5, 8, 6))


def test_the_same_window_is_taken_wherever_it_is_now(bench: Bench) -> None:
    bench.screen.windows = (WINDOW,)
    bench.selector.answer = Selection(WINDOW.rect_px, SourceKind.WINDOW, WINDOW.title, WINDOW.id)
    bench.run(CaptureRequest(workflow(CaptureMode.WINDOW)))
    bench.screen.windows = (replace(WINDOW, title="b.txt - Editor", rect_px=Rect(20, 4, 10, 10)),)
    [captured] = bench.run(CaptureRequest(workflow(CaptureMode.LAST_WINDOW)))
    assert captured.frame.rect_px == Rect(20, 4, 10, 10)
    assert len(bench.selector.asked) == 1


def test_a_window_that_has_gone_is_chosen_anew(bench: Bench) -> None:
    bench.region.window = KnownWindow(7, "a.txt - Editor")
    bench.screen.windows = (replace(WINDOW, title="Diary"),)
    bench.run(CaptureRequest(workflow(CaptureMode.LAST_WINDOW)))
    assert bench.selector.asked == [(True, None)]


def test_windows_are_offered_without_their_decorations_when_asked(bench: Bench) -> None:
    bench.screen.windows = (WINDOW,)
    bench.run(CaptureRequest(workflow(CaptureMode.WINDOW), window_decorations=False))
    assert [window.rect_px for window in bench.selector.windows] == [WINDOW.client_rect_px]
    bench.preferences = replace(bench.preferences, window_decorations=False)
    bench.run(CaptureRequest(workflow(CaptureMode.WINDOW)))
    assert [window.rect_px for window in bench.selector.windows] == [WINDOW.client_rect_px]


@pytest.mark.parametrize(
    ("mode", "asked", "given"),
    [
        (CaptureMode.FIXED, None, (30, 10)),
        (CaptureMode.FIXED, (4, 4), (4, 4)),
        (CaptureMode.REGION, (4, 4), (4, 4)),
        (CaptureMode.REGION, None, None),
    ],
)
def test_a_fixed_size_is_the_requests_or_the_settings(
    bench: Bench, mode: CaptureMode, asked: tuple[int, int] | None, given: tuple[int, int] | None
) -> None:
    bench.preferences = replace(bench.preferences, fixed_size_px=(30, 10))
    bench.run(CaptureRequest(workflow(mode), fixed_size_px=asked))
    assert bench.selector.fixed_size_px == given


def test_a_countdown_that_is_cancelled_takes_no_picture(bench: Bench) -> None:
    bench.countdown.answer = False
    with pytest.raises(Cancelled):
        bench.run(CaptureRequest(workflow(CaptureMode.SCREEN), delay_s=3))
    assert (bench.countdown.asked, bench.screen.cursors) == ([3], [])


def test_asking_again_cancels_the_countdown(bench: Bench) -> None:
    async def go() -> None:
        bench.countdown.hold = asyncio.Event()
        async with bench.service() as service:
            first = asyncio.ensure_future(service.run(CaptureRequest(workflow(CaptureMode.SCREEN), delay_s=3)))
            await bench.countdown.began.wait()
            with pytest.raises(Cancelled):
                await service.run(CaptureRequest(workflow(CaptureMode.SCREEN), delay_s=3))
            with pytest.raises(Cancelled):
                await first
            # Nothing of it is left over.
            bench.countdown.hold = None
            assert (await service.run(CaptureRequest(workflow(CaptureMode.SCREEN), delay_s=3))).upload is not None

    asyncio.run(go())
    assert len(bench.screen.cursors) == 1


def test_a_monitor_that_is_not_there_is_explained(bench: Bench) -> None:
    with pytest.raises(InputError, match=r"no monitor 3.*1 to 2"):
        bench.run(CaptureRequest(workflow(CaptureMode.MONITOR), monitor_number=3))


def test_a_region_outside_the_screen_is_explained(bench: Bench) -> None:
    with pytest.raises(InputError, match="outside the screen"):
        bench.run(CaptureRequest(workflow(CaptureMode.REGION), geometry_px=Rect(100, 100, 5, 5)))


def test_the_last_region_is_taken_again_without_asking(bench: Bench) -> None:
    first, second = bench.run(
        CaptureRequest(workflow(CaptureMode.REGION)), CaptureRequest(workflow(CaptureMode.LAST_REGION))
    )
    assert first.frame.rect_px == second.frame.rect_px
    assert len(bench.selector.asked) == 1


@pytest.mark.parametrize("remembered", [None, Rect(500, 500, 10, 10)])
def test_without_a_usable_last_region_the_overlay_is_shown(bench: Bench, remembered: Rect | None) -> None:
    bench.region.value = remembered
    bench.run(CaptureRequest(workflow(CaptureMode.LAST_REGION)))
    assert len(bench.selector.asked) == 1


def test_saving_follows_the_pattern_and_never_overwrites(bench: Bench) -> None:
    request = CaptureRequest(workflow(CaptureMode.SCREEN, frozenset({CaptureTask.SAVE_TO_FOLDER})))
    first, second = bench.run(request, request)
    assert (first.saved_path.name, second.saved_path.name) == ("2026 40.png", "2026 40 (2).png")
    assert first.saved_path.read_bytes() == b"png 90 0,0,40,20"
    assert bench.uploads.got == []


def test_save_to_replaces_the_file_that_was_named(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    target.write_bytes(b"old")
    [captured] = bench.run(CaptureRequest(workflow(CaptureMode.SCREEN, NO_UPLOAD), save_to=target))
    assert captured.saved_path == target
    assert target.read_bytes().startswith(b"png")
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_a_folder_that_cannot_be_written_is_said_after_the_upload_is_safe(bench: Bench, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    bench.preferences = replace(
        bench.preferences, save_folder=blocked / "below", tasks=frozenset({CaptureTask.SAVE_TO_FOLDER})
    )
    with pytest.raises(UserFacingError, match="could not be saved"):
        bench.run(CaptureRequest(workflow(CaptureMode.SCREEN)))
    assert len(bench.uploads.got) == 1


def test_copy_image_and_settings_tasks(bench: Bench) -> None:
    bench.preferences = replace(bench.preferences, tasks=frozenset({CaptureTask.COPY_IMAGE}))
    bench.run(CaptureRequest(workflow(CaptureMode.SCREEN)))
    assert bench.clipboard.images == [DESKTOP_RECT]
    assert len(bench.uploads.got) == 1


def test_a_picture_that_the_clipboard_does_not_take_is_told(bench: Bench) -> None:
    bench.preferences = replace(bench.preferences, tasks=frozenset({CaptureTask.COPY_IMAGE}))
    bench.clipboard.works = False
    with pytest.raises(PartlyDone, match="The clipboard did not take the picture") as caught:
        bench.run(CaptureRequest(workflow(CaptureMode.SCREEN)))
    assert caught.value.part is Part.CLIPBOARD
    assert len(bench.uploads.got) == 1


def test_options_of_the_workflow_win_over_the_settings(bench: Bench) -> None:
    chosen = UploadOptions(visibility=Visibility.PRIVATE)
    bench.run(CaptureRequest(replace(workflow(CaptureMode.SCREEN), options=chosen)))
    assert bench.uploads.got[0][1].options == chosen


@pytest.mark.parametrize(("asked", "expected"), [(None, True), (False, False)])
def test_the_pointer_is_as_asked_or_as_in_the_settings(bench: Bench, asked: bool | None, expected: bool) -> None:
    bench.preferences = replace(bench.preferences, include_cursor=True)
    bench.run(CaptureRequest(workflow(CaptureMode.SCREEN), include_cursor=asked))
    assert bench.screen.cursors == [expected]


def test_the_screen_is_only_touched_by_one_thread(bench: Bench) -> None:
    bench.run(CaptureRequest(workflow(CaptureMode.SCREEN)), CaptureRequest(workflow(CaptureMode.SCREEN)))
    assert len(bench.screen.threads) == 1
    assert threading.get_ident() not in bench.screen.threads


def test_a_second_press_while_the_overlay_is_open_does_nothing(bench: Bench) -> None:
    async def go() -> None:
        bench.selector.shown, bench.selector.hold = asyncio.Event(), asyncio.Event()
        async with bench.service() as service:
            first = asyncio.create_task(service.run(CaptureRequest(workflow(CaptureMode.REGION))))
            await bench.selector.shown.wait()
            with pytest.raises(Cancelled):
                await service.run(CaptureRequest(workflow(CaptureMode.REGION)))
            bench.selector.hold.set()
            await first

    asyncio.run(go())
    assert len(bench.uploads.got) == 1


def test_a_picture_that_cannot_be_saved_is_uploaded_all_the_same(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PartlyDone, match="could not be saved") as caught:
        bench.run(CaptureRequest(workflow(CaptureMode.SCREEN), save_to=tmp_path / "file" / "a.png"))
    assert len(bench.uploads.got) == 1
    assert caught.value.captured.upload is not None
    assert caught.value.captured.saved_path is None


def test_a_picture_that_cannot_be_queued_is_saved_all_the_same(bench: Bench, tmp_path: Path) -> None:
    bench.uploads.error = NotSaved("The disk is full.")
    target = tmp_path / "a.png"
    with pytest.raises(PartlyDone) as caught:
        bench.run(CaptureRequest(workflow(CaptureMode.SCREEN), save_to=target))
    assert caught.value.captured.saved_path == target
    assert target.read_bytes() == b"png 90 0,0,40,20"


def test_a_picture_that_can_be_neither_saved_nor_queued_is_still_copied(bench: Bench, tmp_path: Path) -> None:
    bench.uploads.error = NotSaved("The disk is full.")
    (tmp_path / "file").touch()
    tasks = frozenset({CaptureTask.UPLOAD, CaptureTask.COPY_IMAGE})
    with pytest.raises(NotSaved):
        bench.run(CaptureRequest(workflow(CaptureMode.SCREEN, tasks), save_to=tmp_path / "file" / "a.png"))
    assert bench.clipboard.images == [DESKTOP_RECT]


@pytest.mark.parametrize(("name", "expected"), [("a.webp", "webp"), ("a.JPEG", "jpg"), ("a.png", "png"), ("a", "png")])
def test_the_format_follows_the_name(bench: Bench, tmp_path: Path, name: str, expected: str) -> None:
    [captured] = bench.run(CaptureRequest(workflow(CaptureMode.SCREEN), save_to=tmp_path / name))
    assert (tmp_path / name).read_bytes().startswith(expected.encode())
    assert captured.image_format.value == expected
    [(data, new)] = bench.uploads.got
    assert data == (tmp_path / name).read_bytes()
    assert new.upload_name.endswith(f".{expected}")


def test_a_folder_gets_a_file_with_the_usual_name(bench: Bench, tmp_path: Path) -> None:
    [captured] = bench.run(CaptureRequest(workflow(CaptureMode.SCREEN, NO_UPLOAD), save_to=tmp_path))
    assert captured.saved_path == tmp_path / "2026 40.png"


def test_a_picture_that_nothing_holds_comes_with_the_failure(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    request = CaptureRequest(workflow(CaptureMode.REGION), save_to=tmp_path / "file" / "a.png")
    full = NotSaved("Neither saved nor uploaded.")
    bench.uploads.error = full
    with pytest.raises(NotSaved) as caught:
        bench.run(request)
    assert caught.value is full
    assert full.data == b"png 90 3,4,5,6"


def test_a_picture_that_was_only_to_be_saved_is_kept_as_well(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotSaved, match="could not be saved") as caught:
        bench.run(CaptureRequest(workflow(CaptureMode.REGION, NO_UPLOAD), save_to=tmp_path / "file" / "a.png"))
    assert caught.value.data == b"png 90 3,4,5,6"
    assert caught.value.new is None
    assert caught.value.reason == "file exists"


def test_what_is_saved_but_not_queued_is_not_called_lost(bench: Bench, tmp_path: Path) -> None:
    full = NotSaved("This was not saved and not uploaded: the disk is full.")
    full.reason = "the disk is full"
    bench.uploads.error = full
    with pytest.raises(PartlyDone) as caught:
        bench.run(CaptureRequest(workflow(CaptureMode.REGION), save_to=tmp_path / "a.png"))
    assert str(caught.value) == f"This was not uploaded: the disk is full. The picture is in {tmp_path / 'a.png'}."


def test_what_follows_the_upload_is_queued_with_it(bench: Bench) -> None:
    after = AfterUpload(frozenset({UploadTask.COPY_LINK}))
    bench.run(CaptureRequest(workflow(CaptureMode.REGION), after=after))
    assert bench.uploads.got[0][1].after == after


def test_a_capture_that_was_chosen_is_queued_even_when_the_program_ends(bench: Bench) -> None:
    encoding, go_on = threading.Event(), threading.Event()

    class SlowEncoder(Encoder):
        def encode(self, frame: Frame, image_format: ImageFormat, quality: int) -> bytes:
            encoding.set()
            go_on.wait(10)
            return super().encode(frame, image_format, quality)

    bench.encoder = SlowEncoder()

    async def quit_meanwhile() -> None:
        async with bench.service() as service:
            running = asyncio.create_task(service.run(CaptureRequest(workflow(CaptureMode.SCREEN))))
            await asyncio.to_thread(encoding.wait, 10)
            running.cancel()
            await asyncio.wait({running})
            assert running.cancelled()
            go_on.set()

    asyncio.run(quit_meanwhile())
    assert len(bench.uploads.got) == 1
