"""A page of settings: groups of rows that the search can thin out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.core.images import ImageFormat
from app.core.links import LinkForm
from app.settings import Option, Settings, options
from app.ui import theme
from app.ui.settings_window.fields import Field, TextField, make_field
from app.ui.widgets import heading, label, line, set_tone

_NEEDED: dict[str, Callable[[Settings], bool]] = {
    "capture.jpeg_quality": lambda settings: settings.capture.image_format is ImageFormat.JPEG,
    "after_capture.folder": lambda settings: settings.after_capture.save_to_folder,
    "after_capture.name_pattern": lambda settings: settings.after_capture.save_to_folder,
    "links.template": lambda settings: settings.links.form is LinkForm.CUSTOM,
}
"""Settings that count only while another has some value; their rows are greyed otherwise."""


class Row(QWidget):
    """A name and a description at the left, a control at the right, and below what is wrong with it."""

    def __init__(self, name: str, description: str, control: QWidget | None = None) -> None:
        super().__init__()
        self._words = f"{name} {description}".casefold()
        self._problem = label(tone="danger", small=True, wrap=True)
        self._problem.hide()
        self._note = label(tone="muted", small=True, wrap=True)
        self._note.hide()
        texts = QVBoxLayout()
        texts.setSpacing(2)
        self.name = label(name)
        texts.addWidget(self.name)
        self.description = label(description, tone="muted", small=True, wrap=True)
        if not description:
            self.description.hide()
        texts.addWidget(self.description)
        texts.addWidget(self._problem)
        texts.addWidget(self._note)
        self.below = QVBoxLayout()
        """Room for what needs the whole width."""
        self.below.setSpacing(theme.SPACE_S)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_M)
        outer.setSpacing(theme.SPACE_S)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_L)
        row.addLayout(texts, 1)
        outer.addLayout(row)
        outer.addLayout(self.below)
        if control is not None:
            row.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)

    def matches(self, query: str) -> bool:
        """True when every word of the query stands in the name or the description."""
        return all(word in self._words for word in query.casefold().split())

    def show_problem(self, text: str) -> None:
        """Say what is wrong; nothing when nothing is."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))
        self._problem.setAccessibleName(text)

    def show_note(self, text: str) -> None:
        """Say something that is not wrong; nothing when there is nothing to say."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    @property
    def note(self) -> str:
        """What is said besides."""
        return self._note.text()

    @property
    def problem(self) -> str:
        """What is said to be wrong."""
        return self._problem.text()


class Group(QFrame):
    """Rows in one frame, a hairline between them."""

    def __init__(self, rows: Sequence[QWidget]) -> None:
        super().__init__()
        self.setProperty("look", "panel")
        self.rows = tuple(rows)
        self._lines: dict[QWidget, QFrame] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for row in self.rows:
            self._lines[row] = line()
            column.addWidget(self._lines[row])
            column.addWidget(row)
        if self.rows:
            self._lines[self.rows[0]].hide()

    def search(self, query: str) -> bool:
        """Show the rows that match; False when none does, and the group hides."""
        is_first = True
        for row in self.rows:
            wanted = not query or (isinstance(row, Row) and row.matches(query))
            row.setVisible(wanted)
            self._lines[row].setVisible(wanted and not is_first)
            is_first = is_first and not wanted
        self.setVisible(not is_first)
        return not is_first


class _Content(QWidget):
    """As high as its texts are at this width; the layout alone would count them as narrow as can be."""

    def minimumSizeHint(self) -> QSize:
        """The width only."""
        return QSize(super().minimumSizeHint().width(), 0)


class Page(QScrollArea):
    """A title and its groups."""

    change_requested = Signal(str, dict)
    """A section's name and its new values."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self.rows: dict[str, Row] = {}
        self.fields: dict[str, Field] = {}
        self._groups: list[Group] = []
        content = _Content()
        content.setObjectName("page")
        self.column = QVBoxLayout(content)
        self.column.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL)
        self.column.setSpacing(theme.SPACE_M)
        self.column.addWidget(heading(title, 1.35))
        self.column.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def add(self, widget: QWidget) -> None:
        """Put something below what is there."""
        self.column.insertWidget(self.column.count() - 1, widget)
        if isinstance(widget, Group):
            self._groups.append(widget)

    def add_settings(self, *keys: str, title: str = "") -> None:
        """Put a group of settings below what is there."""
        if title:
            self.add(label(title, tone="muted"))
        known = {option.key: option for option in options()}
        self.add(Group([self.make_row(known[key]) for key in keys]))

    def make_row(self, option: Option) -> Row:
        """The row of one setting."""
        field = make_field(option)
        row = Row(_tr(option.rules.label), _tr(option.rules.description), field)
        row.name.setBuddy(field.control)
        self.rows[option.key] = row
        self.fields[option.key] = field
        field.problem_changed.connect(lambda text: self._show_problem(option.key, text))
        field.entered.connect(lambda value: self.change_requested.emit(option.section, {option.name: value}))
        return row

    def set_settings(self, settings: Settings, overrides: Mapping[str, str]) -> None:
        """Show these values; what an environment variable decides can be read only."""
        for key, field in self.fields.items():
            section, name = key.split(".")
            field.set_value(getattr(getattr(settings, section), name))
            if isinstance(field, TextField):
                field.set_fixed(key in overrides)
            self._show_problem(key, "")
            self.rows[key].show_note(
                self.tr("Decided by {variable} in the environment.").format(variable=overrides[key])
                if key in overrides
                else ""
            )
            self.rows[key].setEnabled(key not in _NEEDED or _NEEDED[key](settings))

    def show_problem(self, key: str, text: str) -> bool:
        """Say what is wrong with a setting; False when it is not on this page."""
        if key not in self.rows:
            return False
        self._show_problem(key, text)
        return True

    def search(self, query: str) -> bool:
        """Show what matches; False when nothing does."""
        found = [group.search(query) for group in self._groups]
        return any(found)

    def _show_problem(self, key: str, text: str) -> None:
        self.rows[key].show_problem(text)
        set_tone(self.fields[key].control, "true" if text else "", name="wrong")


def _tr(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
