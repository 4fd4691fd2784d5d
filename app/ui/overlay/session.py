"""One selection on the screen: what the person does goes into the picker, what the picker says goes to the windows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor, QGuiApplication, QKeyEvent, QMouseEvent

from app.core.geometry import Point, Rect
from app.core.ports import Selection
from app.core.screen import Desktop
from app.core.selection import Phase, Picker
from app.core.shortcuts import Modifier
from app.ui.clipboard import CopyText
from app.ui.overlay import style
from app.ui.overlay.compose import Hud, compose
from app.ui.overlay.grab import is_wayland, is_x11
from app.ui.overlay.look import Look
from app.ui.overlay.scene import Scene, colour_at
from app.ui.overlay.window import OverlayWindow

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_HELP = (Qt.Key.Key_H, Qt.Key.Key_Question, Qt.Key.Key_F1)
_MODIFIERS = (
    (Qt.KeyboardModifier.ControlModifier, Modifier.CTRL),
    (Qt.KeyboardModifier.AltModifier, Modifier.ALT),
    (Qt.KeyboardModifier.ShiftModifier, Modifier.SHIFT),
    (Qt.KeyboardModifier.MetaModifier, Modifier.SUPER),
)
_X11_DIGIT_ROW = 10
"""Keycode of the `1` key: on some layouts (French) digits need Shift, so the key's place counts, not its letter."""
_CURSORS = {
    (0, 0): Qt.CursorShape.SizeAllCursor,
    (1, 0): Qt.CursorShape.SizeHorCursor,
    (0, 1): Qt.CursorShape.SizeVerCursor,
    (1, 1): Qt.CursorShape.SizeFDiagCursor,
    (1, -1): Qt.CursorShape.SizeBDiagCursor,
}


def modifiers_from(keys: Qt.KeyboardModifier) -> Modifier:
    """Qt's modifier keys as ours."""
    found = Modifier.NONE
    for theirs, ours in _MODIFIERS:
        if keys & theirs:
            found |= ours
    return found


