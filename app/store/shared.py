"""The one connection to the database and the one thread that it is used on, shared by every store of a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from app.store.errors import explained, is_corruption

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")


class SharedDatabase:
    """Runs work on the database's thread, in the order given. `connection` is set on that thread, and used only there.

    Rows are `sqlite3.Row`; the connection commits by itself outside `app.store.database.transaction`.
    """

    connection: sqlite3.Connection

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="uploads-db")
        self.is_damaged = False
        """True once the database said that its file is broken."""

    async def run(self, work: Callable[[], T]) -> T:
        """Run `work` there, from the asyncio thread. Raises UserFacingError for what disk and database refuse."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, self._guarded, work)

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """The same from another thread, with the failures as they are."""
        return self.thread.submit(self._watched, work)

    def stop(self) -> None:
        """End the thread, when it is done with what it was given."""
        self.thread.shutdown()

    def _guarded(self, work: Callable[[], T]) -> T:
        with explained():
            return self._watched(work)

    def _watched(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except Exception as error:
            self.is_damaged = self.is_damaged or is_corruption(error)
            raise
