"""ShareX's history where it is an SQLite database. Blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path


def read_sharex_database(path: Path) -> Iterable[Mapping[str, object]]:
    """The rows of its table, oldest first. Raises InputError."""
    raise NotImplementedError
