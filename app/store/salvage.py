"""What is saved of the history when its database is damaged: every row that can still be read, and then the backups.

Everything here blocks. What cannot be read is passed over: it is what the damage took.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec

from app.core.history import HistoryEntry
from app.store import history_rows
from app.store.database import transaction

if TYPE_CHECKING:
    import sqlite3

P = ParamSpec("P")

_FIRST, _LAST = -(2**62), 2**62
_MOST_FAILURES = 5_000
_BATCH = 500


def salvage(connection: sqlite3.Connection, folder: Path, damaged: Path) -> int:
    """Merge what `damaged` still tells into the history, and the latest backup when that is not all of it.

    Returns how many entries came back. `folder` is the outbox.
    """
    source = _Source(damaged)
    count = _merge_all(connection, folder, source.entries())
    backups = damaged.parent.glob(f"{damaged.name.partition('.damaged-')[0]}.v*.bak")
    if source.is_broken and (latest := max(backups, key=_age, default=None)) is not None:
        count += _merge_all(connection, folder, _Source(latest).entries())
    return count


def _age(backup: Path) -> str:
    """The time in its name."""
    return backup.name.rpartition("-")[2]


def _merge_all(connection: sqlite3.Connection, folder: Path, entries: Iterator[HistoryEntry]) -> int:
    count = 0
    while batch := list(islice(entries, _BATCH)):
        with transaction(connection):
            count += history_rows.merge(connection, folder, batch)[0]
    return count


class _Source:
    """A database that may be broken anywhere; `is_broken` once something of it could not be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.is_broken = False

    def entries(self) -> Iterator[HistoryEntry]:
        """Every entry that can be read."""
        import sqlite3

        with closing(sqlite3.connect(self._path, isolation_level=None)) as source:
            source.row_factory = sqlite3.Row
            # Bytes that are no text must not cost the whole row.
            source.text_factory = lambda data: data.decode("utf-8", "replace")
            tables = self._query(source, "SELECT name FROM sqlite_master WHERE type = 'table'") or []
            if "history" in {row[0] for row in tables}:
                yield from self._history(source)
            else:
                yield from self._uploads(source)

    def _history(self, source: sqlite3.Connection) -> Iterator[HistoryEntry]:
        """Forward in steps that grow while it goes well; where not even one row can be read, on behind the damage."""
        at: int | None = _FIRST
        step, failures = _BATCH, 0
        while at is not None and failures < _MOST_FAILURES:
            rows = self._rows_from(source, at, step)
            if rows is None:
                failures += 1
                at, step = (at, step // 8) if step >= 8 else (self._behind(source, at), 1)
                continue
            if not rows:
                return
            at, step = rows[-1]["id"] + 1, min(_BATCH, step * 8)
            for row in rows:
                albums = self._query(source, "SELECT album FROM history_albums WHERE entry = ?", (row["id"],)) or []
                yield from self._made(history_rows.entry_of, row, tuple(sorted(each[0] for each in albums)))

    def _rows_from(self, source: sqlite3.Connection, at: int, count: int) -> list[sqlite3.Row] | None:
        return self._query(source, "SELECT * FROM history WHERE id >= ? ORDER BY id LIMIT ?", (at, count))

    def _behind(self, source: sqlite3.Connection, broken: int) -> int | None:
        """The first id behind `broken` from which a row can be read, or near it; None when there is none."""
        leap = 1
        while self._rows_from(source, broken + leap, 1) is None:
            leap *= 2
            if broken + leap > _LAST:
                return None
        low, high = broken + leap // 2, broken + leap
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._rows_from(source, middle, 1) is None else (low, middle)
        return high

    def _uploads(self, source: sqlite3.Connection) -> Iterator[HistoryEntry]:
        """What versions without a history kept of it."""
        query = (
            "SELECT *, seq AS place, coalesce(finished_at, created_at) AS at FROM uploads "
            "WHERE seq < ? AND state = 'done' AND image IS NOT NULL ORDER BY seq DESC LIMIT 1"
        )
        last = _LAST
        while rows := self._query(source, query, (last,)):
            last = rows[0]["place"]
            yield from self._made(history_rows.entry_of_upload, rows[0])

    def _query(
        self, source: sqlite3.Connection, query: str, values: tuple[object, ...] = ()
    ) -> list[sqlite3.Row] | None:
        import sqlite3

        try:
            return source.execute(query, values).fetchall()
        except (sqlite3.DatabaseError, OverflowError):
            self.is_broken = True
            return None

    def _made(self, make: Callable[P, HistoryEntry], *values: P.args, **more: P.kwargs) -> Iterator[HistoryEntry]:
        try:
            yield make(*values, **more)
        except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError):
            self.is_broken = True
