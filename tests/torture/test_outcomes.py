"""DESIGN's table of outcomes over real sockets: what a server can do to an upload, before and after the marker.

Before: the server answers after a part of the body and closes, so the closing boundary is still withheld. Its reset may
overtake its words; then it is sent again, which is safe. In between: it answers as early and reads on, so that the
marker is set before its words are heard. After: the whole request was there.

Every row has the upload's state and sort of trouble, and what the queue as a whole does. Who is queued again gets a
second request, which the server then answers properly; nobody else does.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from app.api import Client, Timeouts
from app.core.base_url import parse_base_url
from app.core.errors import ErrorKind
from app.core.imglink import UploadOptions
from app.core.ports import NewUpload
from app.core.uploads import QueueMode, QueueState, UploadItem, UploadState
from app.core.workflow import SourceKind
from app.services.uploads import UploadQueue
from app.store import SqliteUploadStore, open_store
from tests.unit.api.harness import NOW, Request, Script, Server, credentials, http, json_answer, read_body, serve, until
from tests.unit.api.tls import server_context
from tests.unit.services.clocks import ManualTimer
from tests.unit.services.queue_harness import in_loop

S, K, M = UploadState, ErrorKind, QueueMode
NEW = NewUpload("a.png", "a.png", SourceKind.REGION, "image/png", UploadOptions())
BODY = b"\x89PNG\r\n\x1a\n" + bytes(8_000_000)
"""More than the buffers of both ends hold: whoever stops reading stops the sender."""
PART_BYTES = 200_000
PATIENT = Timeouts(connect_s=10, write_s=20, read_s=20, call_s=20, upload_s=20)
DEADLINE_S = 30
LIMITED = Timeouts(
    connect_s=3600, write_s=3600, read_s=3600, call_s=3600, upload_s=DEADLINE_S - 1, slowest_bytes_per_s=len(BODY)
)
"""In all `DEADLINE_S` for an upload of `BODY`, and no other time-out: for those that end by the deadline."""
IMAGE = {"success": True, "id": "_RxgFRvwh9", "url": "https://i.example/_RxgFRvwh9.png"}
JSON = "Content-Type: application/json"
HTML = b"<!doctype html><title>Gateway</title>"
Writer = asyncio.StreamWriter
Deed = Callable[[Writer], Awaitable[None]]


# --- what a server does -----------------------------------------------------------------------------------------------


def say(data: bytes) -> Deed:
    """Send this, and close."""

    async def deed(writer: Writer) -> None:
        writer.write(data)
        await writer.drain()

    return deed


def error(status: int, *headers: str) -> Deed:
    return say(http(f"{status} Status", json.dumps({"error": f"words of {status}"}), JSON, *headers))


def answer(value: object) -> Deed:
    return say(json_answer(value))


async def hang_up(writer: Writer) -> None:
    """Close without a word."""


async def reset(writer: Writer) -> None:
    """Break the connection."""
    writer.transport.abort()


async def keep_silent(writer: Writer) -> None:
    await asyncio.sleep(30)


async def drip_answer(writer: Writer) -> None:
    """The proper answer, so slowly that the deadline passes; every byte comes within the time-outs."""
    for byte in json_answer(IMAGE):
        writer.write(bytes([byte]))
        await asyncio.sleep(0.1)


async def drip_continues(writer: Writer) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.05)


def pass_deadline() -> None:
    """Let everyone on this loop who waits for a time believe that it has come: no test has to wait for it."""
    loop = asyncio.get_running_loop()
    time = loop.time
    vars(loop)["time"] = lambda: time() + DEADLINE_S


def proper(prefix: bytes = b"") -> Script:
    async def script(request: Request, reader: asyncio.StreamReader, writer: Writer) -> None:
        await read_body(request, reader)
        writer.write(prefix + json_answer(IMAGE))
        await writer.drain()

    return script


# --- the table --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class End:
    """What becomes of it. `kind` also tells why the queue waits or is paused."""

    state: UploadState
    kind: ErrorKind | None
    queue: QueueMode
    words: str = ""
    """What the reason says."""


def retried(kind: ErrorKind = K.OFFLINE, words: str = "") -> End:
    return End(S.QUEUED, kind, M.WAITING, words)


def uncertain(kind: ErrorKind = K.OFFLINE, words: str = "This may already be uploaded") -> End:
    """The queue waits a little: a server in trouble is given time before the next file."""
    return End(S.UNCERTAIN, kind, M.WAITING, words)


def paused(kind: ErrorKind, words: str = "") -> End:
    return End(S.PAUSED, kind, M.PAUSED, words)


def failed(words: str) -> End:
    return End(S.FAILED, K.INPUT, M.RUNNING, words)


DONE = End(S.DONE, None, M.RUNNING)
NESTED = b"[" * 100_000 + b"]" * 100_000
BOMB = gzip.compress(bytes(50_000_000))

# What the server's own words decide is the same on both sides of the marker.
PLAIN: dict[str, tuple[Deed, End]] = {
    **{
        f"{status}": (error(status), failed(f"words of {status}"))
        for status in (400, 409, 411, 413, 415, 418, 422, 451)
    },
    **{f"{status}": (error(status), paused(K.CREDENTIAL, f"words of {status}")) for status in (401, 403)},
    "404": (error(404), paused(K.INPUT, "words of 404")),
    "405": (error(405), paused(K.INPUT, "words of 405")),
    "HTML 403 of a firewall": (say(http("403 No", HTML, "Content-Type: text/html")), paused(K.CREDENTIAL, "web page")),
    **{
        f"{status}": (error(status, "Location: http://127.0.0.1:9/elsewhere"), paused(K.SERVICE, "points to another"))
        for status in (300, 301, 302, 303, 304, 305, 307, 308)
    },
    "429 in seconds": (error(429, "Retry-After: 120"), retried(K.RATE_LIMITED, "words of 429")),
    "429 at a date": (error(429, "Retry-After: Thu, 15 Jan 2026 12:02:00 GMT"), retried(K.RATE_LIMITED)),
    "429 with nonsense": (error(429, "Retry-After: soon"), retried(K.RATE_LIMITED)),
    "429 without a word": (say(http("429 Too Many")), retried(K.RATE_LIMITED)),
    "success: false": (answer({"success": False, "error": "Not an image"}), failed("Not an image")),
    "an error with status 200": (answer({"error": "No such album"}), failed("No such album")),
}
WAITS_S = {"429 in seconds": 120, "429 at a date": 120, "429 with nonsense": 45, "429 without a word": 45}
"""How long the queue then waits; 30 s and half of as much again when the server does not say."""

# Where the server said nothing of use, the marker decides.
MARKED: dict[str, tuple[Deed, ErrorKind]] = {
    **{f"{status}": (error(status), K.SERVICE) for status in (500, 501, 502, 504, 507, 520, 599)},
    "503 with Retry-After": (error(503, "Retry-After: 120"), K.SERVICE),
    "408": (error(408), K.OFFLINE),
    "HTML 502 of a CDN": (say(http("502 Bad Gateway", HTML, "Content-Type: text/html")), K.SERVICE),
    "HTML 200 of a portal": (say(http("200 OK", HTML, "Content-Type: text/html")), K.SERVICE),
    "empty 200": (say(http("200 OK")), K.SERVICE),
    "204": (say(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"), K.SERVICE),
    "half an object": (say(http("200 OK", b'{"id": "abc', JSON)), K.SERVICE),
    "truncated": (say(json_answer(IMAGE).replace(b"Content-Length: ", b"Content-Length: 9")), K.OFFLINE),
    "truncated headers": (say(b"HTTP/1.1 200 OK\r\nContent-Le"), K.OFFLINE),
    "truncated chunk": (say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"), K.OFFLINE),
    "wrong types": (answer({"success": True, "id": ["a"], "url": 7}), K.SERVICE),
    "id that is none": (answer(IMAGE | {"id": "../../etc"}), K.SERVICE),
    "no link": (answer({"success": True, "id": "_RxgFRvwh9"}), K.SERVICE),
    "javascript link": (answer(IMAGE | {"url": "javascript:alert(1)"}), K.SERVICE),
    "two images": (answer({"images": [IMAGE, IMAGE]}), K.SERVICE),
    "no images": (answer({"images": []}), K.SERVICE),
    "null": (say(http("200 OK", b"null", JSON)), K.SERVICE),
    "nested 100,000 deep": (say(http("200 OK", NESTED, JSON)), K.SERVICE),
    "gzip bomb": (say(http("200 OK", BOMB, JSON, "Content-Encoding: gzip")), K.SERVICE),
    "2 MB": (say(http("200 OK", json.dumps(IMAGE | {"x": "y" * 2_000_000}), JSON)), K.SERVICE),
    "not HTTP": (say(b"SSH-2.0-OpenSSH_9.6\r\n"), K.OFFLINE),
    "101 Switching Protocols": (say(b"HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"), K.OFFLINE),
    "reset": (reset, K.OFFLINE),
    "hung up": (hang_up, K.OFFLINE),
}

ROWS = [(name, deed, end, end) for name, (deed, end) in PLAIN.items()] + [
    (name, deed, retried(kind), uncertain(kind)) for name, (deed, kind) in MARKED.items()
]

# --- a queue that sends to it -----------------------------------------------------------------------------------------


@dataclass
class World:
    queue: UploadQueue
    store: SqliteUploadStore
    clock: ManualTimer


@asynccontextmanager
async def world(folder: Path, url: str, timeouts: Timeouts = PATIENT) -> AsyncIterator[World]:
    clock = ManualTimer(NOW)
    store = await open_store(folder, clock)
    client = Client(parse_base_url(url), credentials(token=None), timeouts=timeouts, now=clock.now)
    queue = UploadQueue(client, store, clock, random=lambda: 0.5)
    try:
        await queue.start()
        yield World(queue, store, clock)
    finally:
        await queue.stop()
        await client.close()
        await store.close()


async def first_end(w: World, item: UploadItem) -> tuple[UploadItem, QueueState]:
    """How the first attempt ends, for the upload and for the queue."""
    async with asyncio.timeout(2 * DEADLINE_S):
        ended = await w.queue.wait(item.id, patience_s=0)
    return ended, w.queue.state


def then_properly(first: Script) -> Script:
    """The first request gets what the row says; further ones get what they came for."""
    requests = 0

    async def script(request: Request, reader: asyncio.StreamReader, writer: Writer) -> None:
        nonlocal requests
        requests += 1
        await (first if requests == 1 else proper())(request, reader, writer)

    return script


async def check(
    w: World, server: Server, body: bytes, end: End, *, wait_s: float | None = None, if_lost: End | None = None
) -> None:
    """`if_lost` is the other end that may come, when the server's words do not."""
    ended, state = await first_end(w, await w.queue.enqueue_bytes(body, NEW))
    if if_lost is not None and (ended.state, ended.error_kind) == (if_lost.state, if_lost.kind):
        end, wait_s = if_lost, None
    assert (ended.state, ended.error_kind) == (end.state, end.kind), ended.reason
    assert end.words in ended.reason
    assert state.mode is end.queue, state
    assert state.error_kind is (None if end.queue is M.RUNNING else end.kind)
    assert ended.state is S.DONE or ended.reason
    assert len(server.requests) == 1
    stored = await w.store.get(ended.id)
    assert stored is not None
    assert stored.state is ended.state
    assert stored.path.read_bytes() == body
    if wait_s is not None:
        assert state.resume_at is not None
        assert (state.resume_at - w.clock.now()).total_seconds() == pytest.approx(wait_s, abs=1)
    # A day later: whoever is queued has gone, nobody else has.
    w.clock.advance(24 * 3600)
    last = await w.queue.enqueue_bytes(b"\x89PNG\r\n\x1a\n", NEW)
    if end.queue is M.PAUSED:
        assert (await w.queue.wait(last.id, patience_s=0)).state is S.QUEUED
        assert len(server.requests) == 1
        return
    async with asyncio.timeout(30):
        assert (await w.queue.wait(last.id)).state is S.DONE
        again = await w.queue.wait(ended.id)
    is_retried = end.state is S.QUEUED
    assert again.state is (S.DONE if is_retried else end.state)
    assert len(server.requests) == 2 + is_retried


