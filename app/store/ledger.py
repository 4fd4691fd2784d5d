"""What the queue remembers across restarts: when uploads were sent, and why it waits or is paused.

The service counts uploads by the hour, so the ledger outlives forgotten rows too.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.core.errors import ErrorKind
from app.core.uploads import QueueMode, QueueState, UploadId
from app.store.codec import from_micros, to_micros

if TYPE_CHECKING:
    import sqlite3

_KEPT = timedelta(days=1)
_QUEUE_STATE = "queue-state"


def begin(connection: sqlite3.Connection, upload_id: UploadId, now: datetime, *, anonymous: bool) -> None:
    """Count an attempt from the moment it starts, and drop what no limit looks back to."""
    connection.execute("DELETE FROM attempts WHERE at < ?", (to_micros(now - _KEPT),))
    connection.execute(
        "INSERT INTO attempts (upload_id, at, anonymous) VALUES (?, ?, ?)", (upload_id, to_micros(now), anonymous)
    )


def end(connection: sqlite3.Connection, upload_id: UploadId, now: datetime, *, counts: bool) -> None:
    """Move the latest attempt of an upload to its end, which the service cannot have counted later; or take it back."""
    latest = "seq = (SELECT max(seq) FROM attempts WHERE upload_id = ?)"
    if counts:
        connection.execute(f"UPDATE attempts SET at = ? WHERE {latest}", (to_micros(now), upload_id))  # noqa: S608
    else:
        connection.execute(f"DELETE FROM attempts WHERE {latest}", (upload_id,))  # noqa: S608


def since(connection: sqlite3.Connection, when: datetime, now: datetime, *, anonymous: bool) -> tuple[datetime, ...]:
    """The attempts after `when`, oldest first.

    Those in the future (the clock was set back) count as made when that is first seen: for ever new, they would hold
    everything back until their time comes.
    """
    if connection.execute("SELECT 1 FROM attempts WHERE at > ? LIMIT 1", (to_micros(now),)).fetchone():
        connection.execute("UPDATE attempts SET at = :now WHERE at > :now", {"now": to_micros(now)})
    cursor = connection.execute(
        "SELECT at FROM attempts WHERE anonymous = ? AND at > ? ORDER BY at", (anonymous, to_micros(when))
    )
    return tuple(from_micros(row[0]) for row in cursor)


def save_queue_state(connection: sqlite3.Connection, state: QueueState | None) -> None:
    """Remember why the queue does not send; None when it does."""
    if state is None:
        connection.execute("DELETE FROM meta WHERE key = ?", (_QUEUE_STATE,))
        return
    fields = {
        "mode": state.mode.value,
        "reason": state.reason,
        "error_kind": None if state.error_kind is None else state.error_kind.value,
        "resume_at": None if state.resume_at is None else to_micros(state.resume_at),
        "lacks_account": state.lacks_account,
    }
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_QUEUE_STATE, json.dumps(fields)))


def load_queue_state(connection: sqlite3.Connection) -> QueueState | None:
    """What `save_queue_state` was given."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_QUEUE_STATE,)).fetchone()
    if row is None:
        return None
    fields = json.loads(row[0])
    kind, resume_at = fields["error_kind"], fields["resume_at"]
    return QueueState(
        QueueMode(fields["mode"]),
        fields["reason"],
        None if kind is None else ErrorKind(kind),
        None if resume_at is None else from_micros(resume_at),
        lacks_account=bool(fields.get("lacks_account")),
    )
