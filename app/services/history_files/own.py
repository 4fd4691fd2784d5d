"""Our own two formats: JSON, one entry a line, and CSV for spreadsheets. Both come back exactly as they went."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from app.core.history import HistoryEntry
from app.services.history_files.records import COLUMNS, BadRecord, from_cell, from_record, to_cell, to_record

FORMAT = "imglink-history"
VERSION = 1
# A spreadsheet takes a cell that begins so for a formula; the apostrophe in front makes it text.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_MOST_IN_A_CELL = 2**30


class BadFile(Exception):
    """What is wrong with a file, and where, as half a sentence."""


class JsonWriter:
    """An object with one entry a line, so that files can be compared. ASCII only."""

    def __init__(self) -> None:
        self._count = 0

    def start(self) -> str:
        """See `Writer`."""
        return f'{{"format": "{FORMAT}", "version": {VERSION}, "entries": ['

    def entries(self, entries: Iterable[HistoryEntry]) -> str:
        """See `Writer`."""
        pieces = []
        for entry in entries:
            pieces.append((",\n" if self._count else "\n") + json.dumps(to_record(entry)))
            self._count += 1
        return "".join(pieces)

    def end(self) -> str:
        """See `Writer`."""
        return "\n]}\n"


class CsvWriter:
    """RFC 4180, every cell quoted, no cell a formula."""

    def start(self) -> str:
        """See `Writer`."""
        return _lines([COLUMNS])

    def entries(self, entries: Iterable[HistoryEntry]) -> str:
        """See `Writer`."""
        return _lines([_shielded(to_cell(value)) for value in to_record(entry).values()] for entry in entries)

    def end(self) -> str:
        """See `Writer`."""
        return ""


def read_json(text: str) -> list[HistoryEntry] | None:
    """The entries; None when it is somebody else's JSON. Raises BadFile."""
    if f'"{FORMAT}"' not in text[:1000]:
        return None
    try:
        content = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadFile(f"{error.msg.lower()} in line {error.lineno}, column {error.colno}") from error
    except (ValueError, RecursionError) as error:
        raise BadFile("it is no sensible JSON") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return None
    if content.get("version") != VERSION:
        raise BadFile(f"it was written by a newer ImgLink Desktop (format {str(content.get('version'))[:20]})")
    records = content.get("entries")
    if not isinstance(records, list):
        raise BadFile("it has no list of entries")
    return [_entry(record, f"in entry {number}") for number, record in enumerate(records, 1)]


def is_csv(text: str) -> bool:
    """True when it begins with the head of our table."""
    try:
        first = next(csv.reader(io.StringIO(text[:4000], newline="")), [])
    except csv.Error:
        return False
    return {"id", "url", "uploaded_at"} <= set(first)


def read_csv(text: str) -> list[HistoryEntry]:
    """The entries of a table; columns may be missing, moved or added. Raises BadFile."""
    # For the whole process, and harmless: the file is bounded.
    csv.field_size_limit(_MOST_IN_A_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    return list(_rows(reader))


def _rows(reader: Any) -> Iterator[HistoryEntry]:
    try:
        names = next(reader)
        for cells in reader:
            if not cells:
                continue
            place = f"in line {reader.line_num}"
            if len(cells) > len(names):
                raise BadFile(f"there are more cells than columns {place}")
            try:
                fields = zip(names, map(_unshielded, cells), strict=False)
                record = {name: from_cell(name, cell) for name, cell in fields if name in COLUMNS}
            except BadRecord as problem:
                raise BadFile(f"{problem} {place}") from problem
            yield _entry(record, place)
    except csv.Error as error:
        raise BadFile(f"{error} in line {reader.line_num}") from error


def _entry(record: object, place: str) -> HistoryEntry:
    if not isinstance(record, dict):
        raise BadFile(f"there is no object {place}")
    try:
        return from_record(record)
    except BadRecord as problem:
        raise BadFile(f"{problem} {place}") from problem


def _lines(rows: Iterable[Iterable[str]]) -> str:
    target = io.StringIO(newline="")
    csv.writer(target, quoting=csv.QUOTE_ALL).writerows(rows)
    return target.getvalue()


def _shielded(cell: str) -> str:
    return "'" + cell if cell.startswith((*_FORMULA_STARTS, "'")) else cell


def _unshielded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith((*_FORMULA_STARTS, "'")) else cell


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