class Session:
    """Lives from `select` to the outcome. `finish` is called once, with the selection or None."""

    def __init__(
        self,
        picker: Picker,
        desktop: Desktop,
        hud: Hud,
        *,
        finish: Callable[[Selection | None], None],
        on_painted: Callable[[], None],
        copy_text: CopyText,
    ) -> None:
        self.picker = picker
        self.hud = hud
        self._desktop = desktop
        self._finish = finish
        self._on_painted = on_painted
        self._copy_text = copy_text
        self._windows: dict[OverlayWindow, Look] = {}
        self._unpainted: set[OverlayWindow] = set()
        self._real = picker.pointer
        self._standing_in_for: tuple[Rect, ...] = ()
        """Where the real pointer may be while the arrow keys hold ours elsewhere."""
        self._is_over = False

    def add(self, window: OverlayWindow, look: Look) -> None:
        """Count a window in."""
        self._windows[window] = look
        self._unpainted.add(window)

    def scene_of(self, number: int, look: Look) -> Scene:
        """What the monitor with this number shows now."""
        monitor = next(monitor for monitor in self._desktop.monitors if monitor.number == number)
        return compose(self.picker, self._desktop, monitor, look, self.hud)

    def cancel(self) -> None:
        """End without a selection."""
        self.picker.cancel()
        self._after()

    # --- from the windows ---------------------------------------------------------------------------------------------

    def painted(self, window: OverlayWindow) -> None:
        """Count the windows that are on the screen."""
        self._unpainted.discard(window)
        if not self._unpainted:
            self._on_painted()

    def pointer_moved(self, point: Point, event: QMouseEvent | None) -> None:
        """Move, unless it is only the echo of our own doing."""
        here = self._resolve(point)
        if here != self.picker.pointer:
            self.hud.colour_hint = style.COPY_HINT
        keys = event.modifiers() if event is not None else QGuiApplication.queryKeyboardModifiers()
        self.picker.move(here, modifiers_from(keys))
        self._after()

    def pressed(self, point: Point, event: QMouseEvent, *, double: bool) -> None:
        """The left button begins something."""
        if event.button() is Qt.MouseButton.LeftButton:
            act = self.picker.double_click if double else self.picker.press
            act(self._resolve(point), modifiers_from(event.modifiers()))
            self._after()

    def released(self, point: Point, event: QMouseEvent) -> None:
        """The left button ends it; the right one cancels, and only now, so that no program gets half a click."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.picker.release(self._resolve(point), modifiers_from(event.modifiers()))
        elif event.button() is Qt.MouseButton.RightButton:
            self.picker.cancel()
        self._after()

    def key(self, event: QKeyEvent, *, down: bool) -> None:
        """Everything the keyboard can do."""
        modifiers = modifiers_from(event.modifiers())
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space(modifiers, down=down)
        elif not down:
            self.picker.set_modifiers(modifiers)
        elif event.key() in _ARROWS:
            self._nudge(*_ARROWS[Qt.Key(event.key())], modifiers)
        elif event.key() in _ENTER:
            if not event.isAutoRepeat():
                self.picker.enter(modifiers)
        elif event.key() == Qt.Key.Key_Escape:
            self.picker.cancel()
        elif not self._letter(event, modifiers):
            self.picker.set_modifiers(modifiers)
        self._after()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _space(self, modifiers: Modifier, *, down: bool) -> None:
        if down and self.picker.phase is Phase.IDLE:
            self.picker.take_window(modifiers)
        else:
            self.picker.hold_space(down)

    def _letter(self, event: QKeyEvent, modifiers: Modifier) -> bool:
        """Keys that stand for a whole thing. With Ctrl or Alt they are someone's hotkey, pressed again."""
        if modifiers & (Modifier.CTRL | Modifier.ALT | Modifier.SUPER):
            return False
        key = event.key()
        if key in _HELP:
            self.hud.help_on = not self.hud.help_on
        elif key == Qt.Key.Key_C:
            self._copy_colour()
        elif key == Qt.Key.Key_F:
            self.picker.take_desktop(modifiers)
        elif key == Qt.Key.Key_L:
            self.picker.take_last(modifiers)
        elif (digit := _digit(event)) is not None:
            self.picker.take_monitor(digit, modifiers)
        else:
            return False
        return True

    def _copy_colour(self) -> None:
        colour = colour_at(self._desktop, self.picker.pointer)
        here = self.picker.pointer

        def told(is_there: bool) -> None:
            # It takes a moment to be sure; by then another colour may be shown.
            if self.picker.pointer == here:
                self.hud.colour_hint = style.COPIED if is_there else style.NOT_COPIED
                self._after()

        self._copy_text(colour, told)

    def _nudge(self, dx: int, dy: int, modifiers: Modifier) -> None:
        before = self.picker.pointer
        self.picker.nudge(dx, dy, modifiers)
        after = self.picker.pointer
        if after != before:
            self.hud.colour_hint = style.COPY_HINT
            self._standing_in_for = (Rect(self._real.x, self._real.y, 1, 1), self._warp(after))

    def _warp(self, point: Point) -> Rect:
        """Take the real pointer along as near as whole logical pixels allow, and say within which pixels that is."""
        if is_wayland():
            # No program moves the pointer there: it stays, and ours goes on alone.
            return Rect(point.x, point.y, 1, 1)
        number = self.picker.monitor_at(point).number
        for window in self._windows:
            if window.monitor is not None and window.mapping is not None and window.monitor.number == number:
                x, y = window.mapping.to_local(point)
                corner = window.target.geometry().topLeft()
                QCursor.setPos(window.target, corner + QPoint(x, y))
                # Of a logical pixel that begins inside a physical one, Qt may take either neighbour.
                return window.mapping.around(x, y)
        return Rect(point.x, point.y, 1, 1)

    def _resolve(self, real: Point) -> Point:
        """Where our pointer is when the real one is here."""
        if any(place.contains(real) for place in self._standing_in_for):
            return self.picker.pointer
        self._real, self._standing_in_for = real, ()
        return real

    def _after(self) -> None:
        if self._is_over:
            return
        if self.picker.is_over:
            self._is_over = True
            self._finish(self.picker.outcome)
            return
        if self.picker.is_dragging:
            self.hud.help_on = False
        for window, look in self._windows.items():
            if window.monitor is not None:
                window.set_scene(self.scene_of(window.monitor.number, look))
        self.dress()

    def dress(self) -> None:
        """Give the pointer the shape of what a press would do."""
        grip = self.picker.grip
        if grip is not None:
            # Opposite handles share a cursor.
            sign = -1 if grip.h < 0 or (grip.h == 0 and grip.v < 0) else 1
            shape = _CURSORS[grip.h * sign, grip.v * sign]
        elif self.hud.windows_only:
            shape = Qt.CursorShape.PointingHandCursor
        else:
            shape = Qt.CursorShape.CrossCursor
        for window in self._windows:
            if window.cursor().shape() is not shape:
                window.setCursor(shape)


def _digit(event: QKeyEvent) -> int | None:
    if Qt.Key.Key_1 <= event.key() <= Qt.Key.Key_9:
        return int(event.key()) - int(Qt.Key.Key_0)
    if (is_x11() or is_wayland()) and event.modifiers() is Qt.KeyboardModifier.NoModifier:
        place = event.nativeScanCode() - _X11_DIGIT_ROW + 1
        return place if 1 <= place <= 9 else None
    return None
