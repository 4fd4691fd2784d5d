"""Queue, store, client and demo server together: what the server has is what the queue says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.api import Client, Timeouts
from app.core.base_url import parse_base_url
from app.core.clock import SystemClock
from app.core.errors import ErrorKind
from app.core.imglink import CredentialKind, UploadOptions, Visibility
from app.core.ports import NewUpload
from app.core.uploads import QueueMode, UploadChanged, UploadEvent, UploadId, UploadItem, UploadState
from app.core.workflow import SourceKind
from app.demo import DEMO_API_KEY, DEMO_USER, DemoServer, Fault, Stage
from app.services.history import HistoryService
from app.services.history_files import HistoryFiles
from app.services.intake import check_file
from app.services.uploads import UploadQueue
from app.store import SqliteUploadStore, open_store
from tests.unit.demo.plain_http import picture
from tests.unit.services.queue_harness import in_loop

S = UploadState
DEADLINE_S = 30
UPLOAD = "/api/v1/upload"
NEW = NewUpload("a.png", "a.png", SourceKind.FILE, "image/png", UploadOptions())
TIMEOUTS = Timeouts(connect_s=2, write_s=2, read_s=2, call_s=5, upload_s=5)


@dataclass
class World:
    """A demo server, and a queue that sends to it for real."""

    server: DemoServer
    store: SqliteUploadStore
    client: Client
    queue: UploadQueue
    keys: list[str | None]
    """The key in use is the last."""

    async def add(self, data: bytes | None = None, new: NewUpload = NEW) -> UploadItem:
        """Queue a picture."""
        return await self.queue.enqueue_bytes(data or picture(), new)

    async def end(self, upload_id: UploadId) -> UploadItem:
        """How an upload ends."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.queue.wait(upload_id)


@asynccontextmanager
async def world(folder: Path, server: DemoServer, *, jitter: float = 0.0) -> AsyncIterator[World]:
    keys: list[str | None] = [DEMO_API_KEY]

    async def credentials(kind: CredentialKind) -> str | None:
        return keys[-1] if kind is CredentialKind.API_KEY else None

    async def has_credential() -> bool:
        return keys[-1] is not None

    clock = SystemClock()
    store = await open_store(folder, clock)
    client = Client(parse_base_url(server.base_url), credentials, timeouts=TIMEOUTS)
    # 0.0 is no wait between attempts, 1.0 the longest that the jitter gives.
    queue = UploadQueue(client, store, clock, has_credential=has_credential, random=lambda: jitter)
    try:
        await queue.start()
        yield World(server, store, client, queue, keys)
    finally:
        await queue.stop()
        await client.close()
        await store.close()


@in_loop
async def test_what_was_captured_is_what_the_server_has(tmp_path: Path) -> None:
    with DemoServer() as server:
        async with world(tmp_path, server) as w:
            pictures = [picture(20 + number, 20) for number in range(5)]
            items = [await w.add(data) for data in pictures]
            done = [await w.end(item.id) for item in items]
            assert {item.state for item in done} == {S.DONE}
            assert [server.file_bytes(item.image.id) for item in done if item.image] == pictures
            assert [item.image.width for item in done if item.image] == [20, 21, 22, 23, 24]
            assert server.commits == 5


@in_loop
async def test_options_and_the_neutral_name_arrive(tmp_path: Path) -> None:
    source = tmp_path / "my secret.png"
    source.write_bytes(picture())
    with DemoServer() as server:
        async with world(tmp_path / "s", server) as w:
            options = UploadOptions(visibility=Visibility.PRIVATE, nsfw=True)
            checked = check_file(source, anonymous=False)
            item = await w.queue.enqueue_file(checked, options, SourceKind.DROP)
            assert (await w.end(item.id)).state is S.DONE
            (stored,) = server.images()
            assert (stored.is_private, stored.is_nsfw) == (True, True)
            assert (stored.file_name, "secret" in stored.file_name) == (item.upload_name, False)


