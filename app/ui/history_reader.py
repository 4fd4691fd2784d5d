"""Keeps the history window's list as the history is: reads it in chunks, and follows what happens to it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer

from app.core.errors import UserFacingError
from app.core.history import (
    EntryId,
    HistoryAdded,
    HistoryChanged,
    HistoryEntry,
    HistoryEvent,
    HistoryQuery,
    HistoryRemoved,
    HistorySort,
    HistoryStatistics,
)
from app.services.history import HistoryService
from app.ui.bridge import Bridge, TaskHandle
from app.ui.history_window import HistoryWindow

T = TypeVar("T")

FIRST = 500
"""How many are read before anything is shown."""
MORE = 20_000
"""How many at a time are read behind them, at most."""
_SEEN = 96
"""Of the first so many, the values come with them."""
_AGAIN_MS = 100
_COUNT_MS = 250
_TIMELESS = (HistorySort.NEWEST, HistorySort.OLDEST, HistorySort.LARGEST)
"""Orders in which an entry stays where it is when it changes."""


class HistoryReader(QObject):
    """Lives on the Qt thread, as long as its window."""

    def __init__(
        self,
        bridge: Bridge,
        history: HistoryService,
        window: HistoryWindow,
        show_error: Callable[[UserFacingError], None],
    ) -> None:
        super().__init__(window)
        self._bridge = bridge
        self._history = history
        self._window = window
        self._show_error = show_error
        self._query = window.filters.query
        self._reading: TaskHandle | None = None
        self._is_reading = False
        self._is_complete = False
        self._is_outdated = False
        """Something happened while the list was being read, so that it may lack it."""
        self._is_stale = False
        """Something happened while the window was closed."""
        self._again = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._again.timeout.connect(self.read_again)
        self._count = QTimer(self, singleShot=True, interval=_COUNT_MS)
        self._count.timeout.connect(self._read_statistics)
        window.query_changed.connect(self._search)
        window.retry_requested.connect(self.read_again)
        window.model.entries_wanted.connect(self._read_entries)

    def start(self) -> None:
        """Read everything that is looked for, and what it adds up to."""
        self._search(self._window.filters.query)
        self._read_statistics()

    def stop(self) -> None:
        """Ask for nothing more: the window goes, though what was typed in it may still be on its way."""
        for timer in (self._again, self._count):
            timer.stop()
        if self._reading is not None:
            self._reading.cancel()
        for source in (self._window, self._window.model):
            source.blockSignals(True)

    def wake(self) -> None:
        """The window is seen again."""
        if self._is_stale:
            self._is_stale = False
            self.read_again()
            self._read_statistics()

    def take(self, event: HistoryEvent) -> None:
        """Something was added, changed or removed."""
        if not self._window.isVisible():
            self._is_stale = True
            return
        if self._is_reading:
            self._is_outdated = True
        match event:
            case HistoryAdded(entries):
                self._take_added(entries)
            case HistoryChanged(entries):
                self._take_changed(entries)
            case HistoryRemoved(ids):
                self._window.model.remove(ids)
                self._window.show_list(complete=self._is_complete)
            case _:
                self._again.start()
        self._count.start()

    def read_again(self) -> None:
        """Read the same again; what is chosen stays chosen, and what is seen stays in place."""
        self._again.stop()
        window, query = self._window, self._query
        listing = window.listing
        first, behind = listing.view.seen_rows()
        wanted = max(FIRST, window.model.rowCount())

        async def read() -> tuple[Sequence[EntryId], tuple[HistoryEntry, ...]]:
            ids = await self._history.outline(query, limit=wanted)
            return ids, await self._history.entries(ids[first : max(behind, first + _SEEN)])

        def show(found: tuple[Sequence[EntryId], tuple[HistoryEntry, ...]]) -> None:
            # As it is now: the person goes on choosing while it is read.
            chosen, current = listing.chosen(), listing.current_id()
            place = listing.view.verticalScrollBar().value()
            self._put(query, *found, wanted)
            listing.choose(chosen, current)
            listing.view.verticalScrollBar().setValue(place)

        self._read(read, show)

    # --- reading ------------------------------------------------------------------------------------------------------

    def _search(self, query: HistoryQuery) -> None:
        self._query = query

        async def read() -> tuple[Sequence[EntryId], tuple[HistoryEntry, ...]]:
            ids = await self._history.outline(query, limit=FIRST)
            return ids, await self._history.entries(ids[:_SEEN])

        def show(found: tuple[Sequence[EntryId], tuple[HistoryEntry, ...]]) -> None:
            current = self._window.listing.current_id()
            chosen = self._window.listing.chosen() if current is not None else []
            self._put(query, *found, FIRST)
            # One that is still found stays chosen.
            if len(chosen) == 1:
                self._window.listing.choose(chosen, current)
            self._window.listing.view.scrollToTop()
            # Whoever went on into the list while it was searched goes on from the first one found.
            if self._window.listing.view.hasFocus():
                self._window.listing.focus_list()

        self._read(read, show)

    def _put(self, query: HistoryQuery, ids: Sequence[EntryId], entries: Sequence[HistoryEntry], asked: int) -> None:
        self._is_complete = len(ids) < asked
        self._window.model.reset(ids, entries, query.sort)
        self._window.show_list(complete=self._is_complete)
        if not self._is_complete:
            self._read_more(query, ids[-1], 2 * FIRST)

    def _read_more(self, query: HistoryQuery, after: EntryId, limit: int) -> None:
        """Read the rest, more each time: the next letter of a search waits for what is being read."""

        def show(ids: Sequence[EntryId]) -> None:
            self._window.model.append(ids)
            self._is_complete = len(ids) < limit
            self._window.show_list(complete=self._is_complete)
            if not self._is_complete:
                self._read_more(query, ids[-1], min(2 * limit, MORE))

        self._read(lambda: self._history.outline(query, after=after, limit=limit), show)

    def _read(self, function: Callable[[], Coroutine[Any, Any, T]], on_done: Callable[[T], None]) -> None:
        """Of several readings of the list, only the last one counts."""
        if self._reading is not None:
            self._reading.cancel()

        def done(found: T) -> None:
            self._is_reading = False
            # This may begin the next one.
            on_done(found)
            if self._is_outdated and not self._is_reading:
                self._is_outdated = False
                self._again.start()

        def failed(error: UserFacingError) -> None:
            self._is_reading = False
            self._window.show_error(str(error))

        self._is_reading = True
        self._reading = self._bridge.submit(function, owner=self, on_done=done, on_error=failed)

    def _read_entries(self, ids: Sequence[EntryId]) -> None:
        model = self._window.model

        def failed(error: UserFacingError) -> None:
            model.give_up(ids)
            self._window.show_error(str(error))

        self._bridge.submit(
            lambda: self._history.entries(ids),
            owner=self,
            on_done=lambda entries: model.put_entries(entries, ids),
            on_error=failed,
        )

    def _read_statistics(self) -> None:
        def show(statistics: HistoryStatistics) -> None:
            self._window.set_statistics(statistics)

        self._bridge.submit(self._history.statistics, owner=self, on_done=show, on_error=self._show_error)

    # --- what happens -------------------------------------------------------------------------------------------------

    def _take_added(self, entries: Sequence[HistoryEntry]) -> None:
        model = self._window.model
        is_by_time = self._query.sort in (HistorySort.NEWEST, HistorySort.OLDEST)
        if self._window.filters.is_restricted or not is_by_time:
            self._again.start()
            return
        if not self._is_complete:
            # What belongs behind what was read so far comes with the rest.
            last = model.ids[-1] if model.ids else None
            newest_first = self._query.sort is HistorySort.NEWEST
            entries = [each for each in entries if last is not None and (each.id > last) is newest_first]
        model.insert_new(entries)
        self._window.show_list(complete=self._is_complete)

    def _take_changed(self, entries: Sequence[HistoryEntry]) -> None:
        model = self._window.model
        model.put_entries([entry for entry in entries if model.row_of(entry.id) is not None])
        if self._window.filters.is_restricted or self._query.sort not in _TIMELESS:
            self._again.start()
