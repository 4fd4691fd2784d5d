"""Writing the history to a file, and reading one, whatever program wrote it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Protocol

from app.core.errors import InputError
from app.core.history import EntryId, HistoryEntry
from app.services.history_files import own, sharex

MAX_FILE_BYTES = 512 * 1024 * 1024
_DATABASE_HEAD = b"SQLite format 3\0"
_READ_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class ExportFormat(Enum):
    """How the history is written; the value is its name on the command line and the file's extension."""

    JSON = "json"
    CSV = "csv"


class Writer(Protocol):
    """Writes a file in pieces."""

    def start(self) -> str:
        """What comes first."""

    def entries(self, entries: Iterable[HistoryEntry]) -> str:
        """Some entries."""

    def end(self) -> str:
        """What comes last."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Entries of an imported file that were not taken."""

    count: int
    reason: str
    """In words, such as “412 entries of other hosts were left out.”"""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    new: int
    completed: int
    """Known images of which it told something more."""
    unchanged: int
    """Known images of which everything was known."""
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds: entries from the oldest on, each with a time of its own."""

    entries: tuple[HistoryEntry, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryFiles:
    """Knows what reading and writing needs from outside."""

    hosts: frozenset[str]
    """Whose links are ImgLink's; their subdomains are, too."""
    read_database: Callable[[Path], Iterable[Mapping[str, object]]]
    """Reads the rows of ShareX's History.db. Blocks. Raises InputError."""

    def writer(self, form: ExportFormat) -> Writer:
        """What writes such a file."""
        return own.JsonWriter() if form is ExportFormat.JSON else own.CsvWriter()

    def read(self, path: Path) -> Imported:
        """Read a file, found out by what is in it. Blocks. Raises InputError, with the place; all or nothing."""
        data = _read(path)
        if data.startswith(_DATABASE_HEAD):
            return self._from_sharex(self.read_database(path))
        text = _decoded(data, path)
        beginning = text.lstrip()[:1]
        try:
            if beginning in ("{", "["):
                found = own.read_json(text)
                return self._from_sharex(sharex.read_json(text)) if found is None else _imported(found)
            if own.is_csv(text):
                return _imported(own.read_csv(text))
        except own.BadFile as problem:
            raise InputError(
                f"“{path.name}” cannot be imported: {problem}.", safe="Nothing of it was imported."
            ) from problem
        raise InputError(
            f"“{path.name}” is no history that can be imported.",
            remedy="It takes what “imglink history export” writes, and ShareX's History.json and History.db.",
        )

    def _from_sharex(self, items: Iterable[Mapping[str, object]]) -> Imported:
        entries, elsewhere, undated, unlinked = [], 0, 0, 0
        for item in items:
            match sharex.to_entry(item, self.hosts):
                case HistoryEntry() as entry:
                    entries.append(entry)
                case sharex.Why.ELSEWHERE:
                    elsewhere += 1
                case sharex.Why.NO_DATE:
                    undated += 1
                case sharex.Why.NO_LINK:
                    unlinked += 1
        reasons = (
            (elsewhere, "of other hosts"),
            (unlinked, "without a link"),
            (undated, "without a date"),
        )
        left_out = tuple(LeftOut(count, _sentence(count, what)) for count, what in reasons if count)
        return replace(_imported(entries), left_out=left_out)


def _sentence(count: int, what: str) -> str:
    return f"1 entry {what} was left out." if count == 1 else f"{count:,} entries {what} were left out."


def _imported(entries: Iterable[HistoryEntry]) -> Imported:
    """From the oldest on; those of one moment get times one after the other, in the order of the file."""
    result: list[HistoryEntry] = []
    for entry in sorted(entries, key=lambda each: each.id):
        least = EntryId(result[-1].id + 1) if result else entry.id
        result.append(entry if entry.id >= least else replace(entry, id=least))
    return Imported(tuple(result))


def _read(path: Path) -> bytes:
    """A regular file of a bearable size."""
    try:
        fd = os.open(path, _READ_FLAGS)
        with os.fdopen(fd, "rb") as file:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"“{path.name}” is not a regular file.")
            if status.st_size > MAX_FILE_BYTES:
                raise InputError(f"“{path.name}” is too large: over {MAX_FILE_BYTES // 2**20} MB.")
            return file.read(MAX_FILE_BYTES)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise InputError(f"“{path.name}” cannot be read: {reason}.", details=repr(error)) from error
    except ValueError as error:  # A null byte in the name.
        raise InputError(f"“{path.name}” cannot be read: there is no such file.") from error


def _decoded(data: bytes, path: Path) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"“{path.name}” is no history that can be imported: it is not text from byte {error.start + 1} on."
        ) from error