@pytest.mark.parametrize(("deed", "end"), [row[1:3] for row in ROWS], ids=[row[0] for row in ROWS])
@in_loop
async def test_before_the_marker(tmp_path: Path, request: pytest.FixtureRequest, deed: Deed, end: End) -> None:
    async def script(seen: Request, reader: asyncio.StreamReader, writer: Writer) -> None:
        await read_body(seen, reader, PART_BYTES)
        await deed(writer)

    async with serve(then_properly(script)) as server, world(tmp_path, server.url) as w:
        lost = retried(words="The upload was not complete, so sending it again is safe.")
        await check(w, server, BODY, end, wait_s=WAITS_S.get(request.node.callspec.id), if_lost=lost)
        assert not server.requests[0].is_whole


@pytest.mark.parametrize(("deed", "end"), list(PLAIN.values()), ids=list(PLAIN))
@in_loop
async def test_an_early_answer_of_a_server_that_reads_on(
    tmp_path: Path, request: pytest.FixtureRequest, deed: Deed, end: End
) -> None:
    async def script(seen: Request, reader: asyncio.StreamReader, writer: Writer) -> None:
        await read_body(seen, reader, PART_BYTES)
        await deed(writer)
        await read_body(seen, reader)

    async with serve(then_properly(script)) as server, world(tmp_path, server.url) as w:
        await check(w, server, BODY, end, wait_s=WAITS_S.get(request.node.callspec.id))
        # The client has heard enough before the server has read all that was sent.
        await until(lambda: server.requests[0].is_whole)


