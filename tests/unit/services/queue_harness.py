"""A queue over a real store, a clock that a test holds, and a service that does what it is told."""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec

from app.core.imglink import Image, ImageId, UploadOptions
from app.core.ports import NewUpload, UploadFile
from app.core.uploads import QueueChanged, QueueState, UploadChanged, UploadEvent, UploadId, UploadItem, UploadState
from app.core.workflow import SourceKind
from app.services.uploads import UploadQueue
from app.store import SqliteUploadStore, open_store
from tests.unit.services.clocks import ManualTimer

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels" * 100
NEW = NewUpload("a.png", "a.png", SourceKind.FILE, "image/png", UploadOptions())


P = ParamSpec("P")


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test on an event loop of its own. Whatever reaches the loop's crash handler fails it."""

    @functools.wraps(test)
    def run(*arguments: P.args, **keywords: P.kwargs) -> None:
        async def body() -> None:
            crashes: list[dict[str, Any]] = []
            asyncio.get_running_loop().set_exception_handler(lambda _loop, context: crashes.append(context))
            await test(*arguments, **keywords)
            assert crashes == []

        asyncio.run(body())

    return run


@dataclass
class Act:
    """What the service does with one upload: wait for `gate`, report progress, go past the marker, fail."""

    error: Exception | None = None
    at_marker: bool = False
    """Fail only after the marker."""
    gate: asyncio.Event | None = None
    gate_after_marker: asyncio.Event | None = None
    progress: tuple[int, ...] = ()


@dataclass
class ScriptedApi:
    """Does what `acts` say, one for each upload, and succeeds when they have run out."""

    acts: deque[Act] = field(default_factory=deque)
    sent: list[str] = field(default_factory=list)
    """The paths of the files whose sending began."""
    committed: int = 0
    running: int = 0
    most_running: int = 0

    async def upload(
        self,
        file: UploadFile,
        options: UploadOptions,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        before_commit: Callable[[], Awaitable[None]] | None = None,
    ) -> Image:
        act = self.acts.popleft() if self.acts else Act()
        self.sent.append(file.path.stem)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            return await self._upload(act, on_progress, before_commit)
        finally:
            self.running -= 1

    async def _upload(
        self,
        act: Act,
        on_progress: Callable[[int, int], None] | None,
        before_commit: Callable[[], Awaitable[None]] | None,
    ) -> Image:
        assert on_progress is not None
        assert before_commit is not None
        for sent_bytes in act.progress:
            on_progress(sent_bytes, len(PNG))
        if act.gate is not None:
            await act.gate.wait()
        if act.error is not None and not act.at_marker:
            raise act.error
        await before_commit()
        self.committed += 1
        if act.gate_after_marker is not None:
            await act.gate_after_marker.wait()
        if act.error is not None:
            raise act.error
        return Image(ImageId(f"image-{self.committed:05}"), f"https://i.imglink.cc/{self.committed}.png")

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the queue must not call {name}")


@dataclass
class Bench:
    """Everything a test of the queue needs."""

    queue: UploadQueue
    store: SqliteUploadStore
    api: ScriptedApi
    clock: ManualTimer
    events: list[UploadEvent] = field(default_factory=list)

    async def add(self, options: UploadOptions | None = None) -> UploadItem:
        """Queue one upload."""
        new = NEW if options is None else NewUpload("a.png", "a.png", SourceKind.FILE, "image/png", options)
        return await self.queue.enqueue_bytes(PNG, new)

    def states(self, upload_id: UploadId) -> list[UploadState]:
        """The states an upload went through, each once in a row."""
        seen: list[UploadState] = []
        for event in self.events:
            if isinstance(event, UploadChanged) and event.item.id == upload_id and event.item.state not in seen[-1:]:
                seen.append(event.item.state)
        return seen

    def queue_states(self) -> list[QueueState]:
        """What the queue as a whole told."""
        return [event.state for event in self.events if isinstance(event, QueueChanged)]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let everything run until `condition` holds; fails after a minute."""
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110 - a test polls
                await asyncio.sleep(0.001)

    async def until_state(self, upload_id: UploadId, state: UploadState) -> UploadItem:
        """Wait for an upload's state."""
        await self.until(lambda: bool(self.states(upload_id)) and self.states(upload_id)[-1] is state)
        return await self.queue.get(upload_id)


@asynccontextmanager
async def bench(
    folder: Path, *acts: Act, start: bool = True, random: Callable[[], float] = lambda: 0.5, **options: Any
) -> AsyncIterator[Bench]:
    """A running queue; `acts` are what the service does with the first uploads."""
    clock, api = ManualTimer(), ScriptedApi(deque(acts))
    store = await open_store(folder, clock)
    queue = UploadQueue(api, store, clock, random=random, **options)
    made = Bench(queue, store, api, clock)
    queue.subscribe(made.events.append)
    try:
        if start:
            await queue.start()
        yield made
    finally:
        await queue.stop()
        await store.close()
