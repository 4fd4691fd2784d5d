"""What an import or export is asked, and what it reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class ExportFormat(Enum):
    """How the history is written; the value is its name on the command line and the file's extension."""

    JSON = "json"
    CSV = "csv"


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
class HistoryFiles:
    """What reading and writing files needs to know."""

    hosts: frozenset[str]
    """Whose links are ImgLink's; their subdomains are, too."""
    read_database: Callable[[Path], Iterable[Mapping[str, object]]]
    """Reads the rows of ShareX's History.db. Blocks. Raises InputError."""
