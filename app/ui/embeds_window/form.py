"""The fields of one embed profile, checked and counted as one types."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core import embed_text
from app.core.imglink import EmbedFields
from app.ui import theme
from app.ui.widgets import label, set_tone

_SWATCH = 18
_DESCRIPTION_LINES = 4


class FieldRow(QWidget):
    """A name and a counter, the control, and below what is wrong with it or worth knowing."""

    edited = Signal()

    def __init__(self, key: str, name: str, hint: str = "", *, lines: int = 1) -> None:
        super().__init__()
        self.key = key
        self._title = label(name)
        self._counter = label(tone="muted", small=True)
        self._note = label(tone="muted", small=True, wrap=True)
        self._note.hide()
        self.control: QLineEdit | QPlainTextEdit = QLineEdit() if lines == 1 else _text_area(lines)
        self.control.setAccessibleName(name)
        self.control.setPlaceholderText(hint)
        self._title.setBuddy(self.control)
        self.control.textChanged.connect(self._changed)
        self.line = QHBoxLayout()
        self.line.setSpacing(theme.SPACE_S)
        self.line.addWidget(self.control, 1)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._counter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_XS)
        column.addLayout(head)
        column.addLayout(self.line)
        column.addWidget(self._note)
        self._complains_when_empty = False
        self._judge()

    @property
    def text(self) -> str:
        """What stands in it."""
        control = self.control
        return control.text() if isinstance(control, QLineEdit) else control.toPlainText()

    @property
    def problem(self) -> str:
        """What is wrong with it; empty when nothing is."""
        return embed_text.problem(self.key, self.text)

    @property
    def note(self) -> str:
        """What is said below it."""
        return self._note.text()

    @property
    def counter(self) -> str:
        """How many characters of how many."""
        return self._counter.text()

    def set_text(self, text: str) -> None:
        """Show this text as it was stored."""
        self._complains_when_empty = False
        if self.text != text:
            if isinstance(self.control, QLineEdit):
                self.control.setText(text)
            else:
                self.control.setPlainText(text)
        self._judge()

    def _changed(self) -> None:
        # A new profile is not yet wrong for being empty.
        self._complains_when_empty = self._complains_when_empty or bool(self.text)
        self._judge()
        self.edited.emit()

    def _judge(self) -> None:
        text, limit = self.text, embed_text.LIMITS.get(self.key)
        problem = self.problem if text or self._complains_when_empty else ""
        note = problem or self._cut_note(text)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        set_tone(self._note, "danger" if problem else "muted")
        set_tone(self.control, "true" if problem else "", name="wrong")
        self.control.setAccessibleDescription(note)
        if limit is not None:
            # Mostly nobody needs it: it comes when there is something to count.
            self._counter.setText(f"{len(text)} / {limit}" if text else "")
            set_tone(self._counter, "danger" if len(text) > limit else "muted")

    def _cut_note(self, text: str) -> str:
        if not embed_text.is_cut(self.key, text):
            return ""
        shown = len(embed_text.as_shown(self.key, text)) - 3
        return self.tr("Discord shows the first {count} characters of it.").format(count=shown)


class ColorRow(FieldRow):
    """A colour as text, and a swatch that opens a picker."""

    def __init__(self, key: str, name: str) -> None:
        self._swatch = QToolButton()
        super().__init__(key, name, "#rrggbb")
        self.control.setMaximumWidth(120)
        self._swatch.setAccessibleName(self.tr("Choose a colour"))
        self._swatch.setToolTip(self.tr("Choose a colour"))
        self._swatch.setIconSize(QSize(_SWATCH, _SWATCH))
        self._swatch.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._swatch.clicked.connect(self.pick)
        self.line.addWidget(self._swatch)
        self.line.addStretch(1)
        self.picker: QColorDialog | None = None
        """The open dialog."""
        assert isinstance(self.control, QLineEdit)
        self.control.editingFinished.connect(self._tidy)
        self._judge()

    def pick(self) -> None:
        """Open the picker; the card follows while it is open."""
        if self.picker is not None:
            return
        former = self.text
        start = QColor(former) if former and not self.problem else QColor("#5865f2")
        # The desktop's own dialog may block, and looks like another program's.
        picker = self.picker = QColorDialog(start, self.window())
        picker.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        picker.setWindowTitle(self.tr("Colour of the bar"))
        picker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picker.currentColorChanged.connect(lambda color: self._show(color.name()))
        picker.rejected.connect(lambda: self._show(former))
        picker.accepted.connect(lambda: self._show(picker.selectedColor().name()))
        picker.finished.connect(self._closed)
        picker.open()

    def _closed(self) -> None:
        self.picker = None
        self._swatch.setFocus()

    def _show(self, text: str) -> None:
        assert isinstance(self.control, QLineEdit)
        self.control.setText(text)

    def _tidy(self) -> None:
        text = embed_text.parse_color(self.text)
        if text != self.text:
            self._show(text)

    def _judge(self) -> None:
        super()._judge()
        self._swatch.setIcon(_swatch("" if self.problem else self.text, self.devicePixelRatioF()))


class EmbedForm(QWidget):
    """Every field of a profile."""

    edited = Signal()
    """Something in it is different; see `fields`."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, FieldRow] = {
            "name": FieldRow("name", self.tr("Name of the profile"), self.tr("Only you see it")),
            "title": FieldRow("title", self.tr("Title"), self.tr("The blue line that leads to the image")),
            "description": FieldRow("description", self.tr("Description"), lines=_DESCRIPTION_LINES),
            "color": ColorRow("color", self.tr("Colour of the bar")),
            "author_name": FieldRow("author_name", self.tr("Author")),
            "author_url": FieldRow("author_url", self.tr("Author's page"), "https://"),
            "site_name": FieldRow("site_name", self.tr("Site name"), self.tr("The small line at the top")),
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_M)
        for row in self.rows.values():
            row.edited.connect(self.edited)
            column.addWidget(row)
        self._answer = label(tone="danger", wrap=True)
        self._answer.hide()
        column.addWidget(self._answer)
        column.addStretch(1)
        self.edited.connect(lambda: self.show_refusal(""))

    @property
    def fields(self) -> EmbedFields:
        """What stands in it."""
        return EmbedFields(**{key: row.text for key, row in self.rows.items()})

    @property
    def problems(self) -> dict[str, str]:
        """What keeps it from being saved: field → sentence."""
        return embed_text.problems(self.fields)

    @property
    def refusal(self) -> str:
        """What the service said against it."""
        return self._answer.text()

    def set_fields(self, fields: EmbedFields) -> None:
        """Show a profile."""
        self.blockSignals(True)
        for key, row in self.rows.items():
            row.set_text(getattr(fields, key))
        self.blockSignals(False)
        self.show_refusal("")
        self.edited.emit()

    def show_refusal(self, text: str) -> None:
        """Say below the fields why the service did not take them."""
        self._answer.setText(text)
        self._answer.setVisible(bool(text))

    def focus_first(self) -> None:
        """Let the person type the name, or what is wrong first."""
        wrong = next((key for key in self.rows if key in self.problems), "name")
        control = self.rows[wrong].control
        control.setFocus()
        if isinstance(control, QLineEdit):
            control.selectAll()


def _text_area(lines: int) -> QPlainTextEdit:
    area = QPlainTextEdit()
    # Nobody can leave it by the keyboard otherwise.
    area.setTabChangesFocus(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFixedHeight(area.fontMetrics().lineSpacing() * lines + 26)
    area.document().setDocumentMargin(0)
    return area


def _swatch(color: str, scale: float) -> QIcon:
    picture = QPixmap(QSize(_SWATCH, _SWATCH) * scale)
    picture.setDevicePixelRatio(scale)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    tokens = theme.current_tokens()
    painter.setPen(QColor(tokens.outline))
    painter.setBrush(QColor(color) if color else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(1, 1, _SWATCH - 2, _SWATCH - 2, 4, 4)
    if not color:
        painter.drawLine(4, _SWATCH - 4, _SWATCH - 4, 4)
    painter.end()
    return QIcon(picture)
