"""What is to be done after an upload is stored with it, by the same transaction and in the same sidecar."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

from app.core.links import LinkForm
from app.core.uploads import NOTHING_AFTER, AfterUpload, GroupId, UploadId, UploadItem, UploadState
from app.core.workflow import UploadTask
from app.store import SqliteUploadStore
from app.store.database import open_database
from app.store.migrations import MIGRATIONS
from app.store.recovery import REBUILT
from tests.unit.store.samples import IMAGE, NEW, PLAIN, PNG, SteppingClock, with_store

COPY, NOTIFY, ALBUM, EMBED = (
    UploadTask.COPY_LINK,
    UploadTask.NOTIFY,
    UploadTask.ADD_TO_ALBUM,
    UploadTask.ASSIGN_EMBED,
)
AFTER = AfterUpload(frozenset({COPY, NOTIFY}), LinkForm.MARKDOWN, GroupId("g1"))
WITH_AFTER = replace(PLAIN, after=AFTER)


async def unfinished(store: SqliteUploadStore) -> tuple[UploadItem, ...]:
    return await store.unfinished()


def test_it_outlives_a_restart(tmp_path: Path) -> None:
    stored = with_store(tmp_path, lambda store: store.add_bytes(PNG, WITH_AFTER))
    assert stored.after == AFTER
    assert [item.after for item in with_store(tmp_path, unfinished)] == [AFTER]


def test_album_and_embed_profile_become_tasks_by_themselves(tmp_path: Path) -> None:
    stored = with_store(tmp_path, lambda store: store.add_bytes(PNG, NEW))
    assert stored.after.tasks == {ALBUM, EMBED}


def test_nothing_to_do_is_not_listed(tmp_path: Path) -> None:
    async def add(store: SqliteUploadStore) -> None:
        await store.add_bytes(PNG, PLAIN)
        cancelled = await store.add_bytes(PNG, WITH_AFTER)
        await store.set_state(cancelled.id, UploadState.CANCELLED)

    with_store(tmp_path, add)
    assert with_store(tmp_path, unfinished) == ()


def test_what_is_done_leaves_and_what_failed_stays_with_its_reason(tmp_path: Path) -> None:
    async def work(store: SqliteUploadStore) -> None:
        item = await store.add_bytes(PNG, NEW)
        await store.set_state(item.id, UploadState.DONE, image=IMAGE)
        changed = await store.change_after(
            item.id, lambda after: after.without(frozenset({EMBED})).failed(ALBUM, "Gone.")
        )
        assert changed is not None
        assert changed.image == IMAGE

    with_store(tmp_path, work)
    [item] = with_store(tmp_path, unfinished)
    assert item.after.tasks == {ALBUM}
    assert item.after.problems == ((ALBUM, "Gone."),)
    assert item.after.due == frozenset()


def test_an_upload_that_was_forgotten_has_nothing_left(tmp_path: Path) -> None:
    async def work(store: SqliteUploadStore) -> UploadItem | None:
        return await store.change_after(UploadId("gone"), lambda after: after)

    assert with_store(tmp_path, work) is None


def test_a_file_without_a_row_brings_it_back(tmp_path: Path) -> None:
    with_store(tmp_path, lambda store: store.add_bytes(PNG, WITH_AFTER))
    _execute(tmp_path, "DELETE FROM uploads")
    [item] = with_store(tmp_path, unfinished)
    assert item.after == AFTER


def test_a_rebuilt_list_does_nothing_once_more_for_what_was_done(tmp_path: Path) -> None:
    async def work(store: SqliteUploadStore) -> None:
        done = await store.add_bytes(PNG, WITH_AFTER)
        await store.set_state(done.id, UploadState.DONE, image=IMAGE)
        await store.add_bytes(PNG, WITH_AFTER)

    with_store(tmp_path, work)
    (tmp_path / "uploads.db").write_bytes(b"no database" * 1000)
    for companion in tmp_path.glob("uploads.db-*"):
        companion.unlink()
    [item] = with_store(tmp_path, unfinished)
    assert (item.state, item.reason, item.after) == (UploadState.UNCERTAIN, REBUILT, AFTER)


def test_a_sidecar_of_the_first_version_can_be_read(tmp_path: Path) -> None:
    stored = with_store(tmp_path, lambda store: store.add_bytes(PNG, WITH_AFTER))
    sidecar = tmp_path / "outbox" / f"{stored.path.name}.json"
    fields = json.loads(sidecar.read_bytes())
    del fields["follow_up"]
    sidecar.write_text(json.dumps(fields), encoding="utf-8")
    _execute(tmp_path, "DELETE FROM uploads")

    async def pending(store: SqliteUploadStore) -> tuple[UploadItem, ...]:
        return await store.pending()

    [item] = with_store(tmp_path, pending)
    assert (item.file_name, item.after) == (PLAIN.file_name, NOTHING_AFTER)


def test_a_list_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    now = SteppingClock().now()
    old = open_database(tmp_path / "uploads.db", now, look_closely=False, may_migrate=True, migrations=MIGRATIONS[:1])
    old.execute(
        "INSERT INTO uploads (id, position, state, created_at, updated_at, file, file_name, upload_name, kind, mime,"
        " size, sha256, visibility, nsfw, anonymous)"
        " VALUES ('a', 1, 'done', 0, 0, 'a.png', 'a.png', 'a.png', 'file', 'image/png', 1, '', 'public', 0, 0)"
    )
    old.close()

    async def recent(store: SqliteUploadStore) -> tuple[UploadItem, ...]:
        return await store.recent(5)

    assert [(item.id, item.after) for item in with_store(tmp_path, recent)] == [("a", NOTHING_AFTER)]
    assert len(list(tmp_path.glob("uploads.db.v1-*.bak"))) == 1


def _execute(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "uploads.db", isolation_level=None)
    connection.execute(statement)
    connection.close()
