"""The one thread crossing: Qt on its thread, asyncio on its own, and nothing else in between.

Qt → asyncio: `submit` runs a coroutine on the asyncio thread; its outcome comes back as a queued call on the Qt thread,
and is dropped when its owner is gone; `call_soon` just calls. asyncio → Qt: `ask` awaits an answer from the interface,
`post` just calls it. After `stop` timers and queued calls of the Qt side may still come: what they ask for is dropped.

Measured before choosing this: a synchronous client on a thread pool cannot be cancelled while it waits for an answer;
asyncio cancels within 10 ms in every phase. PySide6.QtAsyncio cannot run httpx, and qasync breaks under nested dialogs.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from app.core.errors import Cancelled, UserFacingError

T = TypeVar("T")

SHUTDOWN_S = 3.0
"""How long running tasks get to end when the bridge stops, in seconds."""


class TaskHandle:
    """A submitted coroutine, as the Qt side holds it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, running: set[asyncio.Task[Any]]) -> None:
        self._loop = loop
        self._running = running
        self._task: asyncio.Task[Any] | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Stop it. Neither `on_done` nor `on_error` is called afterwards."""
        self._cancelled = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel_task)

    @property
    def is_cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._cancelled

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._task = self._loop.create_task(coroutine)
        self._running.add(self._task)
        self._task.add_done_callback(self._running.discard)
        if self._cancelled:
            self._task.cancel()


class Bridge(QObject):
    """Owns the asyncio thread. Made, started and stopped on the Qt thread."""

    _crossed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._crossed.connect(self._call, Qt.ConnectionType.QueuedConnection)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="asyncio", daemon=True)
        self._started = threading.Event()
        self._running: set[asyncio.Task[Any]] = set()
        """What was submitted and has not ended; touched on the asyncio thread only."""
        self._to_run: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        """What `run` wants called on the Qt thread; None once there is nothing more to wait for."""
        self._is_over = False
        """True from the beginning of `stop`; used on the Qt thread only."""

    def start(self) -> None:
        """Start the asyncio thread; returns when its loop runs."""
        self._thread.start()
        self._started.wait()

    def submit(
        self,
        function: Callable[[], Coroutine[Any, Any, T]],
        *,
        owner: QObject,
        on_done: Callable[[T], None] | None = None,
        on_error: Callable[[UserFacingError], None] | None = None,
        on_cancelled: Callable[[], object] | None = None,
    ) -> TaskHandle:
        """Run `function()` on the asyncio thread.

        Exactly one of the call-backs is called, on the Qt thread, unless before it `owner` is destroyed, the handle
        cancelled or the bridge stopped: `on_done` with the result, `on_error` with a UserFacingError, `on_cancelled`
        when the person changed their mind inside. Any other exception is a bug: it is raised on the Qt thread, where
        the crash handler sees it.
        """
        handle = TaskHandle(self._loop, self._running)
        if self._is_over:
            handle.cancel()
            return handle

        def deliver(callback: Callable[..., None] | None, *values: object) -> None:
            if callback is not None and not handle.is_cancelled and self._reaches(owner):
                callback(*values)

        def fail(error: BaseException) -> None:
            raise error

        async def run() -> None:
            try:
                result = await function()
            except asyncio.CancelledError:
                raise
            except Cancelled:
                self.post(deliver, on_cancelled)
            except UserFacingError as error:
                # Without anyone to tell, a failure would vanish: treat that as the bug it is.
                self.post(*((deliver, on_error, error) if on_error is not None else (fail, error)))
            except BaseException as error:  # noqa: BLE001 - the boundary between threads: raised again on the Qt side
                self.post(fail, error)
            else:
                self.post(deliver, on_done, result)

        self._loop.call_soon_threadsafe(handle._run, run())
        return handle

    def call_soon(self, function: Callable[..., object], *args: Any) -> None:
        """Call `function(*args)` on the asyncio thread, soon."""
        if not self._is_over:
            self._loop.call_soon_threadsafe(function, *args)

    def post(self, function: Callable[..., None], *args: Any) -> None:
        """Call `function(*args)` on the Qt thread, soon. May be called from any thread."""
        self._crossed.emit((function, args))

    def post_to(self, owner: QObject, function: Callable[..., None], *args: Any) -> None:
        """The same, and dropped when `owner` is destroyed or the bridge stopped by then: for events."""

        def deliver() -> None:
            if self._reaches(owner):
                function(*args)

        self.post(deliver)

    async def ask(self, question: Callable[[Callable[[T], None]], None]) -> T:
        """Call `question(answer)` on the Qt thread and await what it passes to `answer`, now or later.

        An exception that `question` raises is raised here. Further answers are ignored. Not put any more after `stop`.
        """
        put, answered = self._prepare(question)

        def put_in_time() -> None:
            if not self._is_over:
                put()

        self.post(put_in_time)
        return await answered

    async def run(self, work: Callable[[], T]) -> T:
        """Call `work` on the Qt thread and return what it returns; unlike `ask` also while `stop` waits.

        An exception that it raises is raised here. For systems that want calls of theirs on the main thread.
        """

        def call(answer: Callable[[T], None]) -> None:
            answer(work())

        put, returned = self._prepare(call)
        self._to_run.put(put)
        self.post(self._run_waiting)
        return await returned

    def _reaches(self, owner: QObject) -> bool:
        return not self._is_over and shiboken6.isValid(owner)

    @staticmethod
    def _prepare(
        question: Callable[[Callable[[T], None]], None],
    ) -> tuple[Callable[[], None], asyncio.Future[T]]:
        """What puts the question, to be called on the Qt thread, and the answer to await on this one."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(setter: Callable[[Any], None], value: object) -> None:
            if not future.done():
                setter(value)

        def tell(setter: Callable[[Any], None], value: object) -> None:
            # Whoever asked is gone with the loop.
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, setter, value)

        def answer(value: T) -> None:
            tell(future.set_result, value)

        def put() -> None:
            try:
                question(answer)
            except BaseException as error:  # noqa: BLE001 - the boundary between threads: raised again by the asker
                tell(future.set_exception, error)

        return put, future

    def stop(self, close: Callable[[], Awaitable[None]] | None = None) -> None:
        """Cancel what was submitted and await it, then `close()`, then cancel what is left, and end the thread.

        Blocks the Qt thread, which has nothing left to do but what `run` asks for; each step gets `SHUTDOWN_S`.
        """
        self._is_over = True
        if not self._thread.is_alive():
            self._loop.close()
            return
        try:
            drained = asyncio.run_coroutine_threadsafe(self._drain(close), self._loop)
            drained.add_done_callback(lambda _: self._to_run.put(None))
            deadline_s = time.monotonic() + 4 * SHUTDOWN_S
            with contextlib.suppress(queue.Empty):
                while (work := self._to_run.get(timeout=max(0, deadline_s - time.monotonic()))) is not None:
                    work()
            drained.result(0)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(SHUTDOWN_S)

    async def _drain(self, close: Callable[[], Awaitable[None]] | None) -> None:
        await _cancel(self._running)
        try:
            if close is not None:
                async with asyncio.timeout(SHUTDOWN_S):
                    await close()
        finally:
            await _cancel(asyncio.all_tasks() - {asyncio.current_task()})
            loop = asyncio.get_running_loop()
            await loop.shutdown_asyncgens()
            await loop.shutdown_default_executor()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._started.set)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def _run_waiting(self) -> None:
        with contextlib.suppress(queue.Empty):
            while (work := self._to_run.get_nowait()) is not None:
                work()

    @staticmethod
    def _call(crossing: tuple[Callable[..., None], tuple[Any, ...]]) -> None:
        function, args = crossing
        function(*args)


async def _cancel(tasks: Iterable[asyncio.Task[Any] | None]) -> None:
    running = {task for task in tasks if task is not None}
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running, timeout=SHUTDOWN_S)
