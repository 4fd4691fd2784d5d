"""Queries of the history as SQL. Only constants of this module become SQL; what comes from outside is bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.history import EntryId, HistoryQuery, HistorySort
from app.core.imglink import Visibility
from app.core.uploads import RemoteState
from app.store.codec import to_micros
from app.store.history_text import inexact, match, words_of

if TYPE_CHECKING:
    import sqlite3

_NEWEST, _OLDEST = 2**62, -(2**62)
_KEYS = {HistorySort.NAME: "h.sort_name", HistorySort.LARGEST: "coalesce(h.size, -1)", HistorySort.VIEWS: "h.views"}
_FLAGS = ("nsfw", "anonymous", "favourite")


@dataclass(frozen=True, slots=True)
class _Clause:
    sql: str
    values: tuple[object, ...] = ()


def outline(
    connection: sqlite3.Connection, query: HistoryQuery, after: EntryId | None, limit: int
) -> tuple[EntryId, ...]:
    """Which entries match, in the order asked for, from behind `after`, which may have been forgotten meanwhile."""
    if query.sort in _KEYS:
        return _by_key(connection, query, after, limit)
    is_newest = query.sort is HistorySort.NEWEST
    start = (_NEWEST if is_newest else _OLDEST) if after is None else after
    words = words_of(query.text)
    source, column, clauses = _source(query, words)
    clauses = [*clauses, _Clause(f"{column} {'<' if is_newest else '>'} ?", (start,)), *_bounds(query, column)]
    order = f"{column} DESC" if is_newest else column
    return _run(connection, f"SELECT {column} FROM {source}", clauses, order, limit)  # noqa: S608 - of constants


def is_everything(query: HistoryQuery) -> bool:
    """True when nothing is left out."""
    return not words_of(query.text) and not _filters(query) and not _bounds(query, "h.id") and query.album is None


def _source(query: HistoryQuery, words: tuple[str, ...]) -> tuple[str, str, list[_Clause]]:
    """What to walk through in the order of ids, its id, and what must hold."""
    filters = [*_filters(query), *_comparisons(words)]
    if words:
        if query.album is not None:
            filters.append(_in_album(query))
        found = _Clause("f.history_grams MATCH ?", (match(words),))
        # The order is spelled out: the index first, and a row only where something must be looked at.
        join = " CROSS JOIN history h ON h.id = f.rowid" if filters else ""
        return f"history_grams f{join}", "f.rowid", [found, *filters]
    if query.album is not None:
        is_in = _Clause("a.album = ?", (query.album,))
        return "history_albums a CROSS JOIN history h ON h.id = a.entry", "a.entry", [is_in, *filters]
    return "history h", "h.id", filters


def _by_key(
    connection: sqlite3.Connection, query: HistoryQuery, after: EntryId | None, limit: int
) -> tuple[EntryId, ...]:
    key = _KEYS[query.sort]
    is_rising = query.sort is HistorySort.NAME
    words = words_of(query.text)
    clauses = [*_filters(query), *_comparisons(words), *_bounds(query, "h.id")]
    if words:
        found = "h.id IN (SELECT rowid FROM history_grams WHERE history_grams MATCH ?)"
        clauses.append(_Clause(found, (match(words),)))
    if query.album is not None:
        clauses.append(_in_album(query))
    order = f"{key} {'ASC' if is_rising else 'DESC'}, h.id DESC"
    select = "SELECT h.id FROM history h"
    if after is None:
        return _run(connection, select, clauses, order, limit)
    row = next(
        (
            row
            for table in ("history", "forgotten")
            for row in connection.execute(f"SELECT {key} FROM {table} h WHERE id = ?", (after,))  # noqa: S608 - of constants
        ),
        None,
    )
    if row is None:
        return ()
    # First what ties with it, then what comes behind: each is one walk along the index.
    ties = [*clauses, _Clause(f"{key} = ?", (row[0],)), _Clause("h.id < ?", (after,))]
    found_ids = _run(connection, select, ties, "h.id DESC", limit)
    behind = [*clauses, _Clause(f"{key} {'>' if is_rising else '<'} ?", (row[0],))]
    return found_ids + _run(connection, select, behind, order, limit - len(found_ids))


def _run(
    connection: sqlite3.Connection, select: str, clauses: list[_Clause], order: str, limit: int
) -> tuple[EntryId, ...]:
    if limit <= 0:
        return ()
    condition = " AND ".join(clause.sql for clause in clauses) or "1"
    values = [value for clause in clauses for value in clause.values]
    cursor = connection.execute(f"{select} WHERE {condition} ORDER BY {order} LIMIT ?", (*values, limit))
    return tuple(EntryId(row[0]) for row in cursor)


def _filters(query: HistoryQuery) -> list[_Clause]:
    clauses = [_flag(name, getattr(query, name)) for name in _FLAGS if getattr(query, name) is not None]
    if query.visibility is not None:
        # Spelled out, so that the index of the private ones can be used.
        value = "private" if query.visibility is Visibility.PRIVATE else "public"
        clauses.append(_Clause(f"h.visibility = '{value}'"))
    if query.remote_state is not None:
        elsewhere = "" if query.remote_state is RemoteState.THERE else " AND h.remote_state != 'there'"
        clauses.append(_Clause(f"h.remote_state = ?{elsewhere}", (query.remote_state.value,)))
    if query.embed is not None:
        clauses.append(_Clause("h.embed = ?", (query.embed,)))
    if query.kind is not None:
        clauses.append(_Clause("h.kind = ?", (query.kind.value,)))
    return clauses


def _flag(name: str, wanted: bool) -> _Clause:
    return _Clause(f"h.{name}" if wanted else f"NOT h.{name}")


def _comparisons(words: tuple[str, ...]) -> list[_Clause]:
    return [_Clause("instr(h.words, ?)", (word,)) for word in inexact(words)]


def _in_album(query: HistoryQuery) -> _Clause:
    return _Clause("EXISTS (SELECT 1 FROM history_albums a WHERE a.album = ? AND a.entry = h.id)", (query.album,))


def _bounds(query: HistoryQuery, column: str) -> list[_Clause]:
    bounds = []
    if query.since is not None:
        bounds.append(_Clause(f"{column} >= ?", (to_micros(query.since),)))
    if query.until is not None:
        bounds.append(_Clause(f"{column} < ?", (to_micros(query.until),)))
    return bounds