@pytest.mark.parametrize(("deed", "end"), [(row[1], row[3]) for row in ROWS], ids=[row[0] for row in ROWS])
@in_loop
async def test_after_the_marker(tmp_path: Path, request: pytest.FixtureRequest, deed: Deed, end: End) -> None:
    async def script(seen: Request, reader: asyncio.StreamReader, writer: Writer) -> None:
        await read_body(seen, reader)
        await deed(writer)

    async with serve(then_properly(script)) as server, world(tmp_path, server.url) as w:
        body = BODY[:50_000]
        await check(w, server, body, end, wait_s=WAITS_S.get(request.node.callspec.id))
        assert server.requests[0].is_whole


SLOW = {"silence": keep_silent, "100 Continue without end": drip_continues, "a drip": drip_answer}


@pytest.mark.parametrize("deed", SLOW.values(), ids=SLOW)
@in_loop
async def test_after_the_marker_who_takes_too_long_is_uncertain(tmp_path: Path, deed: Deed) -> None:
    async def script(seen: Request, reader: asyncio.StreamReader, writer: Writer) -> None:
        await read_body(seen, reader)
        pass_deadline()
        await deed(writer)

    async with serve(then_properly(script)) as server, world(tmp_path, server.url, LIMITED) as w:
        await check(w, server, BODY[:1000], uncertain())
        assert server.requests[0].is_whole


