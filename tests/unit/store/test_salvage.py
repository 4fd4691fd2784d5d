"""A damaged database: what of the history comes back."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from app.core.history import EVERYTHING, HistoryQuery
from app.core.imglink import AlbumId, ImageId
from app.core.uploads import RemoteState, UploadState
from app.store import SqliteUploadStore
from app.store.store import DATABASE_NAME
from tests.unit.store.entries import entry, found
from tests.unit.store.old.make import FOLDER
from tests.unit.store.samples import IMAGE, PLAIN, PNG, with_store


async def _fill_history(store: SqliteUploadStore) -> None:
    item = await store.add_bytes(PNG, PLAIN)
    await store.set_state(item.id, UploadState.DONE, image=IMAGE)
    await store.history.annotate(await store.history.outline(EVERYTHING), title="Mine", favourite=True)
    await store.history.mark_gone([IMAGE.id])
    await store.history.merge([entry(number, note=f"note {number}" * 20) for number in range(2000)])
    await store.history.set_album([ImageId("image-0007")], AlbumId("al-1"), is_in=True)


def _checkpoint(folder: Path) -> None:
    connection = sqlite3.connect(folder / DATABASE_NAME)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _break_page(path: Path, number: int, size: int = 4096) -> None:
    """Pages count from 1."""
    data = bytearray(path.read_bytes())
    data[(number - 1) * size : number * size] = b"\xff" * size
    path.write_bytes(data)


def _page_with(path: Path, text: bytes) -> int:
    return path.read_bytes().index(text) // 4096 + 1


def _root_page(path: Path, name: str) -> int:
    connection = sqlite3.connect(path)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    connection.close()
    return int(page)


@pytest.mark.parametrize("row", [2, 700, 1998])
def test_a_damaged_history_is_read_around_the_damage(tmp_path: Path, row: int) -> None:
    with_store(tmp_path, _fill_history)
    _checkpoint(tmp_path)
    path = tmp_path / DATABASE_NAME
    _break_page(path, _page_with(path, f"note {row}note {row}".encode()))
    (tmp_path / "owners" / "deadbeef").touch()

    async def look(store: SqliteUploadStore) -> None:
        assert store.recovery.set_aside is not None
        # A page of the table holds six rows.
        assert store.recovery.salvaged >= 1990
        (mine,) = await store.history.find_entries([IMAGE.id])
        assert mine.path is not None
        assert await store.history.count(HistoryQuery("note")) >= 1990
        assert await store.history.count(EVERYTHING) in (store.recovery.salvaged, store.recovery.salvaged + 1)

    with_store(tmp_path, look)


def test_a_damaged_index_costs_no_entry(tmp_path: Path) -> None:
    with_store(tmp_path, _fill_history)
    _checkpoint(tmp_path)
    _break_page(tmp_path / DATABASE_NAME, _root_page(tmp_path / DATABASE_NAME, "history_name"))
    (tmp_path / "owners" / "deadbeef").touch()

    async def look(store: SqliteUploadStore) -> None:
        assert store.recovery.salvaged == 2001
        assert await store.history.count(HistoryQuery("note")) == 2000

    with_store(tmp_path, look)


def test_a_history_that_cannot_be_read_at_all_comes_from_the_latest_backup(tmp_path: Path) -> None:
    with_store(tmp_path, _fill_history)
    _checkpoint(tmp_path)
    path = tmp_path / DATABASE_NAME
    for stamp in ("20250101T000000.000000Z", "20260101T000000.000000Z"):
        shutil.copyfile(path, tmp_path / f"{DATABASE_NAME}.v4-{stamp}.bak")
    old = sqlite3.connect(tmp_path / f"{DATABASE_NAME}.v4-20250101T000000.000000Z.bak")
    old.execute("UPDATE history SET note = 'old'")
    old.commit()
    old.close()
    path.write_bytes(b"This is no database." * 1000)

    async def look(store: SqliteUploadStore) -> None:
        assert store.recovery.salvaged == 2001
        assert await store.history.count(HistoryQuery("note")) == 2000
        (mine,) = await store.history.find_entries([IMAGE.id])
        assert (mine.title, mine.favourite, mine.remote_state) == ("Mine", True, RemoteState.GONE)
        assert mine.path is not None
        (seventh,) = await store.history.find_entries([ImageId("image-0007")])
        assert seventh.albums == ("al-1",)

    with_store(tmp_path, look)


def test_a_damaged_database_from_before_there_was_a_history_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    shutil.copyfile(FOLDER / "v2.db", path)
    page = _root_page(path, "uploads_image")
    _break_page(path, page, 512)
    (tmp_path / "owners").mkdir(mode=0o700)
    (tmp_path / "owners" / "deadbeef").touch()

    async def look(store: SqliteUploadStore) -> None:
        assert store.recovery.set_aside is not None
        assert set(await found(store.history)) == {"last", "together-2", "together-1", "first", "gone"}

    with_store(tmp_path, look)