@pytest.mark.parametrize(
    ("fault", "state", "commits", "requests"),
    [
        # What the server refused or never had whole is decided by its words; what it may have taken is uncertain.
        (Fault.error(400, "Not an image"), S.FAILED, 0, 1),
        (Fault.error(413, "Storage full"), S.FAILED, 0, 1),
        (Fault.error(403, "Banned"), S.PAUSED, 0, 1),
        (Fault.error(401, "Bad key"), S.PAUSED, 0, 1),
        (Fault.redirect("http://127.0.0.1:9/"), S.PAUSED, 0, 1),
        (Fault.html(502), S.UNCERTAIN, 0, 1),
        (Fault.garbage(), S.UNCERTAIN, 0, 1),
        (Fault.garbage(b""), S.UNCERTAIN, 0, 1),
        (Fault.lost(Stage.BEFORE_COMMIT), S.UNCERTAIN, 0, 1),
        (Fault.lost(Stage.AFTER_COMMIT), S.UNCERTAIN, 1, 1),
        (Fault.slow(4, Stage.AFTER_COMMIT), S.UNCERTAIN, 1, 1),
        (Fault.error(429, "Slow down", retry_after="1"), S.DONE, 1, 2),
    ],
    ids=lambda value: "",
)
@in_loop
async def test_every_answer_ends_where_the_table_says(
    tmp_path: Path, fault: Fault, state: UploadState, commits: int, requests: int
) -> None:
    with DemoServer() as server:
        async with world(tmp_path, server) as w:
            server.faults.add(fault.on("POST", UPLOAD))
            ended = await w.end((await w.add()).id)
            assert ended.state is state, ended.reason
            assert server.commits == commits
            assert len([request for request in server.requests if request.path == UPLOAD]) == requests
            assert state is S.DONE or ended.reason


@in_loop
async def test_a_large_upload_cut_off_in_the_middle_is_simply_sent_again(tmp_path: Path) -> None:
    data = picture() + bytes(20_000_000)
    with DemoServer() as server:
        async with world(tmp_path, server) as w:
            server.faults.add(Fault.lost(Stage.BEFORE_BODY).on("POST", UPLOAD, times=2))
            ended = await w.end((await w.add(data)).id)
            assert ended.state is S.DONE, ended.reason
            assert ended.attempts == 3
            assert server.commits == 1


@in_loop
async def test_a_server_that_is_away_is_waited_for(tmp_path: Path) -> None:
    with DemoServer() as server:
        async with world(tmp_path, server, jitter=1.0) as w:
            server.stop()
            item = await w.add()
            async with asyncio.timeout(DEADLINE_S):
                held = await w.queue.wait(item.id, patience_s=-1)
            assert (held.state, held.error_kind) == (S.QUEUED, ErrorKind.OFFLINE)


@in_loop
async def test_a_new_key_lets_the_queue_go_on(tmp_path: Path) -> None:
    with DemoServer() as server:
        async with world(tmp_path, server) as w:
            w.keys.append("revoked")
            items = [await w.add() for _ in range(4)]
            assert (await w.end(items[0].id)).state is S.PAUSED
            assert w.queue.state.mode is QueueMode.PAUSED
            w.keys.append(server.add_key(server.user(DEMO_USER)))
            await w.queue.credentials_changed()
            assert [(await w.end(item.id)).state for item in items] == [S.DONE] * 4
            assert server.commits == 4


@in_loop
async def test_without_an_account_the_second_upload_waits_half_an_hour(tmp_path: Path) -> None:
    with DemoServer() as server:
        async with world(tmp_path, server) as w:
            w.keys.append(None)
            first, second = await w.add(), await w.add()
            assert (await w.end(first.id)).state is S.DONE
            async with asyncio.timeout(DEADLINE_S):
                held = await w.queue.wait(second.id, patience_s=60)
            assert (held.state, held.error_kind) == (S.QUEUED, ErrorKind.RATE_LIMITED)
            assert len(server.requests) == 1


@in_loop
async def test_cancelling_a_transfer_leaves_nothing_on_the_server(tmp_path: Path) -> None:
    with DemoServer() as server:
        async with world(tmp_path, server) as w:
            server.faults.add(Fault.slow(30).on("POST", UPLOAD))
            under_way = asyncio.Event()

            def watch(event: UploadEvent) -> None:
                if isinstance(event, UploadChanged) and event.item.sent_bytes:
                    under_way.set()

            w.queue.subscribe(watch)
            item = await w.add(picture() + bytes(30_000_000))
            async with asyncio.timeout(DEADLINE_S):
                await under_way.wait()
            assert (await w.queue.cancel(item.id)).state is S.CANCELLED
            assert server.commits == 0


@in_loop
async def test_what_was_uploaded_can_be_looked_up_and_deleted(tmp_path: Path) -> None:
    with DemoServer() as server:
        async with world(tmp_path, server) as w:
            history = HistoryService(w.store.history, w.store, w.client, HistoryFiles(frozenset(), lambda _path: ()))
            done = await w.end((await w.add()).id)
            assert done.image is not None
            assert (await history.details(done.image.id)).id == done.image.id
            await history.delete_on_service(done.image.id)
            assert server.images() == []
            await history.delete_on_service(done.image.id)
