"""The one model behind grid and table: the ids of everything that matches, and values for what is looked at.

A hundred thousand ids are 800 KB, and an id tells the day; the rest of an entry is read when it is first painted, in
blocks, and the least recently painted ones are forgotten again.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from app.core.history import EntryId, HistoryEntry, HistorySort
from app.core.imglink import AlbumId
from app.ui.history_window import texts
from app.ui.history_window.days import Section, split_days
from app.ui.widgets import plain_tooltip

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()

ENTRY = Qt.ItemDataRole.UserRole
"""The HistoryEntry of a row, or None while it is being read."""
CACHED = 4000
"""How many entries are kept in memory."""
BLOCK = 64
"""Entries are read in blocks of so many rows."""
_MOST_WANTED = 4 * BLOCK
_REMOVED_SINGLY = 50
_FOUND_SINGLY, _FOUND_SINGLY_BY_TIME = 4, 1000
"""Up to so many are looked for one by one; more are found by a walk through all."""


class Column(IntEnum):
    """What the table shows."""

    NAME = 0
    DATE = 1
    SIZE = 2
    DIMENSIONS = 3
    VIEWS = 4
    VISIBILITY = 5
    ALBUM = 6
    STATE = 7


COLUMN_SORTS = {
    Column.NAME: (HistorySort.NAME,),
    Column.DATE: (HistorySort.NEWEST, HistorySort.OLDEST),
    Column.SIZE: (HistorySort.LARGEST,),
    Column.VIEWS: (HistorySort.VIEWS,),
}
"""The orders that a click on a column's header goes through."""


