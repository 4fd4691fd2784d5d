"""One control for each type of setting. A field tells what the person entered; it does not store it."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from app.core.images import ImageFormat
from app.core.imglink import Visibility
from app.core.links import LinkForm
from app.settings import Option, Theme
from app.ui import theme
from app.ui.widgets import IconButton

_CONTROL_WIDTH = 190
_WIDE_WIDTH = 280


class Switch(QCheckBox):
    """A check box painted as a switch."""

    def __init__(self) -> None:
        super().__init__()
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """The track and room for the focus ring."""
        return QSize(44, 28)

    def hitButton(self, pos: Any) -> bool:
        """All of it can be clicked."""
        return bool(self.rect().contains(pos))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Track, knob, focus ring."""
        tokens = theme.current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(4, 4, 36, 20)
        if self.hasFocus():
            painter.setPen(QPen(QColor(tokens.accent_text), 2))
            painter.drawRoundedRect(track.adjusted(-2.5, -2.5, 2.5, 2.5), 12.5, 12.5)
        is_on = self.isChecked()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor((tokens.accent if is_on else tokens.outline) if self.isEnabled() else tokens.border))
        painter.drawRoundedRect(track, 10, 10)
        painter.setBrush(QColor("#ffffff"))
        painter.drawEllipse(QRectF(22 if is_on else 6, 6, 16, 16))
        painter.end()


class Field(QWidget):
    """A control for one setting."""

    entered = Signal(object)
    """A value of the setting's type that passed its rules."""
    problem_changed = Signal(str)
    """What is wrong with what stands in the field; empty when nothing is."""

    def __init__(self, option: Option, control: QWidget, width: int | None) -> None:
        super().__init__()
        self.option = option
        self.control = control
        control.setAccessibleName(option.rules.label)
        control.setAccessibleDescription(option.rules.description)
        if width is not None:
            control.setFixedWidth(width)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(theme.SPACE_XS)
        self.row.addWidget(control)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(control)

    def set_value(self, value: Any) -> None:
        """Show a value without telling it."""
        raise NotImplementedError

    def _offer(self, value: Any) -> None:
        problem = self.option.problem(value)
        self.problem_changed.emit(problem or "")
        if problem is None:
            self.entered.emit(value)


class SwitchField(Field):
    """On or off."""

    def __init__(self, option: Option) -> None:
        self._switch = Switch()
        super().__init__(option, self._switch, None)
        self._switch.clicked.connect(self._offer)

    def set_value(self, value: Any) -> None:
        """Show on or off."""
        self._switch.setChecked(value)


class _Combo(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        # Scrolling the page must not change what lies under the pointer.
        event.ignore()


class _Spin(QSpinBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ChoiceField(Field):
    """One of some."""

    def __init__(self, option: Option) -> None:
        self._combo = _Combo()
        super().__init__(option, self._combo, _CONTROL_WIDTH)
        for member in option.choices:
            self._combo.addItem(choice_text(member), member)
        self._combo.activated.connect(lambda index: self._offer(option.choices[index]))

    def set_value(self, value: Any) -> None:
        """Show this choice."""
        self._combo.setCurrentIndex(self.option.choices.index(value))


class NumberField(Field):
    """A whole number."""

    def __init__(self, option: Option) -> None:
        self._spin = _Spin()
        super().__init__(option, self._spin, 90)
        self._spin.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._spin.setRange(option.rules.minimum or 0, option.rules.maximum or 1_000_000)
        # Told when it is complete: typing 15 must not store 1 on the way.
        self._spin.setKeyboardTracking(False)
        self._spin.valueChanged.connect(self._offer)

    def set_value(self, value: Any) -> None:
        """Show this number."""
        self._spin.blockSignals(True)
        self._spin.setValue(value)
        self._spin.blockSignals(False)


class TextField(Field):
    """A line of text: checked as one types, told when it is complete."""

    edited = Signal(str)

    def __init__(self, option: Option, *, width: int = _WIDE_WIDTH) -> None:
        self._line = QLineEdit()
        super().__init__(option, self._line, width)
        self._line.textEdited.connect(self._edited)
        self._line.editingFinished.connect(self._finished)
        self._stored = ""

    def set_value(self, value: Any) -> None:
        """Show this text, unless the person is writing another."""
        if self._line.text() != value and not (self._line.hasFocus() and self._line.isModified()):
            self._line.setText(value)
        self._stored = value

    def set_placeholder(self, text: str) -> None:
        """Say what an empty field means."""
        self._line.setPlaceholderText(text)

    def set_fixed(self, is_fixed: bool) -> None:
        """Let it be read only."""
        self._line.setReadOnly(is_fixed)

    def _edited(self, text: str) -> None:
        problem = self.option.problem(text)
        self.problem_changed.emit(problem or "")
        self.edited.emit(text)

    def _finished(self) -> None:
        text = self._line.text()
        self._line.setModified(False)
        if text != self._stored:
            self._offer(text)


class FolderField(TextField):
    """A folder, written or chosen."""

    def __init__(self, option: Option) -> None:
        super().__init__(option)
        browse = IconButton("folder", self.tr("Choose a folder"))
        browse.clicked.connect(self._browse)
        self.row.addWidget(browse)

    def _browse(self) -> None:
        start = self._line.text() or self._line.placeholderText()
        dialog = QFileDialog(self.window(), self.option.rules.label, str(Path(start).expanduser()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._chosen)
        dialog.open()

    def _chosen(self, folder: str) -> None:
        self._line.setText(folder)
        self._offer(folder)


def make_field(option: Option) -> Field:
    """The control for a setting's type."""
    if option.key == "after_capture.folder":
        return FolderField(option)
    if option.choices:
        return ChoiceField(option)
    if option.type is bool:
        return SwitchField(option)
    if option.type is int:
        return NumberField(option)
    return TextField(option)


def choice_text(member: Enum) -> str:
    """What a choice is called."""
    names: dict[Enum, str] = {
        ImageFormat.PNG: "PNG",
        ImageFormat.WEBP: _tr("WebP (lossless)"),
        ImageFormat.JPEG: "JPEG",
        Visibility.PUBLIC: _tr("Public"),
        Visibility.PRIVATE: _tr("Private"),
        LinkForm.VIEWER: _tr("Viewer page"),
        LinkForm.DIRECT: _tr("Direct link"),
        LinkForm.THUMBNAIL: _tr("Thumbnail"),
        LinkForm.MARKDOWN: "Markdown",
        LinkForm.HTML: "HTML",
        LinkForm.BBCODE: "BBCode",
        LinkForm.CUSTOM: _tr("Custom template"),
        Theme.SYSTEM: _tr("As the desktop"),
        Theme.LIGHT: _tr("Light"),
        Theme.DARK: _tr("Dark"),
    }
    return names.get(member, str(member.value))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
