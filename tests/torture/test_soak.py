"""500 uploads through a service of which every fifth answer is a fault, on a clock that is not waited for.

Queue, store, client and server are the real ones, with the documentation's limits on both sides. In the end every
upload is done, or waits for the person with a reason.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from pathlib import Path

import pytest

from app.api import Client, Timeouts
from app.core.base_url import parse_base_url
from app.core.imglink import CredentialKind, UploadOptions
from app.core.ports import NewUpload
from app.core.uploads import QueueMode, UploadItem, UploadState
from app.core.workflow import SourceKind
from app.demo import DEMO_API_KEY, DemoServer, Fault, Faults, Stage
from app.services.uploads import UploadQueue
from app.store import open_store
from tests.unit.services.clocks import ManualTimer
from tests.unit.services.queue_harness import in_loop

S, M = UploadState, QueueMode
ITEMS = 500
SHARE_OF_FAULTS = 0.2
SEED = 20260301
UPLOAD = "/api/v1/upload"
NEW = NewUpload("a.png", "a.png", SourceKind.REGION, "image/png", UploadOptions())
TIMEOUTS = Timeouts(connect_s=2, write_s=0.5, read_s=0.5, call_s=1, upload_s=1)
FAULTS = (
    *(Fault.error(status, f"words of {status}") for status in (400, 401, 403, 408, 413, 500, 503)),
    *(Fault.error(429, retry_after=wait) for wait in ("1", "90", "soon", "")),
    *(Fault.redirect("http://127.0.0.1:9/", status) for status in (302, 307)),
    *(Fault.html(status) for status in (200, 403, 502)),
    *(
        Fault.garbage(body)
        for body in (b"", b'{"id": "abc', b"[" * 100_000, b'{"success": false, "error": "Not an image"}')
    ),
    *(Fault.lost(stage) for stage in Stage),
    Fault.cut(10),
    Fault.slow(1.5, Stage.AFTER_COMMIT),
    Fault.drip(1, 0.1),
)


class FrequentFaults(Faults):
    """Every fifth request or so meets one of `FAULTS`."""

    def __init__(self) -> None:
        super().__init__()
        self._random = random.Random(SEED)
        self.struck: list[Fault] = []

    def take(self, method: str, path: str) -> Fault | None:
        if path != UPLOAD or self._random.random() >= SHARE_OF_FAULTS:
            return None
        fault = self._random.choice(FAULTS)
        self.struck.append(fault)
        return fault


async def until_all_rest(queue: UploadQueue, clock: ManualTimer) -> list[str]:
    """Let time pass whenever everything waits, and let the queue go on when it is paused; returns why it was."""
    reasons: list[str] = []
    while any(item.state not in (S.FAILED, S.UNCERTAIN) for item in queue.items()):
        await asyncio.sleep(0.002)
        if any(item.state in (S.SENDING, S.COMMITTING) for item in queue.items()):
            continue
        state = queue.state
        if state.mode is M.PAUSED:
            reasons.append(state.reason)
            await queue.resume()
        elif state.mode is M.WAITING and (sleeping := clock.sleeping_until_s):
            assert state.reason
            assert state.resume_at is not None
            # It wakes when it has said that it will.
            assert (state.resume_at - clock.now()).total_seconds() == pytest.approx(sleeping[0], abs=0.01)
            # A moment later: the two ends round their times differently.
            clock.advance(sleeping[0] + 0.001)
    return reasons


@pytest.mark.timeout(300)
@in_loop
async def test_five_hundred_uploads_under_twenty_percent_faults(tmp_path: Path) -> None:
    generator, clock = random.Random(SEED), ManualTimer()

    async def credentials(kind: CredentialKind) -> str | None:
        return DEMO_API_KEY if kind is CredentialKind.API_KEY else None

    server = DemoServer(clock=clock)
    server.faults = faults = FrequentFaults()
    with server:
        store = await open_store(tmp_path, clock)
        client = Client(parse_base_url(server.base_url), credentials, timeouts=TIMEOUTS, now=clock.now)
        queue = UploadQueue(client, store, clock, random=generator.random, concurrency=lambda: 4)
        pieces = [b"\x89PNG\r\n\x1a\n" + generator.randbytes(generator.randint(1, 20_000)) for _ in range(ITEMS)]
        items = [await queue.enqueue_bytes(piece, NEW) for piece in pieces]
        await queue.start()
        pauses = await until_all_rest(queue, clock)
        ended = [await queue.get(item.id) for item in items]
        await queue.stop()
        await client.close()
        await store.close()
        states = Counter(item.state for item in ended)
        hours = clock.monotonic() / 3600
        print(
            f"{len(faults.struck)} faults in {len(server.requests)} requests, {len(pauses)} pauses, {hours:.1f} hours:",
            {state.value: count for state, count in states.items()},
        )
        assert all(pauses)
        check(server, pieces, ended, faults)
        assert len(faults.struck) >= ITEMS * SHARE_OF_FAULTS * 0.8
        assert all(fault in faults.struck for fault in FAULTS)
        assert states[S.DONE] >= ITEMS * 0.75
        assert hours >= 4  # 100 an hour


def check(server: DemoServer, pieces: list[bytes], ended: list[UploadItem], faults: FrequentFaults) -> None:
    """Hold what the queue says against what the server has."""
    commits = Counter(image.sha256 for image in server.images())
    assert max(commits.values()) == 1
    for piece, item in zip(pieces, ended, strict=True):
        assert item.sha256 == hashlib.sha256(piece).hexdigest()
        if item.state is S.DONE:
            assert item.image is not None
            assert server.file_bytes(item.image.id) == piece
        else:
            assert item.state in (S.FAILED, S.UNCERTAIN)
            assert item.reason
            assert item.path.read_bytes() == piece
        assert item.state is not S.FAILED or not commits[item.sha256]
    # The service's own limits were never met: the ledger had seen to that.
    limited = sum(request.status == 429 for request in server.requests)
    assert limited == sum(fault.status == 429 for fault in faults.struck)