class HistoryModel(QAbstractTableModel):
    """Told what matches and, when it asks, the values."""

    entries_wanted = Signal(list)
    """EntryIds of what is being looked at and not known: answered by `put_entries`, or by `give_up`."""
    sections_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._ids: array[int] = array("q")
        self._sort = HistorySort.NEWEST
        self._sections: list[Section] = []
        self._entries: OrderedDict[EntryId, HistoryEntry] = OrderedDict()
        self._wanted: OrderedDict[EntryId, int] = OrderedDict()
        """What is to be asked for, with its row; the latest last."""
        self._asked: dict[EntryId, int] = {}
        """What was asked for and has not come, with its row."""
        self._album_titles: Mapping[AlbumId, str] = {}
        self._ask = QTimer(self, singleShot=True, interval=0)
        self._ask.timeout.connect(self._ask_for_wanted)

    # --- what matches -------------------------------------------------------------------------------------------------

    @property
    def ids(self) -> Sequence[EntryId]:
        """All that is listed, in order."""
        return self._ids  # type: ignore[return-value]  # an array of the numbers that EntryIds are

    @property
    def order(self) -> HistorySort:
        """The order of the rows."""
        return self._sort

    @property
    def sections(self) -> Sequence[Section]:
        """The days of the rows; one without a day where the order is another."""
        return self._sections

    def reset(self, ids: Iterable[EntryId], entries: Iterable[HistoryEntry], sort: HistorySort) -> None:
        """Show these, with the values that are known."""
        self.beginResetModel()
        self._ids = array("q", ids)
        self._sort = sort
        self._sections = []
        self._wanted.clear()
        for entry in entries:
            self._keep(entry)
        self._recut(0, 0, len(self._ids))
        self.endResetModel()
        self.sections_changed.emit()

    def append(self, ids: Sequence[EntryId]) -> None:
        """Add more behind the last."""
        if not ids:
            return
        first = len(self._ids)
        self.beginInsertRows(NO_INDEX, first, first + len(ids) - 1)
        self._ids.extend(ids)
        self._recut(first, 0, len(ids))
        self.endInsertRows()
        self.sections_changed.emit()

    def insert_new(self, entries: Iterable[HistoryEntry]) -> None:
        """Put entries where they belong in the order of time. Those that are listed already are changed."""
        for entry in entries:
            self._keep(entry)
            row = self._place_of(entry.id)
            if row < len(self._ids) and self._ids[row] == entry.id:
                self._tell_changed(row, row)
                continue
            self.beginInsertRows(NO_INDEX, row, row)
            self._ids.insert(row, entry.id)
            self._recut(row, 0, 1)
            self.endInsertRows()
        self.sections_changed.emit()

    def remove(self, ids: Iterable[EntryId]) -> None:
        """Take entries out."""
        rows = sorted(self.rows_of(ids))
        if len(rows) > _REMOVED_SINGLY:
            # So many notices would take longer than a fresh start.
            gone = set(rows)
            kept = [EntryId(each) for row, each in enumerate(self._ids) if row not in gone]
            self.reset(kept, (), self._sort)
            return
        for first, last in reversed(runs(rows)):
            self.beginRemoveRows(NO_INDEX, first, last)
            del self._ids[first : last + 1]
            self._recut(first, last + 1 - first, 0)
            self.endRemoveRows()
        if rows:
            self.sections_changed.emit()

    def row_of(self, entry_id: EntryId) -> int | None:
        """Where an entry stands; None when it is not listed."""
        if self._sort in (HistorySort.NEWEST, HistorySort.OLDEST):
            row = self._place_of(entry_id)
            return row if row < len(self._ids) and self._ids[row] == entry_id else None
        try:
            return self._ids.index(entry_id)
        except ValueError:
            return None

    def rows_of(self, ids: Iterable[EntryId]) -> set[int]:
        """Where entries stand that are listed; quick for a hundred thousand in every order."""
        wanted = set(ids)
        is_by_time = self._sort in (HistorySort.NEWEST, HistorySort.OLDEST)
        if len(wanted) <= (_FOUND_SINGLY_BY_TIME if is_by_time else _FOUND_SINGLY):
            return {row for each in wanted if (row := self.row_of(each)) is not None}
        return {row for row, each in enumerate(self._ids) if each in wanted}

    # --- values -------------------------------------------------------------------------------------------------------

    def entry(self, row: int) -> HistoryEntry | None:
        """The value of a row; None when it is not known, and then it is asked for."""
        entry_id = EntryId(self._ids[row])
        entry = self._entries.get(entry_id)
        if entry is None:
            self._want(row)
            return None
        self._entries.move_to_end(entry_id)
        return entry

    def known(self, entry_id: EntryId) -> HistoryEntry | None:
        """The value of an entry, if it is at hand."""
        return self._entries.get(entry_id)

    def put_entries(self, entries: Sequence[HistoryEntry], asked: Iterable[EntryId] = ()) -> None:
        """Take values: new ones, or the answer to what was `asked`."""
        rows: set[int] = set()
        moved: list[EntryId] = []
        for entry in entries:
            self._keep(entry)
            row = self._asked.pop(entry.id, None)
            if row is not None and row < len(self._ids) and self._ids[row] == entry.id:
                rows.add(row)
            else:
                moved.append(entry.id)
        rows |= self.rows_of(moved)
        self.give_up(asked)
        if rows:
            # One notice: views repaint what of it they show.
            self._tell_changed(min(rows), max(rows))

    def give_up(self, asked: Iterable[EntryId]) -> None:
        """What was asked for could not be read; it is asked for again when it is painted again."""
        for each in asked:
            self._asked.pop(each, None)

    def set_album_titles(self, titles: Mapping[AlbumId, str]) -> None:
        """Tell what albums are called."""
        self._album_titles = dict(titles)
        if self._ids:
            self.dataChanged.emit(self.index(0, Column.ALBUM), self.index(len(self._ids) - 1, Column.ALBUM))

    def album_text(self, entry: HistoryEntry) -> str:
        """The albums that it is in, by title where that is known."""
        return ", ".join(texts.one_line(self._album_titles.get(album, album)) for album in entry.albums)

    def ids_of(self, selection: QItemSelection) -> list[EntryId]:
        """The entries of a selection, in the order of the rows; quick for a hundred thousand."""
        parts = (selection.at(place) for place in range(selection.count()))
        ranges = sorted({(part.top(), part.bottom()) for part in parts if part.isValid()})
        found: list[EntryId] = []
        behind = 0
        for top, bottom in ranges:
            found += self._ids[max(top, behind) : bottom + 1]  # type: ignore[arg-type]  # the same numbers
            behind = max(behind, bottom + 1)
        return found

    # --- Qt -----------------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """How many are listed so far."""
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        """As many as the table has."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Texts; views paint the entry itself."""
        if role not in _ROLES or not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _NUMBERS if index.column() in (Column.SIZE, Column.VIEWS) else None
        entry = self.entry(index.row())
        if role == ENTRY:
            return entry
        if entry is None:
            # A screen reader must have something to say, and cannot wait.
            return texts.tr("Loading…") if index.column() == Column.NAME else ""
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return texts.spoken_text(entry) if index.column() == Column.NAME else self._text(entry, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(self._tooltip(entry)) if index.column() == Column.NAME else None
        return self._text(entry, index.column())

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The names of the columns."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _NUMBERS if section in (Column.SIZE, Column.VIEWS) else _TEXTS
        return _titles()[Column(section)] if role == Qt.ItemDataRole.DisplayRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Everything can be chosen and dragged out."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return _FLAGS

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Never asked: views drag by themselves, because their selection may be large."""
        return QMimeData()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _place_of(self, entry_id: EntryId) -> int:
        """Where it stands, or would, in the order of time."""
        if self._sort is HistorySort.OLDEST:
            return bisect_left(self._ids, entry_id)
        return bisect_left(self._ids, -entry_id, key=lambda each: -each)

    def _recut(self, first: int, removed: int, added: int) -> None:
        """Bring the sections up to date, after `removed` rows from `first` on gave way to `added` ones."""
        if self._sort not in (HistorySort.NEWEST, HistorySort.OLDEST):
            self._sections = [Section(0, len(self._ids), None)] if self._ids else []
            return
        above = [each for each in self._sections if each.end_row < first]
        below = [each for each in self._sections if each.first_row > first + removed]
        shift = added - removed
        if shift:
            below = [Section(each.first_row + shift, each.count, each.day) for each in below]
        begin = above[-1].end_row if above else 0
        end = below[0].first_row if below else len(self._ids)
        newest_first = self._sort is HistorySort.NEWEST
        self._sections = [*above, *split_days(self.ids, begin, end, newest_first=newest_first), *below]

    def _keep(self, entry: HistoryEntry) -> None:
        self._entries[entry.id] = entry
        self._entries.move_to_end(entry.id)
        while len(self._entries) > CACHED:
            self._entries.popitem(last=False)

    def _want(self, row: int) -> None:
        first = row - row % BLOCK
        for place in range(first, min(first + BLOCK, len(self._ids))):
            entry_id = EntryId(self._ids[place])
            if entry_id not in self._entries and entry_id not in self._asked:
                self._wanted[entry_id] = place
                self._wanted.move_to_end(entry_id)
        # What was scrolled past meanwhile is not wanted any more.
        while len(self._wanted) > _MOST_WANTED:
            self._wanted.popitem(last=False)
        if self._wanted and not self._ask.isActive():
            self._ask.start()

    def _ask_for_wanted(self) -> None:
        wanted, self._wanted = self._wanted, OrderedDict()
        self._asked.update(wanted)
        if wanted:
            self.entries_wanted.emit(list(wanted))

    def _tell_changed(self, first: int, last: int) -> None:
        self.dataChanged.emit(self.index(first, 0), self.index(last, len(Column) - 1))

    def _tooltip(self, entry: HistoryEntry) -> str:
        lines = [texts.name_text(entry), texts.one_line(entry.file_name), texts.second_line(entry)]
        return " — ".join(dict.fromkeys(line for line in lines if line))

    def _text(self, entry: HistoryEntry, column: int) -> str:
        match column:
            case Column.NAME:
                return texts.name_text(entry)
            case Column.DATE:
                return texts.moment_text(entry.uploaded_at)
            case Column.SIZE:
                return texts.size_text(entry)
            case Column.DIMENSIONS:
                return texts.dimensions_text(entry)
            case Column.VIEWS:
                return "" if entry.image.views is None else texts.number_text(entry.image.views)
            case Column.VISIBILITY:
                return texts.visibility_text(entry.visibility)
            case Column.ALBUM:
                return self.album_text(entry)
            case _:
                return texts.state_text(entry.remote_state)


_NUMBERS = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_TEXTS = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
# Asked for so often that putting it together would be felt.
_FLAGS = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsDragEnabled
_ROLES = frozenset(
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.TextAlignmentRole,
        ENTRY,
    )
)


def _titles() -> Mapping[Column, str]:
    return {
        Column.NAME: texts.tr("Name"),
        Column.DATE: texts.tr("Date"),
        Column.SIZE: texts.tr("Size"),
        Column.DIMENSIONS: texts.tr("Dimensions"),
        Column.VIEWS: texts.tr("Views"),
        Column.VISIBILITY: texts.tr("Visibility"),
        Column.ALBUM: texts.tr("Album"),
        Column.STATE: texts.tr("State"),
    }


def runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending rows as (first, last) of neighbours."""
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
