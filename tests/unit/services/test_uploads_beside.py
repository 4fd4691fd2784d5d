"""Two queues over one outbox, as the application and a command line are."""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path

from app.core.uploads import UploadState
from app.services.uploads import UploadQueue
from app.store import open_store
from tests.unit.services.queue_harness import Act, ScriptedApi, bench, in_loop


@in_loop
async def test_who_waits_learns_how_an_upload_ends_that_another_process_took(tmp_path: Path) -> None:
    gate, their_gate = asyncio.Event(), asyncio.Event()
    async with bench(tmp_path, Act(gate=gate), start=False, concurrency=lambda: 1) as ours:
        await ours.queue.start(resume_pending=False)
        first, second = await ours.add(), await ours.add()
        await ours.until_state(first.id, UploadState.SENDING)
        waiting = asyncio.create_task(ours.queue.wait(second.id))
        store, api = await open_store(tmp_path, ours.clock), ScriptedApi(deque([Act(gate=their_gate)]))
        theirs = UploadQueue(api, store, ours.clock)
        await theirs.start()
        await ours.until(lambda: api.running == 1)
        gate.set()
        # Now it is our queue's turn to send the second, which it finds taken and on its way.
        await ours.until(lambda: ours.queue.items() == ())
        assert not waiting.done()
        their_gate.set()
        async with asyncio.timeout(5):
            while not waiting.done():
                ours.clock.advance(0.1)
                await asyncio.sleep(0.001)
        assert (await waiting).state is UploadState.DONE
        # Each was sent once.
        assert (ours.api.committed, api.committed) == (1, 1)
        await theirs.stop()
        await store.close()
