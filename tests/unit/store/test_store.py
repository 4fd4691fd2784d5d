"""The store as the queue sees it: what is added is there again, in order, after a restart."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from app.core.errors import ErrorKind, InputError
from app.core.imglink import MAX_FILE_BYTES, Image, ImageId
from app.core.ports import UploadStore
from app.core.uploads import QueueMode, QueueState, RemoteState, UploadId, UploadItem, UploadState
from app.store import SqliteUploadStore, open_store
from tests.unit.store.samples import IMAGE, NEW, PLAIN, PNG, SteppingClock, with_store

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The umask of most shells, whatever this one's is."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_bytes_come_back_whole_after_a_restart(tmp_path: Path) -> None:
    async def add(store: SqliteUploadStore) -> UploadItem:
        item = await store.add_bytes(PNG, NEW)
        assert await store.get(item.id) == item
        return item

    item = with_store(tmp_path / "s", add)
    again = with_store(tmp_path / "s", lambda store: store.pending())
    assert again == (item,)
    assert item.state is UploadState.QUEUED
    assert item.path.read_bytes() == PNG
    assert item.path.suffix == ".png"
    assert item.sha256 == hashlib.sha256(PNG).hexdigest()
    assert (item.size, item.width, item.height, item.options) == (len(PNG), 40, 30, NEW.options)
    assert (item.file_name, item.upload_name, item.kind) == ("Grüße 😀.png", "k3v9q0xw.png", NEW.kind)
    assert item.created_at.tzinfo is UTC


def test_a_file_is_copied_and_its_source_left_alone(tmp_path: Path) -> None:
    source = tmp_path / "source.png"
    source.write_bytes(PNG * 2000)

    async def add(store: SqliteUploadStore) -> None:
        item = await store.add_file(source, PLAIN)
        source.write_bytes(b"changed since")
        assert item.path.read_bytes() == PNG * 2000

    with_store(tmp_path / "s", add)
    assert source.read_bytes() == b"changed since"


def test_only_the_person_may_read_anything(tmp_path: Path, open_umask: None) -> None:
    async def add(store: SqliteUploadStore) -> dict[str, int]:
        await store.add_bytes(PNG, NEW)
        return {
            str(path): stat.S_IMODE(path.lstat().st_mode) for path in [tmp_path / "s", *(tmp_path / "s").rglob("*")]
        }

    modes = with_store(tmp_path / "s", add)
    assert len(modes) >= 8
    assert {mode for path, mode in modes.items() if Path(path).is_dir()} == {0o700}
    assert all(mode == 0o600 for path, mode in modes.items() if not (mode & 0o100)), modes


def test_an_open_folder_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir(mode=0o755)
    with_store(folder, lambda store: store.pending())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_planted_link_in_place_of_the_outbox_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "s").mkdir(mode=0o700)
    (tmp_path / "s" / "outbox").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Exception, match="folder of uploads cannot be used"):
        with_store(tmp_path / "s", lambda store: store.pending())
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_whole_folder_may_be_kept_elsewhere_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "s").symlink_to(tmp_path / "elsewhere")
    item = with_store(tmp_path / "s", lambda store: store.add_bytes(PNG, PLAIN))
    assert item.path.is_relative_to(tmp_path / "elsewhere")


def test_the_sidecar_holds_what_a_row_needs(tmp_path: Path) -> None:
    async def add(store: SqliteUploadStore) -> UploadItem:
        return await store.add_bytes(PNG, NEW)

    item = with_store(tmp_path / "s", add)
    sidecar = json.loads(item.path.with_name(item.path.name + ".json").read_text())
    assert sidecar["file_name"] == "Grüße 😀.png"
    assert (sidecar["album"], sidecar["embed"], sidecar["visibility"]) == ("al-1", "5", "private")
    assert sidecar["image"] is None


def test_uploads_come_in_the_order_they_were_added(tmp_path: Path) -> None:
    async def add(store: SqliteUploadStore) -> None:
        ids = [(await store.add_bytes(PNG, PLAIN)).id for _ in range(12)]
        await store.set_state(ids[3], UploadState.PAUSED)
        await store.set_state(ids[3], UploadState.QUEUED)
        assert [item.id for item in await store.pending()] == ids

    with_store(tmp_path / "s", add)


def test_a_claim_is_given_once(tmp_path: Path) -> None:
    async def claim(store: SqliteUploadStore) -> None:
        item = await store.add_bytes(PNG, PLAIN)
        claimed = await store.claim(item.id, anonymous=False)
        assert claimed is not None
        assert (claimed.state, claimed.attempts) == (UploadState.SENDING, 1)
        assert await store.claim(item.id, anonymous=False) is None
        assert await store.claim(UploadId("none"), anonymous=False) is None
        # A claim need not wait for the disk, what comes after it must.
        assert (
            await store.database.run(lambda: store.database.connection.execute("PRAGMA synchronous").fetchone()[0]) == 2
        )

    with_store(tmp_path / "s", claim)


def test_reason_kind_and_image_are_kept(tmp_path: Path) -> None:
    async def move(store: SqliteUploadStore) -> UploadId:
        item = await store.add_bytes(PNG, PLAIN)
        failed = await store.set_state(item.id, UploadState.FAILED, reason="No.", error_kind=ErrorKind.INPUT)
        assert (failed.reason, failed.error_kind) == ("No.", ErrorKind.INPUT)
        done = await store.set_state(item.id, UploadState.DONE, image=IMAGE)
        assert (done.reason, done.error_kind, done.remote_state) == ("", None, RemoteState.THERE)
        assert await store.pending() == ()
        return item.id

    upload_id = with_store(tmp_path / "s", move)
    again = with_store(tmp_path / "s", lambda store: store.recent(5))
    assert [(item.id, item.image) for item in again] == [(upload_id, IMAGE)]


def test_an_unknown_id_is_a_bug_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        with_store(tmp_path / "s", lambda store: store.set_state(UploadId("none"), UploadState.QUEUED))


def test_recent_has_the_latest_first(tmp_path: Path) -> None:
    async def finish(store: SqliteUploadStore) -> None:
        ids = [(await store.add_bytes(PNG, PLAIN)).id for _ in range(3)]
        for number in (1, 0, 2):
            image = Image(ImageId(f"image-{number}"), "https://i.imglink.cc/x.png")
            await store.set_state(ids[number], UploadState.DONE, image=image)
        assert [item.id for item in await store.recent(2)] == [ids[2], ids[0]]
        found = await store.find(ImageId("image-1"))
        assert found is not None
        assert found.id == ids[1]

    with_store(tmp_path / "s", finish)


def test_forgetting_removes_row_file_and_sidecar(tmp_path: Path) -> None:
    async def forget(store: SqliteUploadStore) -> None:
        item = await store.add_bytes(PNG, PLAIN)
        await store.remove(item.id)
        assert await store.get(item.id) is None
        assert list(item.path.parent.iterdir()) == []

    with_store(tmp_path / "s", forget)


def test_old_files_of_finished_uploads_make_room(tmp_path: Path) -> None:
    async def finish(store: SqliteUploadStore) -> list[UploadId]:
        waiting = await store.add_bytes(PNG, PLAIN)
        ids = [(await store.add_bytes(PNG, PLAIN)).id for _ in range(4)]
        for number, upload_id in enumerate(ids):
            image = Image(ImageId(f"image-{number}"), "https://i.imglink.cc/x.png")
            await store.set_state(upload_id, UploadState.DONE, image=image)
        return [waiting.id, *ids]

    ids = with_store(tmp_path / "s", finish, keep_bytes=2 * len(PNG))

    async def look(store: SqliteUploadStore) -> None:
        items = [await store.get(upload_id) for upload_id in ids]
        kept = [item.has_file for item in items if item is not None]
        assert kept == [True, False, False, True, True]
        assert [item.path.exists() for item in items if item is not None] == kept

    with_store(tmp_path / "s", look, keep_bytes=2 * len(PNG))


def test_a_finished_upload_is_noted_beside_its_file(tmp_path: Path) -> None:
    async def finish(store: SqliteUploadStore) -> UploadItem:
        item = await store.add_bytes(PNG, PLAIN)
        return await store.set_state(item.id, UploadState.DONE, image=IMAGE)

    item = with_store(tmp_path / "s", finish)
    sidecar = json.loads(item.path.with_name(item.path.name + ".json").read_text())
    assert sidecar["image"]["id"] == IMAGE.id


@pytest.mark.parametrize(
    ("ends", "counted"),
    [
        ([UploadState.COMMITTING, UploadState.DONE], 1),
        ([UploadState.COMMITTING, UploadState.UNCERTAIN], 1),
        ([UploadState.COMMITTING, UploadState.FAILED], 0),
        ([UploadState.QUEUED], 0),
        ([UploadState.SENDING], 1),
    ],
)
def test_the_ledger_counts_what_may_have_arrived(tmp_path: Path, ends: list[UploadState], counted: int) -> None:
    async def send(store: SqliteUploadStore) -> None:
        item = await store.add_bytes(PNG, PLAIN)
        await store.claim(item.id, anonymous=True)
        for state in ends:
            await store.set_state(item.id, state)
        when = datetime(2026, 3, 1, tzinfo=UTC)
        assert len(await store.attempts_since(when, anonymous=True)) == counted
        assert await store.attempts_since(when, anonymous=False) == ()
        assert await store.attempts_since(when + 24 * AN_HOUR, anonymous=True) == ()

    with_store(tmp_path / "s", send)


def test_an_attempt_in_the_future_counts_as_made_now(tmp_path: Path) -> None:
    async def run() -> None:
        clock = SteppingClock()
        store = await open_store(tmp_path / "s", clock)
        item = await store.add_bytes(PNG, PLAIN)
        await store.claim(item.id, anonymous=False)
        clock.time = datetime(2016, 3, 1, tzinfo=UTC)
        (attempt,) = await store.attempts_since(clock.time - AN_HOUR, anonymous=False)
        assert abs(attempt - clock.time) < timedelta(seconds=5)
        # And from then on it grows older, as any other.
        clock.time += AN_HOUR
        assert await store.attempts_since(clock.time - AN_HOUR / 2, anonymous=False) == ()
        await store.close()

    asyncio.run(run())


def test_the_queue_remembers_why_it_waits(tmp_path: Path) -> None:
    when = datetime(2026, 3, 1, 14, 32, 0, 5, tzinfo=UTC)
    state = QueueState(QueueMode.WAITING, "Wait.", ErrorKind.RATE_LIMITED, when, lacks_account=True)
    assert with_store(tmp_path / "s", lambda store: store.load_queue_state()) is None
    with_store(tmp_path / "s", lambda store: store.save_queue_state(state))
    assert with_store(tmp_path / "s", lambda store: store.load_queue_state()) == state
    with_store(tmp_path / "s", lambda store: store.save_queue_state(None))
    assert with_store(tmp_path / "s", lambda store: store.load_queue_state()) is None


def test_a_source_that_is_no_file_any_more_is_refused_without_hanging(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path / "pipe", tmp_path / "missing.png"):
        with pytest.raises(InputError):
            with_store(tmp_path / "s", partial(SqliteUploadStore.add_file, source=source, new=PLAIN))
    assert list((tmp_path / "s" / "outbox").iterdir()) == []


def test_a_source_that_has_grown_over_the_limit_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(InputError, match="grown"):
        with_store(tmp_path / "s", lambda store: store.add_file(tmp_path / "large", PLAIN))
    assert list((tmp_path / "s" / "outbox").iterdir()) == []


def test_it_is_an_upload_store(tmp_path: Path) -> None:
    async def take(store: UploadStore) -> None:
        assert await store.pending() == ()

    with_store(tmp_path / "s", take)
