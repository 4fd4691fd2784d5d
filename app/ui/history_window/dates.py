"""The days between which something was uploaded: asked for, and in words."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from PySide6.QtCore import QDate, QLocale
from PySide6.QtWidgets import QDateEdit, QDialog, QDialogButtonBox, QFormLayout, QWidget

from app.core.history import HistoryQuery
from app.ui import theme
from app.ui.history_window import texts
from app.ui.widgets import label


class RangeDialog(QDialog):
    """Two days, both inclusive."""

    def __init__(self, parent: QWidget, query: HistoryQuery) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Between two days"))
        today = QDate.currentDate()
        last = None if query.until is None else query.until.astimezone() - timedelta(seconds=1)
        self._since = self._field(self.tr("From"), today.addDays(-30) if query.since is None else _qdate(query.since))
        self._until = self._field(self.tr("To"), today if last is None else _qdate(last))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        form.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_L)
        form.setSpacing(theme.SPACE_M)
        for name, field in ((self.tr("From"), self._since), (self.tr("To"), self._until)):
            form.addRow(label(name), field)
        form.addRow(buttons)

    def range(self) -> dict[str, datetime]:
        """What to change of the query; the order in which the days were given does not matter."""
        first, last = sorted(date(*field.date().getDate()) for field in (self._since, self._until))
        begin = datetime(first.year, first.month, first.day).astimezone()
        after = last + timedelta(days=1)
        return {"since": begin, "until": datetime(after.year, after.month, after.day).astimezone()}

    @staticmethod
    def _field(name: str, value: QDate) -> QDateEdit:
        made = QDateEdit(value)
        made.setAccessibleName(name)
        made.setDisplayFormat(QLocale().dateFormat(QLocale.FormatType.ShortFormat))
        made.setMinimumWidth(160)
        return made


def range_text(query: HistoryQuery) -> str:
    """The days of a query that has some."""
    short = QLocale.FormatType.ShortFormat
    since = None if query.since is None else QLocale().toString(_qdate(query.since), short)
    last = None if query.until is None else query.until.astimezone() - timedelta(seconds=1)
    until = None if last is None else QLocale().toString(_qdate(last), short)
    if since and until:
        return since if since == until else f"{since} – {until}"
    if query.since is not None and query.since == midnight(datetime.now().astimezone()):
        return texts.tr("Today")
    return texts.tr("Since {day}").format(day=since) if since else texts.tr("Until {day}").format(day=until)


def _qdate(moment: datetime) -> QDate:
    local = moment.astimezone()
    return QDate(local.year, local.month, local.day)


def midnight(moment: datetime) -> datetime:
    """When that day began here."""
    return datetime(moment.year, moment.month, moment.day).astimezone()
