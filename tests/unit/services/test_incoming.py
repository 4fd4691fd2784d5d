"""Files that the person hands over: the good ones queued in order, the others refused with their reason."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from PIL import Image

from app.core.errors import InputError
from app.core.history import EntryId, HistoryEntry
from app.core.images import ImageFormat
from app.core.imglink import Image as ImageOnService
from app.core.imglink import ImageId, UploadOptions
from app.core.ports import NewUpload
from app.core.uploads import NOTHING_AFTER, AfterUpload, UploadId, UploadItem, UploadState
from app.core.workflow import SourceKind
from app.services.incoming import Existing, IncomingFiles, IncomingPreferences, Refused
from app.services.intake import CheckedFile
from app.services.uploads import UploadQueue


@dataclass
class Queue:
    """Takes files and remembers their bytes."""

    taken: list[tuple[str, str | None, bytes]] = field(default_factory=list)

    async def enqueue_file(
        self,
        file: CheckedFile,
        options: UploadOptions,
        kind: SourceKind,
        *,
        upload_name: str | None = None,
        taken_from: Path | None = None,
        after: AfterUpload = NOTHING_AFTER,
    ) -> UploadItem:
        self.taken.append((file.shown_name, upload_name, (taken_from or file.path).read_bytes()))
        return _item(file.shown_name, kind, options)

    async def enqueue_bytes(self, data: bytes, new: NewUpload) -> UploadItem:
        self.taken.append((new.file_name, new.upload_name, data))
        return _item(new.file_name, new.kind, new.options)


def _item(name: str, kind: SourceKind, options: UploadOptions) -> UploadItem:
    return UploadItem(
        UploadId(name), Path(name), name, name, kind, "image/png", 1, options, UploadState.QUEUED,
        datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


@dataclass
class Cleaner:
    """Marks what it cleans, so that a test sees that it did; GIF is what it cannot read."""

    is_copying: threading.Event = field(default_factory=threading.Event)
    may_go_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.may_go_on.set()

    def can_clean(self, image_format: ImageFormat) -> bool:
        return image_format is not ImageFormat.BMP

    def clean(self, source: BinaryIO, target: BinaryIO, image_format: ImageFormat) -> None:
        if image_format is ImageFormat.GIF:
            raise InputError("This file is damaged.")
        self.is_copying.set()
        assert self.may_go_on.wait(20)
        target.write(b"CLEAN" + source.read())


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    return folder


@pytest.fixture
def queue() -> Queue:
    return Queue()


def incoming(
    queue: Queue,
    spool: Path,
    *,
    neutral: bool = True,
    strip: bool = True,
    find_duplicate: Callable[[str], Awaitable[HistoryEntry | None]] | None = None,
    cleaner: Cleaner | None = None,
) -> IncomingFiles:
    async def has_credential() -> bool:
        return True

    return IncomingFiles(
        cast(UploadQueue, queue),
        cleaner=cleaner or Cleaner(),
        spool_folder=spool,
        has_credential=has_credential,
        preferences=lambda: IncomingPreferences(UploadOptions(), neutral, strip),
        find_duplicate=find_duplicate,
    )


def picture(folder: Path, name: str) -> Path:
    path = folder / name
    Image.new("RGB", (4, 3), "teal").save(path)
    return path


def test_the_bad_are_refused_in_their_place_and_the_good_go_on(queue: Queue, spool: Path, tmp_path: Path) -> None:
    paths = [picture(tmp_path, "a.png"), tmp_path / "missing.png", picture(tmp_path, "b c.png")]
    results = asyncio.run(incoming(queue, spool).take_files(paths, SourceKind.DROP))
    assert [type(result) for result in results] == [UploadItem, Refused, UploadItem]
    assert isinstance(results[1], Refused)
    assert "does not exist" in str(results[1].error)
    assert [name for name, _, _ in queue.taken] == ["a.png", "b c.png"]


def test_metadata_is_left_out_and_no_copy_stays(queue: Queue, spool: Path, tmp_path: Path) -> None:
    path = picture(tmp_path, "a.png")
    asyncio.run(incoming(queue, spool).take_files([path], SourceKind.DROP))
    assert queue.taken == [("a.png", None, b"CLEAN" + path.read_bytes())]
    assert left(spool) == []


def test_what_cannot_be_cleaned_for_certain_is_refused(queue: Queue, spool: Path, tmp_path: Path) -> None:
    [result] = asyncio.run(incoming(queue, spool).take_files([picture(tmp_path, "a.gif")], SourceKind.DROP))
    assert isinstance(result, Refused)
    assert queue.taken == []
    assert left(spool) == []


@pytest.mark.parametrize(("name", "strip"), [("a.bmp", True), ("a.png", False)])
def test_files_go_as_they_are_when_nothing_is_to_be_left_out(
    queue: Queue, spool: Path, tmp_path: Path, name: str, strip: bool
) -> None:
    path = picture(tmp_path, name)
    asyncio.run(incoming(queue, spool, strip=strip).take_files([path], SourceKind.DROP))
    assert queue.taken[0][2] == path.read_bytes()


@pytest.mark.parametrize(("neutral", "told"), [(True, None), (False, "holiday.png")])
def test_the_service_is_told_the_name_only_on_request(
    queue: Queue, spool: Path, tmp_path: Path, neutral: bool, told: str | None
) -> None:
    path = picture(tmp_path, "holiday.png")
    asyncio.run(incoming(queue, spool, neutral=neutral).take_files([path], SourceKind.DROP))
    assert queue.taken[0][1] == told


def test_a_pasted_picture_is_cleaned_too(queue: Queue, spool: Path, tmp_path: Path) -> None:
    data = picture(tmp_path, "a.png").read_bytes()
    asyncio.run(incoming(queue, spool).take_picture(data, SourceKind.CLIPBOARD))
    assert queue.taken[0][2] == b"CLEAN" + data


def test_pasted_text_is_refused(queue: Queue, spool: Path) -> None:
    with pytest.raises(InputError):
        asyncio.run(incoming(queue, spool).take_picture(b"no picture", SourceKind.CLIPBOARD))


def test_a_full_disk_is_said(queue: Queue, spool: Path, tmp_path: Path) -> None:
    spool.rmdir()
    [result] = asyncio.run(incoming(queue, spool).take_files([picture(tmp_path, "a.png")], SourceKind.DROP))
    assert isinstance(result, Refused)
    assert "could not be prepared" in str(result.error)


ENTRY = HistoryEntry(EntryId(1), ImageOnService(ImageId("there"), "https://x"), "a.png", SourceKind.CLI)


@pytest.mark.parametrize("strip", [True, False])
def test_the_bytes_that_would_be_sent_are_looked_for_and_the_person_decides(
    queue: Queue, spool: Path, tmp_path: Path, strip: bool
) -> None:
    paths = [picture(tmp_path, name) for name in ("new.png", "again.png", "skip.png")]
    paths[0].write_bytes(paths[0].read_bytes() + b"more")
    sent = (b"CLEAN" if strip else b"") + paths[1].read_bytes()
    asked: list[str] = []

    async def find_duplicate(sha256: str) -> HistoryEntry | None:
        return ENTRY if sha256 == hashlib.sha256(sent).hexdigest() else None

    async def on_duplicate(name: str, entry: HistoryEntry) -> bool:
        assert entry == ENTRY
        asked.append(name)
        return name == "skip.png"

    takes = incoming(queue, spool, strip=strip, find_duplicate=find_duplicate)
    results = asyncio.run(takes.take_files(paths, SourceKind.DROP, on_duplicate=on_duplicate))
    assert [type(each) for each in results] == [UploadItem, UploadItem, Existing]
    assert results[2] == Existing("skip.png", ENTRY)
    assert asked == ["again.png", "skip.png"]
    assert [name for name, _, _ in queue.taken] == ["new.png", "again.png"]
    assert left(spool) == []
    # Who does not ask is not asked.
    asyncio.run(takes.take_files(paths, SourceKind.DROP))
    assert (len(queue.taken), len(asked)) == (5, 2)


def test_who_cancels_is_told_of_the_file_that_was_just_queued(tmp_path: Path, queue: Queue, spool: Path) -> None:
    class Interrupted(Queue):
        async def enqueue_file(self, *args: Any, **keywords: Any) -> UploadItem:
            item = await super().enqueue_file(*args, **keywords)
            task = asyncio.current_task()
            assert task is not None
            # As Ctrl+C does, with the file queued and nothing awaited yet.
            task.cancel()
            return item

    taken: list[UploadItem] = []
    paths = [picture(tmp_path, "a.png"), picture(tmp_path, "b.png")]
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(incoming(Interrupted(), spool).take_files(paths, SourceKind.CLI, on_taken=taken.append))
    assert [item.file_name for item in taken] == ["a.png"]
    assert left(spool) == []


def left(spool: Path) -> list[Path]:
    return list(spool.iterdir())


def test_who_cancels_while_a_copy_is_cleaned_leaves_no_copy(tmp_path: Path, queue: Queue, spool: Path) -> None:
    cleaner = Cleaner()
    cleaner.may_go_on.clear()

    async def scenario() -> None:
        path = picture(tmp_path, "a.png")
        taking = asyncio.create_task(incoming(queue, spool, cleaner=cleaner).take_files([path], SourceKind.CLI))
        assert await asyncio.to_thread(cleaner.is_copying.wait, 20)
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await taking
        assert len(left(spool)) == 1
        cleaner.may_go_on.set()

    asyncio.run(scenario())
    assert queue.taken == []
    assert left(spool) == []
