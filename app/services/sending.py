"""One upload on its way: from `sending` to wherever it ends, recorded at each step."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import Image
from app.core.ports import Clock, ImgLink, UploadFile, UploadStore
from app.core.uploads import UploadId, UploadItem, UploadState
from app.services.outcomes import Verdict, judge

PROGRESS_INTERVAL_S = 0.05
_STATES = {
    Verdict.RETRY: UploadState.QUEUED,
    Verdict.WAIT: UploadState.QUEUED,
    Verdict.PAUSE: UploadState.PAUSED,
    Verdict.FAIL: UploadState.FAILED,
    Verdict.UNCERTAIN: UploadState.UNCERTAIN,
}
_MAYBE = "This may already be uploaded:"
CANCELLED_LATE = f"{_MAYBE} it was cancelled after all of it had been sent."
STOPPED_LATE = f"{_MAYBE} ImgLink Desktop was stopped just before the answer came."


@dataclass(slots=True)
class _Attempt:
    task: asyncio.Task[None] | None = None
    is_running: bool = False
    is_committed: bool = False
    """The marker is in the database: the closing boundary may be out."""
    is_settling: bool = False
    """The outcome is known and being written down: not to be disturbed."""
    is_cancelled: bool = False
    is_cancelled_by_person: bool = False
    lacks_account: bool = False
    """It goes without an account, because there was none when it began."""
    has_old_credential: bool = False
    """It began before the credential was changed: a refusal says nothing of the new one."""

    def is_overtaken_by(self, error: UserFacingError) -> bool:
        """True when this was said of a credential, or of the lack of one, that is no more."""
        is_limit = error.kind is ErrorKind.RATE_LIMITED and self.lacks_account
        return self.has_old_credential and (is_limit or error.kind is ErrorKind.CREDENTIAL)


class OnVerdict(Protocol):
    """Told of a failure, before it is recorded."""

    def __call__(
        self, item: UploadItem, verdict: Verdict, error: UserFacingError, /, *, lacks_account: bool
    ) -> Awaitable[None]:
        """`lacks_account` tells that it went without an account only because there was none."""


class Sender:
    """Sends claimed uploads, each in a task of its own."""

    def __init__(
        self,
        api: ImgLink,
        store: UploadStore,
        clock: Clock,
        on_moved: Callable[[UploadItem], None],
        on_verdict: OnVerdict,
    ) -> None:
        """`on_moved` gets every new value of an item; `on_verdict` is awaited before a failure is recorded."""
        self._api = api
        self._store = store
        self._clock = clock
        self._on_moved = on_moved
        self._on_verdict = on_verdict
        self._attempts: dict[UploadId, _Attempt] = {}
        self.unwritten: dict[UploadId, UploadItem] = {}
        """How uploads ended, or that they go again, where the disk did not take it. Their rows tell less."""

    def start(self, item: UploadItem, *, lacks_account: bool = False) -> asyncio.Task[None]:
        """Begin to send a claimed upload. The task ends when its outcome is recorded."""
        attempt = self._attempts[item.id] = _Attempt(lacks_account=lacks_account)
        attempt.task = asyncio.create_task(self._run(item, attempt), name=f"upload {item.id}")
        return attempt.task

    def tasks(self) -> dict[UploadId, asyncio.Task[None]]:
        """Those that are on their way."""
        return {upload_id: attempt.task for upload_id, attempt in self._attempts.items() if attempt.task}

    def cancel(self, upload_id: UploadId, *, by_person: bool) -> None:
        """Break an upload off, unless its outcome is already being written down."""
        attempt = self._attempts[upload_id]
        if attempt.is_settling or attempt.task is None:
            return
        attempt.is_cancelled, attempt.is_cancelled_by_person = True, by_person
        # A task that has not begun would end without a word; it looks for itself.
        if attempt.is_running:
            attempt.task.cancel()

    def credentials_changed(self) -> None:
        """Send what is refused from now on, for the credential it began with, once more with the new one."""
        for attempt in self._attempts.values():
            attempt.has_old_credential = True

    async def write_again(self, upload_id: UploadId) -> None:
        """Write down what the disk did not take, if there is something. Raises UserFacingError."""
        if due := self.unwritten.get(upload_id):
            await self._store.set_state(
                upload_id, due.state, reason=due.reason, error_kind=due.error_kind, image=due.image
            )
            self.unwritten.pop(upload_id, None)

    async def _run(self, item: UploadItem, attempt: _Attempt) -> None:
        attempt.is_running = True
        try:
            if attempt.is_cancelled:
                await self._break_off(item, attempt)
            else:
                await self._send(item, attempt)
        finally:
            del self._attempts[item.id]

    async def _send(self, item: UploadItem, attempt: _Attempt) -> None:
        async def before_commit() -> None:
            self._on_moved(await self._store.set_state(item.id, UploadState.COMMITTING))
            # From this line on the boundary may leave, and not before.
            attempt.is_committed = True

        file = UploadFile(item.path, item.upload_name, item.mime)
        try:
            image = await self._api.upload(
                file, item.options, on_progress=self._progress_of(item), before_commit=before_commit
            )
        except asyncio.CancelledError:
            attempt.is_settling = True
            await self._break_off(item, attempt)
            raise
        except UserFacingError as error:
            attempt.is_settling = True
            if attempt.is_overtaken_by(error):
                await self._record(item, UploadState.QUEUED)
            else:
                await self._settle(item, error, attempt)
        except Exception:
            # A bug, on its way to the crash handler; the item must not stay "sending" for ever.
            attempt.is_settling = True
            state = UploadState.UNCERTAIN if attempt.is_committed else UploadState.FAILED
            await self._record(item, state, reason="An unexpected error broke this off.", error_kind=ErrorKind.SERVICE)
            raise
        else:
            attempt.is_settling = True
            await self._record(item, UploadState.DONE, image=image)

    def _progress_of(self, item: UploadItem) -> Callable[[int, int], None]:
        told_at = -math.inf

        def progress(sent_bytes: int, _total_bytes: int) -> None:
            nonlocal told_at
            now = self._clock.monotonic()
            if now - told_at >= PROGRESS_INTERVAL_S:
                told_at = now
                self._on_moved(replace(item, sent_bytes=min(sent_bytes, item.size)))

        return progress

    async def _break_off(self, item: UploadItem, attempt: _Attempt) -> None:
        if attempt.is_committed:
            reason = CANCELLED_LATE if attempt.is_cancelled_by_person else STOPPED_LATE
            await self._record(item, UploadState.UNCERTAIN, reason=reason)
        elif attempt.is_cancelled_by_person:
            await self._record(item, UploadState.CANCELLED)
        else:
            await self._record(item, UploadState.QUEUED)

    async def _settle(self, item: UploadItem, error: UserFacingError, attempt: _Attempt) -> None:
        verdict = judge(error, is_committed=attempt.is_committed)
        await self._on_verdict(item, verdict, error, lacks_account=attempt.lacks_account)
        reason = f"{_MAYBE} {error.message}" if verdict is Verdict.UNCERTAIN else str(error)
        await self._record(item, _STATES[verdict], reason=reason, error_kind=error.kind)

    async def _record(
        self,
        item: UploadItem,
        state: UploadState,
        *,
        reason: str = "",
        error_kind: ErrorKind | None = None,
        image: Image | None = None,
    ) -> None:
        try:
            moved = await self._store.set_state(item.id, state, reason=reason, error_kind=error_kind, image=image)
        except UserFacingError as error:
            # A full disk must not hide what is known now. After a restart the row tells less, but nothing wrong.
            due = self.unwritten[item.id] = replace(
                item, state=state, reason=reason, error_kind=error_kind, image=image
            )
            moved = replace(due, reason=f"{reason} This could not be written down: {error}".strip())
        self._on_moved(moved)
