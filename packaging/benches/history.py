"""The history's queries over 10,000, 100,000 and 1,000,000 entries with realistic text, without a window."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from app.core.history import EntryId, HistoryEntry, HistoryQuery, HistorySort
from app.core.imglink import AlbumId, Image, ImageId
from app.core.workflow import SourceKind
from app.store import history_query, history_rows
from app.store.database import open_database, transaction
from benches.frame import Race, benchmark

SMALL, MIDDLE, LARGE = 10_000, 100_000, 1_000_000
PAGE = 200
_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_FIRST_US = 1_500_000_000_000_000
_EVERY_US = 240_000_000
_TEXT = """
    invoice meeting error Küche sunset dashboard receipt diagram garden release harbour plan budget draft final report
    login crash photo menu ticket München résumé 東京 旅行 Москва chart table form review design banner icon logo
"""
_WORDS = tuple(_TEXT.split())
_KINDS = (SourceKind.REGION, SourceKind.WINDOW, SourceKind.CLI, SourceKind.DROP)


@benchmark("history of 1,000,000: a page", gate=2.0, rounds=30, warmups=3)
def page() -> Iterator[Race]:
    """From the middle, as one that scrolls asks for it."""
    yield _beside_small(HistoryQuery())


@benchmark("history of 1,000,000: a page that was searched for", gate=2.0, rounds=30, warmups=3)
def searched_page() -> Iterator[Race]:
    """A word that one in twenty has, from the middle."""
    yield _beside_small(HistoryQuery("garden"))


@benchmark("history of 1,000,000: a page of two letters", gate=2.0, rounds=30, warmups=3)
def short_search() -> Iterator[Race]:
    """What nearly all have."""
    yield _beside_small(HistoryQuery("sc"))


@benchmark("history of 1,000,000: a page by name", gate=2.0, rounds=30, warmups=3)
def sorted_page() -> Iterator[Race]:
    """From the middle of the names."""
    yield _beside_small(HistoryQuery(sort=HistorySort.NAME))


@benchmark("history of 100,000: a letter to its entries", gate=1.0, rounds=15, warmups=2)
def keystroke() -> Iterator[Race]:
    """Each letter of a search: the first page of ids, and the values of what a window shows of it."""
    database = _database(MIDDLE)
    typed = ["gardenplan"[:length] for length in range(1, 11)]

    def slowest_ms() -> float:
        return max(_first_page_ms(database, HistoryQuery(text)) for text in typed)

    yield Race(slowest_ms, _limit(100.0), is_timed=False)


@benchmark("history of 100,000: the first page and its entries", gate=1.0, rounds=15, warmups=2)
def first_page() -> Iterator[Race]:
    """As when the window opens."""
    database = _database(MIDDLE)
    yield Race(lambda: _first_page_ms(database, HistoryQuery()), _limit(100.0), is_timed=False)


def _limit(limit_ms: float) -> Mapping[str, Callable[[], object] | None]:
    return {"the limit": lambda: limit_ms}


def _beside_small(query: HistoryQuery) -> Race:
    large, small = _database(LARGE), _database(SMALL)
    places = {database: _middle(database, query) for database in (large, small)}

    def read(database: sqlite3.Connection) -> None:
        found = history_query.outline(database, query, places[database], PAGE)
        if len(found) != PAGE:
            raise RuntimeError(f"{len(found)} found")

    return Race(lambda: read(large), {"the same at 10,000": lambda: read(small)})


def _middle(database: sqlite3.Connection, query: HistoryQuery) -> EntryId:
    count = len(history_query.outline(database, query, None, LARGE))
    return history_query.outline(database, query, None, count // 2)[-1]


def _first_page_ms(database: sqlite3.Connection, query: HistoryQuery) -> float:
    import time

    begin = time.perf_counter()
    ids = history_query.outline(database, query, None, 1000)
    history_rows.select(database, Path(), ids[:100])
    return (time.perf_counter() - begin) * 1000


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="imglink-bench-")


@cache
def _database(count: int) -> sqlite3.Connection:
    """A history of so many entries; it takes a while, once for each count."""
    path = Path(_folder().name) / f"{count}.db"
    connection = open_database(path, _NOW, look_closely=False, may_migrate=True)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = OFF")
    choose = random.Random(count)
    with transaction(connection):
        for number in range(count):
            history_rows.put(connection, _entry(number, choose))
    # As after an import.
    is_more = history_rows.tidy_search(connection, is_start=True)
    while is_more:
        is_more = history_rows.tidy_search(connection, is_start=False)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return connection


def _entry(number: int, choose: random.Random) -> HistoryEntry:
    image_id = f"{number:06x}{choose.randrange(16**4):04x}"
    when = datetime.fromtimestamp((_FIRST_US + number * _EVERY_US) / 1e6, UTC)
    words = choose.choices(_WORDS, k=3)
    image = Image(
        ImageId(image_id),
        f"https://i.imglink.cc/{image_id}.png",
        viewer=f"https://imglink.cc/i/{image_id}",
        thumbnail=f"https://i.imglink.cc/thumb/{image_id}.webp",
        delete=f"https://imglink.cc/delete/{image_id}/{choose.randrange(16**16):016x}",
        views=choose.randrange(500),
    )
    is_screenshot = choose.random() < 0.6
    return HistoryEntry(
        id=EntryId(_FIRST_US + number * _EVERY_US),
        image=image,
        file_name=f"Screenshot {when:%Y-%m-%d %H-%M-%S}.png" if is_screenshot else f"{' '.join(words)}.jpg",
        kind=choose.choice(_KINDS),
        width=1920,
        height=1080,
        size=choose.randrange(20_000, 4_000_000),
        mime="image/png",
        sha256=f"{number:064x}",
        albums=(AlbumId(f"al-{choose.randrange(20)}"),) if choose.random() < 0.1 else (),
        title=" ".join(choose.choices(_WORDS, k=2)) if choose.random() < 0.1 else "",
        note=" ".join(choose.choices(_WORDS, k=9)) if choose.random() < 0.05 else "",
        favourite=choose.random() < 0.02,
    )
