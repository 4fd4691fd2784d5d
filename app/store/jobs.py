"""Bulk jobs in the database.

Each belongs to the process that works on it; when that has died, to the next that asks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from app.core.imglink import ImageId
from app.core.jobs import Job, JobId, JobItem, JobItemState, JobKind, JobState
from app.store.codec import from_micros, to_micros
from app.store.database import relaxed, transaction
from app.store.shared import SharedDatabase

if TYPE_CHECKING:
    import sqlite3


def release_jobs(connection: sqlite3.Connection, alive: Collection[str]) -> None:
    """Take the jobs of processes that have died away from them."""
    marks = ", ".join("?" * len(alive))
    with transaction(connection):
        connection.execute(f"UPDATE jobs SET owner = NULL WHERE owner NOT IN ({marks})", tuple(alive))  # noqa: S608 - marks


class SqliteJobStore:
    """`JobStore` over the shared database; `owner` is the mark of this process (see `app.store.owners`)."""

    def __init__(self, database: SharedDatabase, owner: str) -> None:
        self._database = database
        self._owner = owner

    async def add_job(self, job: Job) -> None:
        """See `JobStore`."""
        await self._database.run(lambda: self._add(job))

    async def take_jobs(self) -> tuple[Job, ...]:
        """See `JobStore`."""
        return await self._database.run(self._take)

    async def record_items(self, job_id: JobId, items: Sequence[JobItem]) -> None:
        """See `JobStore`."""
        await self._database.run(lambda: self._record(job_id, items))

    async def set_job_state(self, job_id: JobId, state: JobState) -> None:
        """See `JobStore`."""
        await self._database.run(lambda: self._set_state(job_id, state))

    async def remove_job(self, job_id: JobId) -> None:
        """See `JobStore`."""
        await self._database.run(lambda: self._remove(job_id))

    # --- on the database's thread -------------------------------------------------------------------------------------

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._database.connection

    def _add(self, job: Job) -> None:
        with transaction(self._connection):
            cursor = self._connection.execute(
                "INSERT INTO jobs (id, kind, target, target_name, state, created_at, owner)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    job.id,
                    job.kind.value,
                    job.target,
                    job.target_name,
                    job.state.value,
                    to_micros(job.created_at),
                    self._owner,
                ),
            )
            self._connection.executemany(
                "INSERT INTO job_items (job, image_id, position, state, reason, former) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (cursor.lastrowid, item.image_id, position, item.state.value, item.reason, item.former)
                    for position, item in enumerate(job.items)
                ],
            )

    def _take(self) -> tuple[Job, ...]:
        with transaction(self._connection):
            self._connection.execute("UPDATE jobs SET owner = ? WHERE owner IS NULL", (self._owner,))
            rows = self._connection.execute(
                "SELECT * FROM jobs WHERE owner = ? ORDER BY seq", (self._owner,)
            ).fetchall()
            return tuple(_job(row, self._items(row["seq"])) for row in rows)

    def _items(self, seq: int) -> tuple[JobItem, ...]:
        cursor = self._connection.execute("SELECT * FROM job_items WHERE job = ? ORDER BY position", (seq,))
        return tuple(
            JobItem(ImageId(row["image_id"]), JobItemState(row["state"]), row["reason"], row["former"])
            for row in cursor
        )

    def _record(self, job_id: JobId, items: Sequence[JobItem]) -> None:
        # A call that a power cut forgets is made again, without harm.
        with relaxed(self._connection), transaction(self._connection):
            self._connection.executemany(
                "UPDATE job_items SET state = ?, reason = ?"
                " WHERE image_id = ? AND job = (SELECT seq FROM jobs WHERE id = ?)",
                [(item.state.value, item.reason, item.image_id, job_id) for item in items],
            )

    def _set_state(self, job_id: JobId, state: JobState) -> None:
        with transaction(self._connection):
            self._connection.execute("UPDATE jobs SET state = ? WHERE id = ?", (state.value, job_id))

    def _remove(self, job_id: JobId) -> None:
        with transaction(self._connection):
            self._connection.execute("DELETE FROM job_items WHERE job = (SELECT seq FROM jobs WHERE id = ?)", (job_id,))
            self._connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))


def _job(row: sqlite3.Row, items: tuple[JobItem, ...]) -> Job:
    return Job(
        id=JobId(row["id"]),
        kind=JobKind(row["kind"]),
        target=row["target"],
        target_name=row["target_name"],
        items=items,
        created_at=from_micros(row["created_at"]),
        state=JobState(row["state"]),
    )