async def read_slowly(request: Request, reader: asyncio.StreamReader, writer: Writer) -> None:
    """Every block comes within the time-outs."""
    await read_body(request, reader, PART_BYTES)
    pass_deadline()
    for wanted in range(PART_BYTES, len(BODY), 20_000):
        await read_body(request, reader, wanted)
        await asyncio.sleep(0.05)


async def stop_reading(request: Request, reader: asyncio.StreamReader, writer: Writer) -> None:
    await read_body(request, reader, PART_BYTES)
    pass_deadline()
    await keep_silent(writer)


@pytest.mark.parametrize("script", [read_slowly, stop_reading])
@in_loop
async def test_before_the_marker_who_takes_too_long_gets_it_again(tmp_path: Path, script: Script) -> None:
    async with serve(then_properly(script)) as server, world(tmp_path, server.url, LIMITED) as w:
        await check(w, server, BODY, retried(words="The upload was not complete, so sending it again is safe."))
        assert not server.requests[0].is_whole


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
@in_loop
async def test_an_informational_answer_changes_nothing(tmp_path: Path, status: bytes) -> None:
    async with serve(proper(b"HTTP/1.1 " + status + b"\r\n\r\n")) as server, world(tmp_path, server.url) as w:
        await check(w, server, BODY[:1000], DONE)


# --- where there is no "after", because nothing was ever sent ---------------------------------------------------------


async def check_unreachable(w: World, end: End) -> None:
    """It is tried again and again, ever more slowly, and no attempt makes it fail."""
    item = await w.queue.enqueue_bytes(BODY[:1000], NEW)

    def is_held(attempt: int) -> bool:
        """True once the attempt is over and somebody sleeps until the next: then it helps to let time pass."""
        (held,) = w.queue.items()
        is_over = (held.state, held.attempts, w.queue.state.mode) == (end.state, attempt, end.queue)
        return is_over and bool(w.clock.sleeping_until_s)

    for attempt in range(1, 6):
        await until(partial(is_held, attempt))
        assert w.queue.state.error_kind is end.kind
        assert end.words in w.queue.state.reason
        assert w.queue.state.resume_at is not None
        wait_s = (w.queue.state.resume_at - w.clock.now()).total_seconds()
        assert wait_s == pytest.approx(0.5 * min(300, 2 * 2 ** (attempt - 1)), abs=0.01)
        # What was never sent does not count as an upload of this hour.
        assert await w.store.attempts_since(NOW.replace(year=2020), anonymous=False) == ()
        w.clock.advance(wait_s)
    assert (await w.queue.get(item.id)).state in (S.QUEUED, S.SENDING)


@in_loop
async def test_a_refused_connection_is_tried_again(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with world(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}") as w:
            await check_unreachable(w, retried(words="cannot be reached"))


@in_loop
async def test_a_name_without_an_address_is_tried_again(tmp_path: Path) -> None:
    async with world(tmp_path, "https://no-such-host.invalid") as w:
        await check_unreachable(w, retried(words="cannot be reached"))


@in_loop
async def test_a_certificate_that_nobody_vouches_for_is_tried_again(tmp_path: Path) -> None:
    context = server_context(tmp_path)
    async with serve(proper(), tls=context) as server, world(tmp_path / "s", server.url) as w:
        await check_unreachable(w, retried(words="is not secure"))
        assert server.requests == []


@in_loop
async def test_a_server_without_tls_is_tried_again(tmp_path: Path) -> None:
    async def plain(_: asyncio.StreamReader, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server, world(tmp_path, f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}") as w:
        await check_unreachable(w, retried(words="is not secure"))
