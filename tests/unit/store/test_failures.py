"""A disk that fails at each point of the capture path: never a false "saved", never a half-saved upload."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import NotSaved
from app.core.uploads import UploadState
from app.store import SqliteUploadStore, open_store
from app.store.store import DATABASE_NAME
from tests.unit.store.samples import PLAIN, PNG, SteppingClock, with_store

CALLS = ("open", "write", "fsync", "rename", "close")
MAX_POINTS = 40


class FailingCalls:
    """Counts the system calls of the capture path and lets the `fail_at`th one fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self.count = 0
        self.fail_at = 0
        self._number = number
        self._real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in CALLS}
        for name in CALLS:
            monkeypatch.setattr(os, name, self._wrapped(name))

    def _wrapped(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            self.count += 1
            fails = self.count == self.fail_at
            if fails and name == "close":
                self._real[name](*arguments)  # Linux closes the descriptor all the same.
            if fails:
                raise OSError(self._number, os.strerror(self._number))
            return self._real[name](*arguments, **keywords)

        return call


async def not_saved(store: SqliteUploadStore) -> NotSaved | None:
    """Add an upload; None when that worked."""
    try:
        await store.add_bytes(PNG, PLAIN)
    except NotSaved as error:
        return error
    return None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EINTR, errno.EDQUOT, errno.EROFS])
def test_a_failure_at_any_point_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    calls = FailingCalls(monkeypatch, number)
    outbox = tmp_path / "outbox"

    async def run(store: SqliteUploadStore) -> int:
        for point in range(1, MAX_POINTS):
            calls.fail_at, calls.count = point, 0
            error = await not_saved(store)
            calls.fail_at = 0
            if error is None:
                assert len(await store.pending()) == 1
                return point - 1
            assert "not saved" in str(error)
            assert "copied, or saved elsewhere" in str(error)
            assert (await store.pending(), await asyncio.to_thread(os.listdir, outbox)) == ((), [])
        return MAX_POINTS

    # open, write, fsync and close of two files, two renames, and the fsync of the folder.
    assert with_store(tmp_path, run) == 11


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY])
def test_a_database_that_refuses_the_row_takes_the_file_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    error = sqlite3.OperationalError("refused")
    error.sqlite_errorcode = code

    def refuse(*_arguments: object) -> None:
        raise error

    async def run(store: SqliteUploadStore) -> None:
        monkeypatch.setattr(store, "_insert", refuse)
        with pytest.raises(NotSaved):
            await store.add_bytes(PNG, PLAIN)

    with_store(tmp_path, run)
    assert list((tmp_path / "outbox").iterdir()) == []


def test_a_full_database_is_the_environments_fault_and_recovers(tmp_path: Path) -> None:
    async def run(store: SqliteUploadStore) -> None:
        def limit(pages: int) -> None:
            store.database.connection.execute(f"PRAGMA max_page_count = {pages}")

        await store.database.run(lambda: limit(1))
        errors = [error for _ in range(100) if (error := await not_saved(store)) is not None]
        assert errors
        assert "the disk is full" in str(errors[0])
        before = len(await store.pending())
        await store.database.run(lambda: limit(100_000))
        await store.add_bytes(PNG, PLAIN)
        assert len(await store.pending()) == before + 1

    with_store(tmp_path, run)
    assert len([path for path in (tmp_path / "outbox").iterdir() if path.suffix == ".png"]) == len(
        with_store(tmp_path, lambda store: store.pending())
    )


def test_a_bug_is_not_called_a_full_disk(tmp_path: Path) -> None:
    def bug() -> None:
        raise sqlite3.OperationalError("no such column: oops")

    async def run(store: SqliteUploadStore) -> None:
        with pytest.raises(sqlite3.OperationalError):
            await store.database.run(bug)

    with_store(tmp_path, run)


def test_giving_up_waiting_does_not_tear_an_upload_apart(tmp_path: Path) -> None:
    async def run(store: SqliteUploadStore) -> None:
        adding = [asyncio.create_task(store.add_bytes(PNG * 500, PLAIN)) for _ in range(8)]
        await asyncio.sleep(0)
        for task in adding:
            task.cancel()
        await asyncio.gather(*adding, return_exceptions=True)

    with_store(tmp_path, run)
    files = {path.name for path in (tmp_path / "outbox").iterdir() if path.suffix == ".png"}
    rows = with_store(tmp_path, lambda store: store.pending())
    assert {item.path.name for item in rows} == files
    assert all(item.state is UploadState.QUEUED for item in rows)


CHILD = """
    import asyncio, sys
    from pathlib import Path
    from app.store import open_store
    from tests.unit.store.samples import PLAIN, PNG, SteppingClock

    async def main():
        store = await open_store(Path(sys.argv[1]), SteppingClock())
        while True:
            item = await store.add_bytes(PNG * 20, PLAIN)
            print(item.id, flush=True)

    asyncio.run(main())
"""


def test_what_was_acknowledged_survives_kill_nine(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for round_number in range(4):
        acknowledged += _killed_after(tmp_path, 3 + 5 * round_number)
        items = {str(item.id): item for item in with_store(tmp_path, lambda store: store.pending())}
        assert {items[upload_id].state for upload_id in acknowledged} == {UploadState.QUEUED}
        assert all(item.path.read_bytes() == PNG * 20 for item in items.values())
    database = sqlite3.connect(tmp_path / DATABASE_NAME)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def _killed_after(folder: Path, count: int) -> list[str]:
    """Let a process add uploads, kill it soon after the `count`th, and return the ids that it told of."""
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(count)]
        child.kill()
        told += list(child.stdout)
    assert child.returncode == -signal.SIGKILL
    return [line.strip() for line in told if line.endswith("\n")]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    async def run() -> None:
        with pytest.raises(Exception, match="folder of uploads cannot be used"):
            await open_store(tmp_path / "file", SteppingClock())

    asyncio.run(run())
