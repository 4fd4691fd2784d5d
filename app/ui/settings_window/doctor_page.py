"""What works on this desktop, and the one thing to do about the rest."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.core.doctor import Part
from app.services.doctor import Finding, Mark, Report
from app.ui import theme
from app.ui.settings_window.page import Group, Page, Row
from app.ui.widgets import ElidedLabel, Symbol, button, label

_SIGN_PX = 18


class FindingRow(Row):
    """One part: a sign, its name and what serves it, why not, and what to do."""

    def __init__(self, finding: Finding, mark: Mark) -> None:
        probe = finding.probe
        super().__init__(finding.part.value, "", _Verdict(mark, probe.name))
        self.finding, self.mark = finding, mark
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.search_words = " ".join((finding.part.value, probe.name, probe.reason, probe.remedy)).casefold()
        tone = "danger" if mark is Mark.MISSING else "muted"
        for text, text_tone in ((probe.reason, tone), (probe.remedy, "")):
            if text:
                words = label(text, tone=text_tone, small=True, wrap=True)
                # What to do is what people want to take elsewhere.
                words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                self.below.addWidget(words)
        self.setAccessibleName(" ".join((finding.part.value, _said(mark), probe.name, probe.reason, probe.remedy)))

    def matches(self, query: str) -> bool:
        """True when every word of the query stands somewhere in the row."""
        return all(word in self.search_words for word in query.casefold().split())


class _Verdict(QWidget):
    """At the right of a row: what serves the part, and a sign that says how it stands."""

    def __init__(self, mark: Mark, name: str) -> None:
        super().__init__()
        symbol, tone = {
            Mark.OK: ("check", "success"),
            Mark.NOTE: ("info", "warning"),
            Mark.MISSING: ("alert", "danger"),
        }[mark]
        sign = Symbol(symbol, tone=tone, size=_SIGN_PX)
        sign.setAccessibleName(_said(mark))
        words = ElidedLabel(name)
        words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        words.setProperty("tone", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(words, 1)
        row.addWidget(sign)
        self.setFixedWidth(260)


class DoctorPage(Page):
    """A row for each part of the desktop; asks to be filled when it is first seen."""

    examination_requested = Signal()
    """Answered by `show_report`."""
    system_settings_requested = Signal(str)
    """An address that opens a page of the system's own settings."""

    copy_requested = Signal(str, object)
    """A text, and what is told whether other programs can read it."""

    def __init__(self) -> None:
        super().__init__(self.tr("Doctor"))
        self._report: Report | None = None
        self._wanted: Part | None = None
        self._group: Group | None = None
        self._state = label(self.tr("Looking…"), tone="muted", wrap=True)
        self._again = button(self.tr("Look again"), self.examine, look="small")
        self._copy = button(self.tr("Copy report"), self._copy_report, look="small")
        self._copied = QLabel()
        self._copied.setTextFormat(Qt.TextFormat.PlainText)
        self._copied.setProperty("tone", "muted")
        top = QWidget()
        row = QHBoxLayout(top)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self._state, 1)
        row.addWidget(self._copied)
        row.addWidget(self._copy)
        row.addWidget(self._again)
        self.add(top)
        self._copy.setEnabled(False)
        self.verticalScrollBar().rangeChanged.connect(self._scroll_to_wanted)

    @property
    def finding_rows(self) -> tuple[FindingRow, ...]:
        """The rows, in the order of the report."""
        rows = () if self._group is None else self._group.rows
        return tuple(row for row in rows if isinstance(row, FindingRow))

    def showEvent(self, event: QShowEvent) -> None:
        """Look, the first time that somebody wants to know."""
        super().showEvent(event)
        if self._report is None and self._again.isEnabled():
            self.examine()

    def examine(self) -> None:
        """Look at everything anew."""
        self._again.setEnabled(False)
        self._copied.clear()
        self._state.setText(self.tr("Looking…"))
        self.examination_requested.emit()

    def show_report(self, report: Report) -> None:
        """Show what was found."""
        self._report = report
        if self._group is not None:
            self._groups.remove(self._group)
            self._group.hide()
            self._group.deleteLater()
        rows = [self._row(finding, finding.mark(report.optional)) for finding in report.findings]
        self._group = Group(rows)
        self.add(self._group)
        missing = sum(row.mark is Mark.MISSING for row in rows)
        self._state.setText(
            self.tr("All that is needed works.")
            if not missing
            else self.tr("One part does not work here. It says what to do about it.")
            if missing == 1
            else self.tr("%n parts do not work here. Each says what to do about it.", "", missing)
        )
        self._again.setEnabled(True)
        self._copy.setEnabled(True)
        self._show_wanted()

    def lead_to(self, part: Part) -> None:
        """Bring the row of this part into view, now or as soon as there is one."""
        self._wanted = part
        self._show_wanted()

    def _row(self, finding: Finding, mark: Mark) -> FindingRow:
        row = FindingRow(finding, mark)
        if url := finding.probe.settings_url:
            opens = button(self.tr("Open the system's settings"), lambda: self.system_settings_requested.emit(url))
            row.below.addWidget(opens, 0, Qt.AlignmentFlag.AlignLeft)
        return row

    def _show_wanted(self) -> None:
        for row in self.finding_rows:
            row.setProperty("look", "wanted" if row.finding.part is self._wanted else "")
            row.style().polish(row)
        self._scroll_to_wanted()

    def _scroll_to_wanted(self) -> None:
        # Called again when the rows have their places, which they get after they have come.
        for row in self.finding_rows:
            if row.finding.part is self._wanted:
                self.ensureWidgetVisible(row)

    def _copy_report(self) -> None:
        assert self._report is not None
        self.copy_requested.emit(self._report.text, self._tell_copied)

    def _tell_copied(self, is_there: bool) -> None:
        self._copied.setText(self.tr("Copied") if is_there else self.tr("Could not be copied"))


def _said(mark: Mark) -> str:
    return {Mark.OK: "works", Mark.NOTE: "could be better", Mark.MISSING: "does not work"}[mark]
