"""What is put right when a store is opened: rows of processes that died, files without rows, rows without files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import ErrorKind
from app.core.uploads import UploadId, UploadState
from app.store import history_rows, ledger, rows
from app.store.database import transaction
from app.store.outbox import Outbox, sidecar_name

if TYPE_CHECKING:
    import sqlite3

_READ_AT_ONCE = 500
INTERRUPTED = "ImgLink Desktop stopped just before the answer came: this may already be uploaded."
REBUILT = "The list of uploads was damaged and is rebuilt: this may already be uploaded."
FOUND = "Found in the outbox after a crash; it has not been uploaded."
MISSING = "The file is missing from the outbox."


@dataclass(slots=True)
class Recovery:
    """What was found and put right at opening; ids of uploads."""

    requeued: list[UploadId] = field(default_factory=list)
    uncertain: list[UploadId] = field(default_factory=list)
    adopted: list[UploadId] = field(default_factory=list)
    """Made again from a file without a row."""
    missing: list[UploadId] = field(default_factory=list)
    """Their file is gone."""
    set_aside: Path | None = None
    """Where the damaged database is kept."""
    salvaged: int = 0
    """How many entries of the history came from it or from a backup."""


def recover_rows(connection: sqlite3.Connection, alive: Collection[str], now: datetime, found: Recovery) -> None:
    """Settle what dead processes were sending: before the marker it goes again, after it nobody knows."""
    query = "SELECT id, state, owner FROM uploads WHERE state NOT IN ('done', 'cancelled') AND owner IS NOT NULL"
    with transaction(connection):
        for upload_id, state, owner in connection.execute(query).fetchall():
            if owner in alive:
                continue
            is_sure = state == UploadState.SENDING.value
            rows.set_state(
                connection,
                upload_id,
                UploadState.QUEUED if is_sure else UploadState.UNCERTAIN,
                now,
                reason="" if is_sure else INTERRUPTED,
                error_kind=None,
                image=None,
                owner=None,
            )
            if is_sure:
                ledger.end(connection, upload_id, now, counts=False)
            (found.requeued if is_sure else found.uncertain).append(upload_id)


def reconcile(
    connection: sqlite3.Connection, outbox: Outbox, now: datetime, found: Recovery, *, is_rebuilt: bool
) -> None:
    """Make rows and files agree. Only while no other process uses the outbox."""
    listing = outbox.listing()
    for part in listing.parts:
        outbox.discard_leftover(part)
    for sidecar in listing.sidecars - {sidecar_name(file) for file in listing.files}:
        outbox.discard_leftover(sidecar)
    with transaction(connection):
        known = _rows_without_files(connection, listing.files, now, found)
        _files_without_rows(connection, outbox, listing.files - known, now, found, is_rebuilt=is_rebuilt)


def purge_forgotten(connection: sqlite3.Connection, outbox: Outbox) -> None:
    """Remove for good what was forgotten in earlier runs, with its files. Only while no other process is there."""
    forgotten = connection.execute(
        "SELECT f.id, f.upload_id, u.file FROM forgotten f LEFT JOIN uploads u ON u.id = f.upload_id "
        # One that came back by an import has its upload again.
        "AND NOT EXISTS (SELECT 1 FROM history h WHERE h.upload_id = f.upload_id)"
    ).fetchall()
    for entry_id, upload_id, file in forgotten:
        if file is not None:
            # Bytes first: a crash here leaves a row whose file is missing, which the next start removes.
            outbox.discard(file)
        with transaction(connection):
            if file is not None:
                rows.delete(connection, upload_id)
            connection.execute("DELETE FROM history_albums WHERE entry = ?", (entry_id,))
            connection.execute("DELETE FROM forgotten WHERE id = ?", (entry_id,))


def read_migrated(connection: sqlite3.Connection) -> None:
    """Let the search find what a migration brought."""
    is_more = True
    while is_more:
        with transaction(connection):
            is_more = history_rows.read_migrated(connection, _READ_AT_ONCE)


def _rows_without_files(
    connection: sqlite3.Connection, files: Collection[str], now: datetime, found: Recovery
) -> set[str]:
    known = set()
    query = "SELECT id, file, state FROM uploads WHERE has_file"
    for upload_id, file, state in connection.execute(query).fetchall():
        known.add(file)
        if file in files:
            continue
        connection.execute("UPDATE uploads SET has_file = 0 WHERE id = ?", (upload_id,))
        if state in (UploadState.QUEUED.value, UploadState.PAUSED.value):
            rows.set_state(
                connection,
                upload_id,
                UploadState.FAILED,
                now,
                reason=MISSING,
                error_kind=ErrorKind.ENVIRONMENT,
                image=None,
                owner=None,
            )
            found.missing.append(upload_id)
    return known


def _files_without_rows(
    connection: sqlite3.Connection,
    outbox: Outbox,
    files: Collection[str],
    now: datetime,
    found: Recovery,
    *,
    is_rebuilt: bool,
) -> None:
    stray = []
    for file in files:
        if connection.execute("SELECT 1 FROM uploads WHERE id = ?", (Path(file).stem,)).fetchone():
            outbox.discard(file)  # Given up to make room, but the removal did not come through.
        elif sidecar := outbox.describe(file, now):
            stray.append(sidecar)
    for sidecar in sorted(stray, key=lambda sidecar: (sidecar.created_at, sidecar.id)):
        since = now
        if sidecar.image is not None:
            state, reason, since = UploadState.DONE, "", sidecar.created_at
        elif is_rebuilt:
            state, reason = UploadState.UNCERTAIN, REBUILT
        else:
            # Nobody was told that it is saved, and it may have been captured again since: ask first.
            state, reason = UploadState.PAUSED, FOUND
        rows.add(connection, sidecar, state, since, reason=reason)
        if state is UploadState.DONE and (item := rows.get(connection, outbox.path, sidecar.id)) is not None:
            history_rows.record_done(connection, item, since, outbox.path, is_news=False)
        found.adopted.append(sidecar.id)
