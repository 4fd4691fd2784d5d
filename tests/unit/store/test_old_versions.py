"""Databases of every old version open, and lose nothing."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from app.core.history import HistoryEntry
from app.core.imglink import ImageId
from app.core.uploads import RemoteState, UploadId, UploadState
from app.store import SqliteUploadStore
from app.store.migrations import MIGRATIONS
from app.store.store import DATABASE_NAME
from tests.unit.store.entries import found
from tests.unit.store.old.make import AT, FOLDER
from tests.unit.store.samples import with_store

VERSIONS = range(1, len(MIGRATIONS))


@pytest.fixture
def old(tmp_path: Path, version: int) -> Path:
    shutil.copyfile(FOLDER / f"v{version}.db", tmp_path / DATABASE_NAME)
    return tmp_path


async def entry(store: SqliteUploadStore, image_id: str) -> HistoryEntry:
    (found,) = await store.history.find_entries([ImageId(image_id)])
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_uploads_stay_what_they_were(old: Path, version: int) -> None:
    async def look(store: SqliteUploadStore) -> None:
        for seq, state in ((1, UploadState.DONE), (6, UploadState.DONE), (7, UploadState.FAILED)):
            item = await store.get(UploadId(f"upload{seq}"))
            assert item is not None
            assert (item.state, item.size) == (state, 100 + seq)

    with_store(old, look)
    (backup,) = old.glob(f"{DATABASE_NAME}.v{version}-*.bak")
    connection = sqlite3.connect(backup)
    assert connection.execute("SELECT count(*) FROM uploads").fetchone()[0] == 8
    connection.close()


@pytest.mark.parametrize("version", [each for each in VERSIONS if each < 3])
def test_what_was_uploaded_before_there_was_a_history_is_in_it(old: Path, version: int) -> None:
    async def look(store: SqliteUploadStore) -> None:
        assert await found(store.history) == ["last", "together-2", "together-1", "first", "gone"]
        first, gone = await entry(store, "first"), await entry(store, "gone")
        # The same image twice is one entry: the latest.
        assert (first.upload_id, first.file_name, first.size) == ("upload3", "again.png", 103)
        assert (gone.remote_state, gone.nsfw, gone.anonymous, gone.id) == (RemoteState.GONE, True, True, AT + 2_000_000)
        one, two = await entry(store, "together-1"), await entry(store, "together-2")
        assert (one.id, two.id) == (AT + 5_000_000, AT + 5_000_001)
        assert (one.albums, one.embed) == (("al-1",), "5")
        assert (two.width, two.height, two.image.views, two.anonymous) == (7, 8, 9, True)
        last = await entry(store, "last")
        # What still waits to be put into its album is not in it; the first version did not wait.
        assert (last.albums, last.embed) == ((("al-1",), "5") if version == 1 else ((), None))
        assert await found(store.history, "again") == ["first"]
        assert await found(store.history, "ile 8") == ["last"]

    with_store(old, look)


@pytest.mark.parametrize("version", [each for each in VERSIONS if each >= 3])
def test_a_history_stays_what_it_was(old: Path, version: int) -> None:
    async def look(store: SqliteUploadStore) -> None:
        assert await found(store.history) == ["from-3"]
        kept = await entry(store, "from-3")
        assert (kept.title, kept.note, kept.favourite, kept.albums) == ("My title", "A note", True, ("al-9",))
        assert await found(store.history, "urlaub holi") == ["from-3"]

    with_store(old, look)
