"""Learn a shortcut by having it pressed."""

from __future__ import annotations

import sys
from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QPushButton

from app.core.shortcuts import Modifier, Shortcut
from app.ui.widgets import set_tone

ReadKey = Callable[[int, int], Shortcut | None]
"""From a key event's native scan code and modifiers (on X11: keycode and state) to the shortcut of its keycap."""

_MODIFIER_KEYS = (
    Qt.Key.Key_Control,
    Qt.Key.Key_Shift,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
    Qt.Key.Key_Super_L,
    Qt.Key.Key_Super_R,
    Qt.Key.Key_CapsLock,
    Qt.Key.Key_NumLock,
)
_NAMES = {
    Qt.Key.Key_PageUp: "PageUp",
    Qt.Key.Key_PageDown: "PageDown",
    Qt.Key.Key_Enter: "Return",
    Qt.Key.Key_Return: "Return",
    Qt.Key.Key_Escape: "Escape",
    Qt.Key.Key_Insert: "Insert",
    Qt.Key.Key_Delete: "Delete",
    Qt.Key.Key_Backtab: "Tab",
    Qt.Key.Key_Plus: "Plus",
    Qt.Key.Key_SysReq: "Print",
}
# What the digit row types with Shift on the layout that most keyboards are sold with. Where the platform tells
# the key itself (`ReadKey`), this is not used.
_SHIFTED_DIGITS = dict(zip("!@#$%^&*()", "1234567890", strict=True))


class ShortcutRecorder(QPushButton):
    """Shows a shortcut; when clicked, waits for another. Esc leaves it as it is, Backspace removes it."""

    recorded = Signal(str)
    """A shortcut's text, or nothing."""
    recording_changed = Signal(bool)

    def __init__(self, name: str, read_key: ReadKey | None) -> None:
        super().__init__()
        self._name = name
        self._read_key = read_key
        self._text = ""
        self._is_recording = False
        self.setMinimumWidth(170)
        self.setAutoDefault(False)
        self.clicked.connect(self._start)
        self._show()

    @property
    def is_recording(self) -> bool:
        """True while it waits for keys."""
        return self._is_recording

    def set_shortcut(self, text: str) -> None:
        """Show this one."""
        self._text = text
        self._show()

    def event(self, event: QEvent) -> bool:
        """Take keys before the window uses them for itself: Tab, Esc, shortcuts."""
        if self._is_recording and isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() is QEvent.Type.KeyPress:
                self._pressed(event)
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Waiting ends when the person goes elsewhere."""
        self._stop()
        super().focusOutEvent(event)

    def _start(self) -> None:
        if not self._is_recording:
            self._is_recording = True
            self.setFocus()
            self._show()
            self.recording_changed.emit(True)

    def _stop(self) -> None:
        if self._is_recording:
            self._is_recording = False
            self._show()
            self.recording_changed.emit(False)

    def _pressed(self, event: QKeyEvent) -> None:
        modifiers = _modifiers(event)
        if event.key() in _MODIFIER_KEYS:
            held = str(Shortcut(modifiers | _own_modifier(event), ""))
            self.setText(held.rstrip("+") + "+…" if held else self.tr("Press the keys…"))
            return
        if modifiers is Modifier.NONE and event.key() == Qt.Key.Key_Escape:
            self._stop()
        elif modifiers is Modifier.NONE and event.key() == Qt.Key.Key_Backspace:
            self._stop()
            self.recorded.emit("")
        else:
            shortcut = self._shortcut(event, modifiers)
            if shortcut is not None:
                self._stop()
                self.recorded.emit(str(shortcut))

    def _shortcut(self, event: QKeyEvent, modifiers: Modifier) -> Shortcut | None:
        if self._read_key is not None and event.nativeScanCode():
            found = self._read_key(event.nativeScanCode(), event.nativeModifiers())
            if found is not None:
                return found
        name = _NAMES.get(Qt.Key(event.key())) or QKeySequence(event.key()).toString()
        if Modifier.SHIFT in modifiers:
            name = _SHIFTED_DIGITS.get(name, name)
        try:
            return Shortcut(modifiers, Shortcut.parse(name).key)
        except ValueError:
            return None

    def _show(self) -> None:
        if self._is_recording:
            self.setText(self.tr("Press the keys…"))
        else:
            self.setText(self._text or self.tr("None"))
        shown = self._text or self.tr("none")
        self.setAccessibleName(self.tr("{name}: {keys}. Press to change.").format(name=self._name, keys=shown))
        set_tone(self, "recording" if self._is_recording else "keys", name="look")


def _modifiers(event: QKeyEvent) -> Modifier:
    return _from_qt(event.modifiers())


def _from_qt(held: Qt.KeyboardModifier) -> Modifier:
    # On a Mac, Qt calls Command "Control" and Control "Meta".
    is_mac = sys.platform == "darwin"
    result = Modifier.NONE
    for flag, modifier in (
        (Qt.KeyboardModifier.ControlModifier, Modifier.SUPER if is_mac else Modifier.CTRL),
        (Qt.KeyboardModifier.MetaModifier, Modifier.CTRL if is_mac else Modifier.SUPER),
        (Qt.KeyboardModifier.AltModifier, Modifier.ALT),
        (Qt.KeyboardModifier.ShiftModifier, Modifier.SHIFT),
    ):
        if held & flag:
            result |= modifier
    return result


def _own_modifier(event: QKeyEvent) -> Modifier:
    """The modifier that this key itself is: its press does not count it yet."""
    key = Qt.Key(event.key())
    if key in (Qt.Key.Key_Super_L, Qt.Key.Key_Super_R):
        return Modifier.SUPER
    return _from_qt(
        {
            Qt.Key.Key_Control: Qt.KeyboardModifier.ControlModifier,
            Qt.Key.Key_Shift: Qt.KeyboardModifier.ShiftModifier,
            Qt.Key.Key_Alt: Qt.KeyboardModifier.AltModifier,
            Qt.Key.Key_Meta: Qt.KeyboardModifier.MetaModifier,
        }.get(key, Qt.KeyboardModifier.NoModifier)
    )
