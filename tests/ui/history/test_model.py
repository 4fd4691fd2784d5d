"""The list as a whole: days, news, and values that are read when they are looked at."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from app.core.history import EntryId, HistoryEntry, HistorySort, entry_time
from app.ui.history_window.days import Section, day_text
from app.ui.history_window.model import CACHED, ENTRY, HistoryModel
from tests.ui.history.harness import make_entries, make_entry

HOUR_US = 3_600_000_000
ids = st.lists(st.integers(0, 24 * 40), unique=True, max_size=60).map(
    lambda hours: [EntryId(1_772_000_000_000_000 + hour * HOUR_US) for hour in hours]
)


def one_by_one(rows: list[EntryId]) -> list[Section]:
    """The days, found by looking at every row."""
    sections: list[Section] = []
    for row, entry_id in enumerate(rows):
        day = entry_time(entry_id).astimezone().date()
        if sections and sections[-1].day == day:
            sections[-1] = Section(sections[-1].first_row, sections[-1].count + 1, day)
        else:
            sections.append(Section(row, 1, day))
    return sections


@given(ids, st.booleans())
def test_days_are_those_of_every_single_row(rows: list[EntryId], newest_first: bool) -> None:
    rows = sorted(rows, reverse=newest_first)
    model = HistoryModel()
    model.reset(rows, (), HistorySort.NEWEST if newest_first else HistorySort.OLDEST)
    assert list(model.sections) == one_by_one(rows)


@given(ids, ids, st.integers(0, 60), st.booleans())
def test_news_and_chunks_leave_rows_and_days_as_if_read_anew(
    rows: list[EntryId], changed: list[EntryId], cut: int, newest_first: bool
) -> None:
    rows = sorted(rows, reverse=newest_first)
    model = HistoryModel()
    model.reset(rows[:cut], (), HistorySort.NEWEST if newest_first else HistorySort.OLDEST)
    model.append(rows[cut:])
    model.insert_new([make_entry(0, id=each) for each in changed])
    expected = sorted({*rows, *changed}, reverse=newest_first)
    assert list(model.ids) == expected
    assert list(model.sections) == one_by_one(expected)
    gone = changed[::2]
    model.remove(gone)
    left = [each for each in expected if each not in gone]
    assert list(model.ids) == left
    assert list(model.sections) == one_by_one(left)
    assert all(model.row_of(each) == row for row, each in enumerate(left))
    assert all(model.row_of(each) is None for each in gone)


@given(ids, ids, st.sampled_from(HistorySort))
def test_rows_of_many_are_those_of_each(rows: list[EntryId], wanted: list[EntryId], sort: HistorySort) -> None:
    by_time = {HistorySort.NEWEST: sorted(rows, reverse=True), HistorySort.OLDEST: sorted(rows)}
    model = HistoryModel()
    model.reset(by_time.get(sort, rows), (), sort)
    expected = {row for row, each in enumerate(model.ids) if each in wanted}
    assert model.rows_of(wanted) == expected
    # Of very many, most of which are not listed, all the same.
    assert model.rows_of([*wanted, *map(EntryId, range(2000))]) == expected


def test_many_are_removed_at_once(qtbot: QtBot) -> None:
    entries = make_entries(500)
    model = HistoryModel()
    model.reset([e.id for e in entries], (), HistorySort.NAME)
    with qtbot.waitSignal(model.modelReset, timeout=1000):
        model.remove([e.id for e in entries[:200]])
    assert list(model.ids) == [e.id for e in entries[200:]]


def test_values_are_asked_for_once_in_blocks_and_only_when_looked_at(qtbot: QtBot) -> None:
    entries = {e.id: e for e in make_entries(1000)}
    model, asked = HistoryModel(), list[list[EntryId]]()
    model.entries_wanted.connect(asked.append)
    model.reset(list(entries), (), HistorySort.NEWEST)
    with qtbot.waitSignal(model.entries_wanted, timeout=5000):
        assert [model.index(row, 0).data() for row in (0, 5)] == ["Loading…", "Loading…"]
    model.index(5, 0).data()
    (first,) = asked
    assert len(first) < 100
    assert set(list(entries)[:6]) <= set(first)
    with qtbot.waitSignal(model.dataChanged, timeout=1000) as changed:
        model.put_entries([entries[each] for each in first], first)
    assert changed.args is not None
    assert changed.args[0].row() == 0
    assert model.index(5, 0).data(ENTRY) == entries[first[5]]
    assert len(asked) == 1


def test_what_could_not_be_read_is_asked_for_again(qtbot: QtBot) -> None:
    entries = make_entries(3)
    model, asked = HistoryModel(), list[list[EntryId]]()
    model.entries_wanted.connect(asked.append)
    model.reset([e.id for e in entries], (), HistorySort.NEWEST)
    for _ in range(2):
        with qtbot.waitSignal(model.entries_wanted, timeout=5000):
            model.entry(0)
        model.give_up(asked[-1])
    assert asked[0] == asked[1]


def test_only_so_many_values_are_kept(qtbot: QtBot) -> None:
    entries = make_entries(CACHED + 10)
    model = HistoryModel()
    model.reset([e.id for e in entries], entries, HistorySort.NEWEST)
    assert model.known(entries[0].id) is None
    assert model.known(entries[-1].id) == entries[-1]


@pytest.mark.parametrize(("days", "expected"), [(0, "Today"), (1, "Yesterday")])
def test_the_last_days_have_names(days: int, expected: str) -> None:
    today = datetime(2026, 3, 4).date()
    assert day_text(today - timedelta(days=days), today) == expected


def test_a_day_of_this_week_is_named_and_an_older_one_dated(qtbot: QtBot) -> None:
    today = datetime(2026, 3, 4).date()
    assert "Sunday" in day_text(today - timedelta(days=3), today)
    assert "2025" in day_text(today - timedelta(days=300), today)


def test_a_screen_reader_hears_what_is_special(qtbot: QtBot) -> None:
    from PySide6.QtCore import Qt

    entry: HistoryEntry = make_entry(0, favourite=True, anonymous=True, title="Boat")
    model = HistoryModel()
    model.reset([entry.id], [entry], HistorySort.NEWEST)
    spoken = model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    for word in ("Boat", "640 × 480", "favourite", "without an account"):
        assert word in spoken
