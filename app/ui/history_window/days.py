"""The days of an outline: where each begins, found without looking at every entry."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from app.core.history import EntryId, entry_time

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that stand below one heading."""

    first_row: int
    count: int
    day: date | None
    """None for the one section of an order that is not by time."""

    @property
    def end_row(self) -> int:
        """The row behind the last."""
        return self.first_row + self.count


def split_days(ids: Sequence[EntryId], first_row: int, end_row: int, *, newest_first: bool) -> list[Section]:
    """Cut these rows into the local days on which they were uploaded.

    An entry's id is its time, so a day costs a few steps of a search, however many entries it has.
    """
    sections: list[Section] = []
    row = first_row
    while row < end_row:
        day = entry_time(ids[row]).astimezone().date()
        begin, end = _micros(_midnight(day)), _micros(_midnight(day + timedelta(days=1)))
        # The window doubles until the day ends within it: most days are short.
        reach = 16
        while (last := row + reach) < end_row and begin <= ids[last] < end:
            reach *= 2
        last = min(last, end_row)
        if newest_first:
            behind = bisect_left(ids, 1 - begin, row, last, key=_negative)
        else:
            behind = bisect_left(ids, end, row, last)
        # A clock that was set back at midnight must not stop us.
        behind = max(behind, row + 1)
        sections.append(Section(row, behind - row, day))
        row = behind
    return sections


def _negative(number: int) -> int:
    return -number


def day_text(day: date, today: date) -> str:
    """A day as a heading."""
    if day == today:
        return QCoreApplication.translate("History", "Today")
    if day == today - timedelta(days=1):
        return QCoreApplication.translate("History", "Yesterday")
    locale, shown = QLocale(), QDate(day.year, day.month, day.day)
    if timedelta() < today - day < timedelta(days=7):
        return f"{locale.dayName(shown.dayOfWeek())}, {locale.toString(shown, QLocale.FormatType.ShortFormat)}"
    return locale.toString(shown, QLocale.FormatType.LongFormat)


def _midnight(day: date) -> datetime:
    """When a day begins here."""
    return datetime.combine(day, time()).astimezone()


def _micros(moment: datetime) -> int:
    return round((moment - entry_time(EntryId(0))) / _MICROSECOND)
