"""ENOSPC, EIO and EINTR at every system call of the capture path of a real process: each is handled.

Handled means: what was said to be saved is there with its bytes; what was refused was refused in words, and is not
there; the process goes on; and nothing is left behind.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.core.clock import SystemClock
from app.core.uploads import UploadItem, UploadState
from app.demo import DemoServer
from app.store import open_store
from app.store.recovery import MISSING
from tests.torture.campaign import UNLIMITED
from tests.torture.evidence import Evidence
from tests.torture.nursery import Nursery
from tests.torture.sender import SIZES, Job, capture_bytes, dropped_file, is_dropped
from tests.torture.tracing import Tracer, calls_by_thread, failing

CALLS = (
    *("write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "open", "openat"),
    *("unlink", "unlinkat", "ftruncate", "close"),
)
ERRORS = ("ENOSPC", "EIO", "EINTR")
_BY_SQLITE = "the disk reports an error"
WORDS = {
    "ENOSPC": ("no space left on the disk", "the disk is full", _BY_SQLITE),
    "EIO": ("input/output error", _BY_SQLITE),
    "EINTR": ("interrupted system call", _BY_SQLITE),
}
"""What a refusal says. Why a sync has failed, SQLite does not tell."""
REMOVALS = ("unlink", "unlinkat")


@dataclass(frozen=True, slots=True)
class Point:
    """The `nth` such call of a thread, counted from where the process was held."""

    thread: int
    """In the order they were started; 0 is the main one."""
    call: str
    nth: int


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery("saver") as made:
        yield made


def job_in(folder: Path, *, captures: int, base_url: str = "", seed: int = 0) -> Job:
    folder.mkdir(exist_ok=True)
    job = Job(str(folder), str(folder / "log"), base_url, seed, captures)
    for number in filter(is_dropped, range(captures)):
        dropped_file(job.folder, number).write_bytes(capture_bytes(job.seed, number))
    return job


def threads_of(pid: int) -> list[int]:
    return sorted(int(path.name) for path in Path(f"/proc/{pid}/task").iterdir())


def points_of(nursery: Nursery, job: Job) -> list[Point]:
    """Every call that a run makes after it was held, on any thread but the main one: those of the store."""
    output = Path(job.folder) / "calls"
    pid = nursery.start(job, is_held=True)
    threads = threads_of(pid)
    tracer = Tracer(pid, f"trace={','.join('?' + call for call in CALLS)}", output=output)
    os.kill(pid, signal.SIGCONT)
    assert nursery.finish() == 0
    tracer.wait()
    return [
        Point(threads.index(thread), call, nth)
        for (thread, call), most in sorted(calls_by_thread(output, CALLS).items())
        if thread in threads[1:]
        for nth in range(1, most + 1)
    ]


def run_with(nursery: Nursery, job: Job, point: Point, error: str, *, for_good: bool = False) -> list[list[str]]:
    """Run with one call failing (or all from there, on its thread); the words of each line of the log."""
    pid = nursery.start(job, is_held=True)
    when = f"{point.nth}+" if for_good else str(point.nth)
    tracer = Tracer(threads_of(pid)[point.thread], *failing(point.call, error, when), is_thread=True)
    os.kill(pid, signal.SIGCONT)
    status = nursery.finish()
    tracer.wait()
    assert status == 0, f"{point} {error}: ended with {status}"
    return [line.split() for line in Path(job.log).read_text().splitlines()]


def pending_in(job: Job) -> tuple[UploadItem, ...]:
    """What an undisturbed start finds."""

    async def look() -> tuple[UploadItem, ...]:
        store = await open_store(Path(job.folder) / "store", SystemClock())
        try:
            assert store.recovery.set_aside is None
            return await store.pending()
        finally:
            await store.close()

    return asyncio.run(look())


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_in(job: Job) -> set[str]:
    return {path.name for path in (Path(job.folder) / "store" / "outbox").iterdir()}


def assert_handled(job: Job, told: list[list[str]], point: Point, error: str) -> Counter[str]:
    """Hold what was told against what is there."""
    saved = {words[1]: words[2] for words in told if words[0] == "saved"}
    refused = [" ".join(words[3:]) for words in told if words[0] == "refused"]
    for text in refused:
        assert "This was not saved and not uploaded" in text
        assert any(reason in text for reason in WORDS[error]), text
        assert "can still be copied, or saved elsewhere" in text
    left = files_in(job)
    # After a sync that failed for good, nobody knows which of it the disk has kept all the same: perhaps a row.
    items = {str(item.id): item for item in pending_in(job) if str(item.id) in saved or item.reason != MISSING}
    assert {upload_id: item.sha256 for upload_id, item in items.items()} == saved
    assert {item.state for item in items.values()} == {UploadState.QUEUED}
    assert all(sha256_of(item.path) == item.sha256 for item in items.values())
    names = {name for item in items.values() for name in (item.path.name, f"{item.path.name}.json")}
    assert files_in(job) == names
    if point.call not in REMOVALS:
        assert left == names, "something was left for the next start to clear away"
    return Counter(words[0] for words in told)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("error", ERRORS)
def test_a_call_that_fails_while_a_capture_is_saved_is_handled(nursery: Nursery, tmp_path: Path, error: str) -> None:
    points = points_of(nursery, job_in(tmp_path / "seen", captures=2))
    calls = Counter(point.call for point in points)
    assert calls["write"] >= 2  # bytes and sidecar
    assert calls["fsync"] >= 3  # bytes, sidecar, folder
    assert calls["rename"] + calls["renameat"] + calls["renameat2"] >= 2
    assert calls["pwrite64"] >= 4  # frames of the write-ahead log
    assert calls["fdatasync"] >= 1  # the commit of the row
    told: Counter[str] = Counter()
    for number, point in enumerate(points):
        # What is interrupted for good is asked for for good: no disk does that.
        for for_good in (False, True) if error != "EINTR" else (False,):
            # The first in peace, the second with the fault, the third after it (or with it, when it stays).
            job = job_in(tmp_path / f"{number}{for_good}", captures=len(SIZES))
            lines = run_with(nursery, job, point, error, for_good=for_good)
            told += assert_handled(job, lines, point, error)
            assert for_good or len([line for line in lines if line[0] == "refused"]) <= 1
    print(f"{error}: {len(points)} points, once and for good, {dict(calls)}, {dict(told)}")
    assert told["saved"] >= 2 * len(points)
    # Python and SQLite repeat what was interrupted; what is full or broken must have been noticed.
    assert error == "EINTR" or told["refused"] >= len(points)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("error", ERRORS)
def test_a_call_that_fails_while_the_store_is_opened_loses_nothing(
    nursery: Nursery, tmp_path: Path, error: str
) -> None:
    def prepared(name: str) -> Job:
        job = job_in(tmp_path / name, captures=1)
        nursery.start(job)
        assert nursery.finish() == 0
        return Job(job.folder, job.log, "", 0, 0)

    points = points_of(nursery, prepared("seen"))
    failed = 0
    for number, point in enumerate(points):
        job = prepared(str(number))
        lines = run_with(nursery, job, point, error)
        failed += any(words[0] == "failed" for words in lines)
        (item,) = pending_in(job)
        assert item.state is UploadState.QUEUED
        assert item.sha256 == sha256_of(item.path) == lines[0][2]
    print(f"{error}: {len(points)} points of opening and closing, {failed} times refused in words")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_call_that_fails_while_sending_loses_nothing_and_sends_nothing_twice(
    nursery: Nursery, tmp_path: Path, error: str
) -> None:
    with DemoServer(limits=UNLIMITED) as server, Nursery() as undisturbed:
        points = points_of(nursery, job_in(tmp_path / "seen", captures=2, base_url=server.base_url))
        problems: list[str] = []
        for number, point in enumerate(point for point in points if point.call != "close"):
            for for_good in (False, True):
                seed = 1 + 2 * number + for_good
                job = job_in(tmp_path / str(seed), captures=len(SIZES), base_url=server.base_url, seed=seed)
                run_with(nursery, job, point, error, for_good=for_good)
                undisturbed.start(Job(job.folder, job.log, job.base_url, seed, 0, resolves=True))
                assert undisturbed.finish() == 0
                evidence = Evidence.gather(job, server, is_resolved=True)
                problems += [f"{point}{'+' * for_good}: {problem}" for problem in evidence.problems()]
        print(f"{error}: {len(points)} points while sending, once and for good")
        assert problems == []
