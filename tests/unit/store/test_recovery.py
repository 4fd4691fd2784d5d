"""What opening a store puts right, and what it refuses."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.errors import UserFacingError
from app.core.imglink import Visibility
from app.core.uploads import UploadId, UploadItem, UploadState
from app.store import SqliteUploadStore, open_store
from app.store.database import NewerDatabase
from app.store.store import DATABASE_NAME
from tests.unit.store.samples import IMAGE, NEW, PLAIN, PNG, SteppingClock, with_store


def crash(store: SqliteUploadStore) -> None:
    """What the kernel leaves of a process that was killed: its locks are gone, its mark and its rows are not."""
    os.close(store._owner._fd)
    store.database.thread.submit(store.database.connection.close).result()
    store.database.thread.shutdown()
    store._file_threads.shutdown()
    store._outbox.close()
    os.close(store._owner._folder)


def crashed_with(folder: Path, states: Sequence[UploadState]) -> list[UploadId]:
    """A folder as a killed process left it, with one upload in each of these states."""

    async def run() -> list[UploadId]:
        store = await open_store(folder, SteppingClock())
        ids = []
        for state in states:
            item = await store.add_bytes(PNG, PLAIN)
            if state in (UploadState.SENDING, UploadState.COMMITTING):
                await store.claim(item.id, anonymous=False)
            await store.set_state(item.id, state)
            ids.append(item.id)
        await asyncio.to_thread(crash, store)
        return ids

    return asyncio.run(run())


def states_of(folder: Path, ids: Sequence[UploadId]) -> list[UploadState | None]:
    async def look(store: SqliteUploadStore) -> list[UploadState | None]:
        items = [await store.get(upload_id) for upload_id in ids]
        return [None if item is None else item.state for item in items]

    return with_store(folder, look)


def test_what_a_killed_process_was_sending_is_settled_by_the_marker(tmp_path: Path) -> None:
    ids = crashed_with(tmp_path, [UploadState.SENDING, UploadState.COMMITTING, UploadState.QUEUED, UploadState.FAILED])

    async def look(store: SqliteUploadStore) -> None:
        assert (store.recovery.requeued, store.recovery.uncertain) == ([ids[0]], [ids[1]])
        uncertain = await store.get(ids[1])
        assert uncertain is not None
        assert "may already be uploaded" in uncertain.reason
        # Only what may have arrived stays in the ledger.
        assert len(await store.attempts_since(datetime(2026, 1, 1, tzinfo=UTC), anonymous=False)) == 1

    with_store(tmp_path, look)
    after = [UploadState.QUEUED, UploadState.UNCERTAIN, UploadState.QUEUED, UploadState.FAILED]
    assert states_of(tmp_path, ids) == after


def test_a_living_process_keeps_what_it_is_sending(tmp_path: Path) -> None:
    async def run() -> None:
        first = await open_store(tmp_path, SteppingClock())
        item = await first.add_bytes(PNG, PLAIN)
        await first.claim(item.id, anonymous=False)
        second = await open_store(tmp_path, SteppingClock())
        seen = await second.get(item.id)
        assert seen is not None
        assert seen.state is UploadState.SENDING
        assert await second.claim(item.id, anonymous=False) is None
        assert second.recovery.requeued == []
        await first.close()
        await second.close()

    asyncio.run(run())


def test_two_processes_never_claim_the_same_upload(tmp_path: Path) -> None:
    async def run() -> None:
        stores = [await open_store(tmp_path, SteppingClock()) for _ in range(2)]
        ids = [(await stores[0].add_bytes(PNG, PLAIN)).id for _ in range(20)]
        claims = await asyncio.gather(*(store.claim(each, anonymous=False) for each in ids for store in stores))
        assert sum(claim is not None for claim in claims) == len(ids)
        for store in stores:
            await store.close()

    asyncio.run(run())


def test_a_file_without_a_row_comes_back_and_asks(tmp_path: Path) -> None:
    (upload_id,) = crashed_with(tmp_path, [UploadState.QUEUED])
    database = sqlite3.connect(tmp_path / DATABASE_NAME)
    database.execute("DELETE FROM uploads")
    database.commit()
    database.close()

    async def look(store: SqliteUploadStore) -> UploadItem | None:
        assert store.recovery.adopted == [upload_id]
        return await store.get(upload_id)

    item = with_store(tmp_path, look)
    assert item is not None
    assert (item.state, item.path.read_bytes(), item.file_name) == (UploadState.PAUSED, PNG, "a.png")
    assert item.error_kind is None


def test_a_file_without_a_sidecar_comes_back_private(tmp_path: Path) -> None:
    with_store(tmp_path, lambda store: store.pending())
    (tmp_path / "outbox" / "0123456789.png").write_bytes(PNG)
    (tmp_path / "outbox" / "note").write_text("not an image: left alone")

    (item,) = with_store(tmp_path, lambda store: store.pending())
    assert (item.id, item.state, item.mime) == ("0123456789", UploadState.PAUSED, "image/png")
    assert item.options.visibility is Visibility.PRIVATE
    assert (tmp_path / "outbox" / "note").exists()


def test_half_written_files_are_removed(tmp_path: Path) -> None:
    with_store(tmp_path, lambda store: store.pending())
    for name in ("0123456789.png.part", "0123456789.png.json", "0123456789.png.json.part"):
        (tmp_path / "outbox" / name).write_bytes(b"{")
    assert with_store(tmp_path, lambda store: store.pending()) == ()
    assert list((tmp_path / "outbox").iterdir()) == []


def test_files_of_a_living_process_are_left_alone(tmp_path: Path) -> None:
    async def run() -> None:
        first = await open_store(tmp_path, SteppingClock())
        part = tmp_path / "outbox" / "0123456789.png.part"
        part.write_bytes(b"being written")
        second = await open_store(tmp_path, SteppingClock())
        assert part.exists()
        await second.close()
        await first.close()

    asyncio.run(run())


def test_a_row_whose_file_is_gone_fails_with_the_reason(tmp_path: Path) -> None:
    ids = crashed_with(tmp_path, [UploadState.QUEUED, UploadState.SENDING, UploadState.UNCERTAIN])
    for path in (tmp_path / "outbox").iterdir():
        path.unlink()
    assert states_of(tmp_path, ids) == [UploadState.FAILED, UploadState.FAILED, UploadState.UNCERTAIN]

    async def look(store: SqliteUploadStore) -> None:
        item = await store.get(ids[0])
        assert item is not None
        assert (item.has_file, "missing" in item.reason) == (False, True)

    with_store(tmp_path, look)


@pytest.mark.parametrize("damage", ["head", "middle", "empty page"])
def test_a_damaged_database_is_set_aside_and_rebuilt(tmp_path: Path, damage: str) -> None:
    async def fill(store: SqliteUploadStore) -> list[UploadId]:
        waiting = await store.add_bytes(PNG, NEW)
        done = await store.add_bytes(PNG, PLAIN)
        await store.set_state(done.id, UploadState.DONE, image=IMAGE)
        return [waiting.id, done.id]

    ids = with_store(tmp_path, fill)
    (tmp_path / "owners" / "deadbeef").touch()  # A process has died: look closely.
    _damage(tmp_path / DATABASE_NAME, damage)

    async def look(store: SqliteUploadStore) -> list[UploadItem | None]:
        assert store.recovery.set_aside is not None
        assert store.recovery.set_aside.exists()
        return [await store.get(upload_id) for upload_id in ids]

    waiting, done = with_store(tmp_path, look)
    assert waiting is not None
    assert done is not None
    # Whether it was sent is not known any more: said, not guessed.
    assert waiting.state is UploadState.UNCERTAIN
    assert (waiting.options, waiting.file_name) == (NEW.options, NEW.file_name)
    assert (done.state, done.image) == (UploadState.DONE, IMAGE)
    assert list((tmp_path / "owners").iterdir()) == []


def _damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "head":
        data[:100] = b"This is no database." * 5
    elif how == "middle":
        data[4096 : 4096 + 2000] = b"\xff" * 2000
    else:
        data[4096:8192] = bytes(4096)
    path.write_bytes(data)


def test_damage_met_while_running_is_looked_for_at_the_next_start(tmp_path: Path) -> None:
    async def run() -> None:
        store = await open_store(tmp_path, SteppingClock())
        await store.add_bytes(PNG, PLAIN)
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT

        def fail() -> None:
            raise error

        with pytest.raises(UserFacingError, match="damaged"):
            await store.database.run(fail)
        await store.close()

    asyncio.run(run())
    assert len(list((tmp_path / "owners").iterdir())) == 1


def test_a_damaged_database_that_another_process_uses_is_left_alone(tmp_path: Path) -> None:
    async def run() -> None:
        first = await open_store(tmp_path, SteppingClock())
        await first.add_bytes(PNG, PLAIN)
        (tmp_path / "owners" / "deadbeef").touch()
        connection = sqlite3.connect(tmp_path / DATABASE_NAME)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        _damage(tmp_path / DATABASE_NAME, "head")
        with pytest.raises(UserFacingError, match="another ImgLink process"):
            await open_store(tmp_path, SteppingClock())
        await first.close()

    asyncio.run(run())
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_newer_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    with_store(tmp_path, lambda store: store.add_bytes(PNG, PLAIN))
    connection = sqlite3.connect(tmp_path / DATABASE_NAME)
    connection.execute("PRAGMA user_version = 99")
    connection.commit()
    connection.close()
    before = (tmp_path / DATABASE_NAME).read_bytes()
    with pytest.raises(NewerDatabase, match="newer ImgLink Desktop"):
        with_store(tmp_path, lambda store: store.pending())
    assert (tmp_path / DATABASE_NAME).read_bytes() == before
    assert len(list((tmp_path / "outbox").iterdir())) == 2


def test_a_thousand_waiting_uploads_are_there_again(tmp_path: Path) -> None:
    async def fill(store: SqliteUploadStore) -> None:
        await asyncio.gather(*(store.add_bytes(PNG, PLAIN) for _ in range(1000)))

    with_store(tmp_path, fill)
    (tmp_path / "owners" / "deadbeef").touch()
    # How soon, `bench` tells.
    assert len(with_store(tmp_path, lambda store: store.pending())) == 1000
