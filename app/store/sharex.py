"""ShareX's history where it is an SQLite database. Blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from app.core.errors import InputError

_COLUMNS = ("FileName", "FilePath", "DateTime", "URL", "ThumbnailURL", "DeletionURL", "ShortenedURL", "Tags")


def read_sharex_database(path: Path) -> Iterator[Mapping[str, object]]:
    """The rows of its table `History`, oldest first. The file is only read. Raises InputError."""
    import sqlite3

    place = "its beginning"
    try:
        # Immutable, or SQLite would make files beside it.
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?immutable=1", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            kinds = connection.execute("SELECT type FROM sqlite_master WHERE name = 'History'").fetchall()
            known = {row[1] for row in connection.execute("PRAGMA table_info(History)")}
            if kinds != [("table",)] or not {"URL", "DateTime"} <= known:
                raise InputError(f"“{path.name}” is a database, but not ShareX's history.")
            names = [name for name in _COLUMNS if name in known]
            query = f"SELECT {', '.join(names)} FROM History ORDER BY rowid"  # noqa: S608 - constants
            for number, row in enumerate(connection.execute(query), 1):
                place = f"row {number}"
                yield dict(zip(names, row, strict=True))
    except sqlite3.Error as error:
        raise InputError(
            f"“{path.name}” cannot be imported: the database is damaged after {place}.",
            safe="Nothing of it was imported.",
            details=repr(error),
        ) from error
