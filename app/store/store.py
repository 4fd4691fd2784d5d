"""The upload store: coroutines in front, one thread for the database and two for files behind.

It may be opened by several processes at once (the application and a command line); see `app.store.owners`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import Image, ImageId
from app.core.ports import Clock, NewUpload
from app.core.uploads import AfterUpload, QueueState, UploadId, UploadItem, UploadState
from app.store import durable, history_rows, ledger, rows
from app.store.codec import Sidecar
from app.store.database import DamagedDatabase, open_database, relaxed, set_aside, transaction
from app.store.errors import is_environment, not_saved
from app.store.history import SqliteHistoryStore
from app.store.jobs import SqliteJobStore, release_jobs
from app.store.outbox import Outbox, read_bytes, read_file, sidecar_of
from app.store.owners import Owner, opening
from app.store.recovery import Recovery, purge_forgotten, read_migrated, reconcile, recover_rows
from app.store.salvage import salvage
from app.store.shared import SharedDatabase

if TYPE_CHECKING:
    import sqlite3

DATABASE_NAME = "uploads.db"
KEEP_BYTES = 256 * 1024 * 1024
_IN_FLIGHT = (UploadState.SENDING, UploadState.COMMITTING)

T = TypeVar("T")


async def open_store(folder: Path, clock: Clock, *, keep_bytes: int = KEEP_BYTES) -> SqliteUploadStore:
    """Open the store in `folder` (made if needed), put right what a crash left, and return it.

    Files of finished uploads are kept up to `keep_bytes` in all, the oldest go first. Raises UserFacingError, and
    NewerDatabase when the database is from a newer version.
    """
    store = SqliteUploadStore(folder, clock, keep_bytes=keep_bytes)
    await store.open()
    return store


class SqliteUploadStore:
    """`UploadStore` over SQLite and a folder. Made by `open_store`; `recovery` tells what was put right."""

    def __init__(self, folder: Path, clock: Clock, *, keep_bytes: int) -> None:
        self.recovery = Recovery()
        self._folder = folder
        self._clock = clock
        self._keep_bytes = keep_bytes
        self.database = SharedDatabase()
        """Shared with the other stores."""
        self.history: SqliteHistoryStore
        self.jobs: SqliteJobStore
        self._file_threads = ThreadPoolExecutor(2, thread_name_prefix="outbox")
        self._outbox: Outbox
        self._owner: Owner

    async def open(self) -> None:
        """Do what `open_store` says. Once."""
        try:
            await self.database.run(self._open)
        except BaseException:
            await self._stop_threads()
            raise

    async def close(self) -> None:
        """Finish what is being written, close everything, end the threads."""
        await asyncio.to_thread(self._file_threads.shutdown)
        await self.database.run(self._close)
        await self._stop_threads()

    # --- uploads ------------------------------------------------------------------------------------------------------

    async def add_bytes(self, data: bytes, new: NewUpload) -> UploadItem:
        """See `UploadStore`. When it is cancelled, the upload may have been stored all the same."""
        return await self._on_files(lambda: self._add(read_bytes(data), new))

    async def add_file(self, source: Path, new: NewUpload) -> UploadItem:
        """See `UploadStore`. Raises InputError when the source cannot be read."""
        return await self._on_files(lambda: self._add(read_file(source), new))

    async def claim(self, upload_id: UploadId, *, anonymous: bool) -> UploadItem | None:
        """See `UploadStore`."""
        return await self.database.run(lambda: self._claim(upload_id, anonymous=anonymous))

    async def set_state(
        self,
        upload_id: UploadId,
        state: UploadState,
        *,
        reason: str = "",
        error_kind: ErrorKind | None = None,
        image: Image | None = None,
    ) -> UploadItem:
        """See `UploadStore`."""
        item = await self.database.run(
            lambda: self._set_state(upload_id, state, reason=reason, error_kind=error_kind, image=image)
        )
        if state is UploadState.DONE:
            self._file_threads.submit(self._after_done, item)
        return item

    async def get(self, upload_id: UploadId) -> UploadItem | None:
        """See `UploadStore`."""
        return await self.database.run(lambda: rows.get(self.database.connection, self._outbox.path, upload_id))

    async def find(self, image_id: ImageId) -> UploadItem | None:
        """See `UploadStore`."""
        return await self.database.run(lambda: rows.find(self.database.connection, self._outbox.path, image_id))

    async def pending(self) -> tuple[UploadItem, ...]:
        """See `UploadStore`."""
        return await self.database.run(lambda: rows.pending(self.database.connection, self._outbox.path))

    async def recent(self, limit: int) -> tuple[UploadItem, ...]:
        """See `UploadStore`."""
        return await self.database.run(lambda: rows.recent(self.database.connection, self._outbox.path, limit))

    async def unfinished(self) -> tuple[UploadItem, ...]:
        """See `UploadStore`."""
        return await self.database.run(lambda: rows.unfinished(self.database.connection, self._outbox.path))

    async def change_after(
        self, upload_id: UploadId, change: Callable[[AfterUpload], AfterUpload]
    ) -> UploadItem | None:
        """See `UploadStore`."""
        return await self.database.run(lambda: self._change_after(upload_id, change))

    async def remove(self, upload_id: UploadId) -> None:
        """See `UploadStore`."""
        await self.database.run(lambda: self._remove(upload_id))

    async def set_order(self, upload_ids: Sequence[UploadId]) -> None:
        """See `UploadStore`."""
        await self.database.run(lambda: self._set_order(upload_ids))

    # --- the queue as a whole -----------------------------------------------------------------------------------------

    async def attempts_since(self, when: datetime, *, anonymous: bool) -> tuple[datetime, ...]:
        """See `UploadStore`."""
        return await self.database.run(
            lambda: ledger.since(self.database.connection, when, self._clock.now(), anonymous=anonymous)
        )

    async def load_queue_state(self) -> QueueState | None:
        """See `UploadStore`."""
        return await self.database.run(lambda: ledger.load_queue_state(self.database.connection))

    async def save_queue_state(self, state: QueueState | None) -> None:
        """See `UploadStore`."""
        await self.database.run(lambda: ledger.save_queue_state(self.database.connection, state))

    # --- on the threads -----------------------------------------------------------------------------------------------

    async def _on_files(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._file_threads, work)

    async def _stop_threads(self) -> None:
        await asyncio.to_thread(self._file_threads.shutdown)
        self.database.stop()

    def _open(self) -> None:
        # A person may keep the whole folder elsewhere through a link; inside it, links are refused.
        self._folder = self._folder.resolve()
        root = durable.private_folder(self._folder)
        try:
            with opening(root):
                self._owner = Owner(self._folder / "owners")
                try:
                    self._open_alone()
                except BaseException:
                    self._owner.release()
                    raise
        finally:
            os.close(root)

    def _open_alone(self) -> None:
        """With the opening lock held, so that no other process opens or recovers meanwhile."""
        alive, dead = self._owner.others()
        self._outbox = Outbox(self._folder / "outbox")
        self.history = SqliteHistoryStore(self.database, self._outbox.path, self._clock)
        self.jobs = SqliteJobStore(self.database, self._owner.token)
        try:
            self.database.connection = self._connect(is_alone=not alive, look_closely=bool(dead))
            try:
                self._recover(alive)
            except BaseException:
                self.database.connection.close()
                raise
        except BaseException:
            self._outbox.close()
            raise
        self._owner.bury(dead)

    def _connect(self, *, is_alone: bool, look_closely: bool) -> sqlite3.Connection:
        import sqlite3

        path, now = self._folder / DATABASE_NAME, self._clock.now()
        try:
            connection = open_database(path, now, look_closely=look_closely, may_migrate=is_alone)
        except DamagedDatabase as error:
            if not is_alone:
                raise UserFacingError(
                    "The list of uploads is damaged, and another ImgLink process is using it.",
                    remedy="Quit it, then start this one again: it rebuilds the list.",
                    details=str(error),
                ) from error
            self.recovery.set_aside = set_aside(path, now)
            connection = open_database(path, now, look_closely=False, may_migrate=True)
        connection.row_factory = sqlite3.Row
        return connection

    def _recover(self, alive: frozenset[str]) -> None:
        now = self._clock.now()
        recover_rows(self.database.connection, alive, now, self.recovery)
        release_jobs(self.database.connection, alive)
        if alive:
            return
        damaged = self.recovery.set_aside
        if damaged is not None:
            self.recovery.salvaged = salvage(self.database.connection, self._outbox.path, damaged)
        reconcile(self.database.connection, self._outbox, now, self.recovery, is_rebuilt=damaged is not None)
        purge_forgotten(self.database.connection, self._outbox)
        read_migrated(self.database.connection)

    def _close(self) -> None:
        try:
            self.database.connection.close()
        finally:
            self._outbox.close()
            self._owner.release(clean=not self.database.is_damaged)

    def _add(self, chunks: Iterator[bytes | memoryview], new: NewUpload) -> UploadItem:
        """On a file thread: all of it happens or nothing, whether or not anybody still waits for it."""
        try:
            sidecar = self._outbox.add(chunks, new, self._clock.now())
        except OSError as error:
            raise not_saved(error) from error
        try:
            return self.database.submit(lambda: self._insert(sidecar)).result()
        except Exception as error:
            self._outbox.discard(sidecar.file)
            if not is_environment(error):
                raise
            raise not_saved(error) from error

    def _insert(self, sidecar: Sidecar) -> UploadItem:
        with transaction(self.database.connection):
            rows.add(self.database.connection, sidecar, UploadState.QUEUED, sidecar.created_at)
        return self._row(sidecar.id)

    def _claim(self, upload_id: UploadId, *, anonymous: bool) -> UploadItem | None:
        now = self._clock.now()
        # Forgetting this one in a power cut is harmless: nothing was sent that could count.
        with relaxed(self.database.connection), transaction(self.database.connection):
            if not rows.claim(self.database.connection, upload_id, now, self._owner.token):
                return None
            ledger.begin(self.database.connection, upload_id, now, anonymous=anonymous)
        return self._row(upload_id)

    def _set_state(
        self, upload_id: UploadId, state: UploadState, *, reason: str, error_kind: ErrorKind | None, image: Image | None
    ) -> UploadItem:
        now = self._clock.now()
        with transaction(self.database.connection):
            before = self._row(upload_id).state
            rows.set_state(
                self.database.connection,
                upload_id,
                state,
                now,
                reason=reason,
                error_kind=error_kind,
                image=image,
                owner=self._owner.token if state in _IN_FLIGHT else None,
            )
            if before in _IN_FLIGHT and state not in _IN_FLIGHT:
                # What the service plainly refused, or never had whole, is no upload.
                counts = state in (UploadState.DONE, UploadState.UNCERTAIN)
                ledger.end(self.database.connection, upload_id, now, counts=counts)
            if state is UploadState.DONE:
                history_rows.record_done(self.database.connection, self._row(upload_id), now, self._outbox.path)
        return self._row(upload_id)

    def _row(self, upload_id: UploadId) -> UploadItem:
        item = rows.get(self.database.connection, self._outbox.path, upload_id)
        if item is None:
            raise KeyError(upload_id)
        return item

    def _change_after(self, upload_id: UploadId, change: Callable[[AfterUpload], AfterUpload]) -> UploadItem | None:
        with transaction(self.database.connection):
            item = rows.get(self.database.connection, self._outbox.path, upload_id)
            if item is None:
                return None
            rows.set_after(self.database.connection, upload_id, change(item.after))
        return self._row(upload_id)

    def _remove(self, upload_id: UploadId) -> None:
        item = self._row(upload_id)
        # First a state from which nothing is ever sent: a crash after the next line brings no file back to life.
        with transaction(self.database.connection):
            rows.give_up(self.database.connection, upload_id)
        self._outbox.discard(item.path.name)
        with transaction(self.database.connection):
            rows.delete(self.database.connection, upload_id)

    def _set_order(self, upload_ids: Sequence[UploadId]) -> None:
        with transaction(self.database.connection):
            rows.set_order(self.database.connection, upload_ids)

    def _after_done(self, item: UploadItem) -> None:
        """On a file thread: note the result beside the file, and make room. What fails here is made up for later."""
        try:
            if item.image is not None:
                self._outbox.finish(sidecar_of(item), item.image)
            for file in self.database.submit(self._make_room).result():
                self._outbox.discard(file)
        except Exception as error:
            if not is_environment(error):
                raise

    def _make_room(self) -> list[str]:
        with transaction(self.database.connection):
            return rows.take_stale_files(self.database.connection, self._keep_bytes)
