"""The overlay: the frozen desktop on every monitor, for choosing a part of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QCursor, QGuiApplication, QImage, QPainter, QRegion, QScreen

from app.core.geometry import Point, Rect
from app.core.ports import Selection
from app.core.screen import Desktop, Frame, Monitor
from app.core.selection import Picker
from app.ui.activation import activating
from app.ui.clipboard import CopyText, copy_by_qt
from app.ui.overlay import style
from app.ui.overlay.compose import Hud
from app.ui.overlay.grab import KeyboardGrab, is_x11, lays_out_in_logical_units
from app.ui.overlay.look import Look
from app.ui.overlay.painter import paint
from app.ui.overlay.panels import Panels
from app.ui.overlay.picture import Picture
from app.ui.overlay.scene import Label, Loupe, Outline, Scene, grip_rects
from app.ui.overlay.screens import Mapping, mappings, match, scale_of
from app.ui.overlay.session import Session, modifiers_from
from app.ui.overlay.window import OverlayWindow, Stage

RENEW_MS = 60_000
"""After a selection the windows stay warm for this long; then fresh ones give their 30 MB of pixels back."""

OnDone = Callable[[Selection | None], None]


class Overlay(QObject):
    """One window for each screen, made ahead of time and reused. Use it on the Qt thread only."""

    shown = Signal()
    """Every window of the selection at hand has been painted for the first time."""

    def __init__(self, *, adjustable: bool = False, show_help: bool = True, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.adjustable = adjustable
        """Whether a drawn region stays open for changes; may be set at any time, counts for the next selection."""
        self.show_help = show_help
        self.copy_text: CopyText = copy_by_qt
        """Replaced by whoever can ask another program whether it is there."""
        self.activation_token = ""
        """By which the next selection may have the keyboard on Wayland: see `app.ui.activation`."""
        self._windows: list[OverlayWindow] = []
        self._looks: dict[float, Look] = {}
        self._session: Session | None = None
        self._on_done: OnDone | None = None
        self._is_closed = False
        self._has_lost_screens = False
        self._keyboard = KeyboardGrab(self)
        self._renew = QTimer(self)
        self._renew.setSingleShot(True)
        self._renew.timeout.connect(self.warm_up)
        self._watched: list[QScreen] = []
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.screenAdded.connect(self._screens_changed)
        application.screenRemoved.connect(self._screens_changed)

    @property
    def is_active(self) -> bool:
        """True while the person chooses."""
        return self._session is not None

    @property
    def has_lost_screens(self) -> bool:
        """True when the last selection ended because a monitor came, went or changed."""
        return self._has_lost_screens

    def warm_up(self) -> None:
        """Make what the first selection would otherwise wait for. Call it when idle; costs some 50 ms once."""
        if self.is_active:
            return
        self._build_windows()
        for window in self._windows:
            window.winId()
            self._rehearse(window)

    def select(
        self,
        desktop: Desktop,
        *,
        windows_only: bool,
        last_region: Rect | None,
        on_done: OnDone,
        fixed_size_px: tuple[int, int] | None = None,
    ) -> None:
        """Show `desktop` and let the person choose; `on_done` gets the outcome later, None when they cancel.

        While one selection is open, another is refused: its `on_done(None)` is called at once. Raises UserFacingError
        when the desktop's monitors are not those that Qt sees; then nothing is shown.
        """
        if self.is_active:
            on_done(None)
            return
        self._has_lost_screens = False
        self._renew.stop()
        if not self._windows:
            self._build_windows()
        screens = match(desktop.monitors, [window.target for window in self._windows])
        is_logical = lays_out_in_logical_units()
        desktop = dataclasses.replace(
            desktop,
            monitors=tuple(
                dataclasses.replace(monitor, scale=scale_of(screens[monitor.number], monitor, is_logical=is_logical))
                for monitor in desktop.monitors
            ),
        )
        self._on_done = on_done
        try:
            picker = Picker(
                desktop,
                pointer=_pointer(desktop.monitors, screens),
                windows_only=windows_only,
                last_region=last_region,
                adjustable=self.adjustable,
                fixed_size_px=fixed_size_px,
                held=modifiers_from(QGuiApplication.queryKeyboardModifiers()),
            )
            rows = style.HELP if desktop.windows else style.HELP_NO_WINDOWS
            if windows_only or fixed_size_px is not None:
                rows = style.HELP_WINDOWS if windows_only else style.HELP_FIXED
            self._open(desktop, screens, picker, Hud(windows_only, self.show_help), rows)
        except BaseException:
            self._hide()
            self._on_done = None
            raise

    def cancel(self) -> None:
        """End the selection at hand, if there is one, as if the person had cancelled."""
        if self._session is not None:
            self._session.cancel()

    def close(self) -> None:
        """Cancel, and destroy the windows. It is not used again."""
        self._is_closed = True
        self.cancel()
        self._renew.stop()
        self._discard_windows()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _open(
        self, desktop: Desktop, screens: dict[int, QScreen], picker: Picker, hud: Hud, rows: style.HelpRows
    ) -> None:
        first = picker.monitor_at(picker.pointer)
        help_image = self._look(first.scale).help(rows)
        hud.help_monitor, hud.help_size = first.number, (help_image.width(), help_image.height())
        session = Session(
            picker, desktop, hud, finish=self._finish, on_painted=self.shown.emit, copy_text=self.copy_text
        )
        self._session = session
        picture = Picture.of(desktop)
        name = style.ACCESSIBLE_NAME_WINDOWS if hud.windows_only else style.ACCESSIBLE_NAME
        coordinates = mappings(desktop.monitors, screens, is_logical=lays_out_in_logical_units())
        for monitor in desktop.monitors:
            window = next(each for each in self._windows if each.target is screens[monitor.number])
            look = self._look(monitor.scale)
            mapping = coordinates[monitor.number]
            stage = Stage(picture, monitor, look, Panels(look, picture), mapping, help_image, session)
            window.setAccessibleName(name.format(number=monitor.number))
            window.setAccessibleDescription(". ".join(" ".join(pair) for row in rows for pair in row))
            window.attach(stage, session.scene_of(monitor.number, look))
            session.add(window, look)
        session.dress()
        for window in self._windows:
            window.cover()
            if is_x11():
                # A window that was hidden comes back at its old height in the stack.
                window.raise_()
        token, self.activation_token = self.activation_token, ""
        with activating(token):
            self._keyboard.take(self._windows[0])

    def _finish(self, selection: Selection | None) -> None:
        on_done, self._on_done = self._on_done, None
        self._hide()
        self._renew.start(RENEW_MS)
        if on_done is not None:
            on_done(selection)

    def _hide(self) -> None:
        self._session = None
        self._keyboard.release()
        for window in reversed(self._windows):
            window.detach()

    def _look(self, scale: float) -> Look:
        if scale not in self._looks:
            self._looks[scale] = Look(scale)
        return self._looks[scale]

    def _build_windows(self) -> None:
        self._discard_windows()
        for screen in QGuiApplication.screens():
            # All others are children of the first, which is modal: see OverlayWindow.
            window = OverlayWindow(screen, self._windows[0] if self._windows else None)
            self._windows.append(window)
            screen.geometryChanged.connect(self._screens_changed)
            self._watched.append(screen)

    def _discard_windows(self) -> None:
        for screen in self._watched:
            screen.geometryChanged.disconnect(self._screens_changed)
        self._watched.clear()
        if self._windows:
            self._windows[0].deleteLater()
        self._windows.clear()

    def _rehearse(self, window: OverlayWindow) -> None:
        """Paint a small scene into nothing: fonts are loaded, panels are drawn, every line of it has run once."""
        ratio = window.target.devicePixelRatio()
        look = self._look(ratio)
        # With the fonts loaded, the other ways of choosing get theirs in a millisecond.
        look.help(style.HELP)
        rect = Rect(0, 0, 64, 64)
        frame = Frame(rect, memoryview(bytes(64 * 64 * 4)), 64 * 4)
        desktop = Desktop((Monitor(1, "", rect),), (frame,))
        scene = Scene(
            lit=Rect(8, 8, 16, 16),
            outline=Outline.REGION,
            cross=Point(4, 4),
            label=Label(Rect(0, 0, *look.label_size("0123456789 × ", style.ACCEPT_HINT)), "0123456789 × "),
            loupe=Loupe(Rect(0, 0, *look.loupe_size), Point(4, 4), "#0123456789ABCDEF", style.COPY_HINT),
            grips=grip_rects(Rect(8, 8, 16, 16), look.grip_px),
        )
        canvas = QImage(64, 64, QImage.Format.Format_RGB32)
        painter = QPainter(canvas)
        picture = Picture.of(desktop)
        paint(painter, picture, scene, look, Panels(look, picture), look.loupe_panel, QRegion(0, 0, 64, 64))
        painter.end()

    def _screens_changed(self) -> None:
        """The frozen frames no longer lie where they were taken: give up, and start afresh."""
        self._has_lost_screens = self._has_lost_screens or self.is_active
        self.cancel()
        self._discard_windows()
        if not self._is_closed:
            self._renew.start(1000)


def _pointer(monitors: Sequence[Monitor], screens: dict[int, QScreen]) -> Point:
    """The pixel under the pointer as well as Qt knows it in whole logical units; its first event will be exact."""
    at = QCursor.pos()
    for monitor in monitors:
        geometry = screens[monitor.number].geometry()
        if geometry.contains(at):
            local = (at - geometry.topLeft()).toPointF()
            return Mapping(monitor.rect_px.top_left, monitor.scale).to_px(local)
    return monitors[0].rect_px.top_left
