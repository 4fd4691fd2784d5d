"""One monitor's window: paints its scene and passes mouse and keys on. It decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QEnterEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QScreen,
)
from PySide6.QtWidgets import QWidget

from app.core.geometry import Point
from app.core.screen import Monitor
from app.ui.mac import is_mac, put_above_all
from app.ui.overlay.grab import is_wayland
from app.ui.overlay.look import Look
from app.ui.overlay.painter import paint
from app.ui.overlay.panels import Panels
from app.ui.overlay.picture import Picture
from app.ui.overlay.scene import Scene, damage
from app.ui.overlay.screens import Mapping

P = ParamSpec("P")
R = TypeVar("R")


class Inputs(Protocol):
    """Who gets what the person does. Points are desktop pixels."""

    def pointer_moved(self, point: Point, event: QMouseEvent | None) -> None:
        """The pointer moved, or is known to be here (no event)."""

    def pressed(self, point: Point, event: QMouseEvent, *, double: bool) -> None:
        """A mouse button went down; `double` when it was the second time."""

    def released(self, point: Point, event: QMouseEvent) -> None:
        """A mouse button came up."""

    def key(self, event: QKeyEvent, *, down: bool) -> None:
        """A key went down or up."""

    def painted(self, window: OverlayWindow) -> None:
        """The window has painted its first scene of this selection."""

    def cancel(self) -> None:
        """The window was closed from outside, or something broke."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a window shows during one selection, besides its scene."""

    picture: Picture
    monitor: Monitor
    look: Look
    panels: Panels
    mapping: Mapping
    help_image: QImage
    inputs: Inputs


def guarded(
    method: Callable[Concatenate[OverlayWindow, P], R],
) -> Callable[Concatenate[OverlayWindow, P], R]:
    """Never leave a full-screen window behind: whatever goes wrong ends the selection, then surfaces as a bug."""

    def wrapper(self: OverlayWindow, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            self.give_up()
            raise

    return wrapper


class OverlayWindow(QWidget):
    """Frameless, above everything, as large as its screen; made once and reused while the screen stays as it is."""

    def __init__(self, screen: QScreen, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Without the window manager it is there at once, above panels, and never takes the focus from anyone.
        self.setWindowFlags(
            Qt.WindowType.Window
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.BypassWindowManagerHint
            | Qt.WindowType.NoDropShadowWindowHint
        )
        for attribute in (
            Qt.WidgetAttribute.WA_OpaquePaintEvent,
            Qt.WidgetAttribute.WA_NoSystemBackground,
            Qt.WidgetAttribute.WA_ShowWithoutActivating,
        ):
            self.setAttribute(attribute)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, on=False)
        if parent is None and not is_mac():
            # So that a modal dialog of ours that is open blocks neither this window nor its children, the others.
            # On a Mac dialogs are sheets, which block only their own window, and macOS lowers a modal one.
            self.setWindowModality(Qt.WindowModality.ApplicationModal)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        self.target = screen
        self._stage: Stage | None = None
        self._scene = Scene()
        self._has_painted = False

    def attach(self, stage: Stage, scene: Scene) -> None:
        """Take what the next `show` presents."""
        self._stage, self._scene, self._has_painted = stage, scene, False
        self.setGeometry(self.target.geometry())
        # What the window still holds from last time must never be put on the screen.
        self.update()

    def cover(self) -> None:
        """Appear over the whole screen."""
        if is_wayland():
            # Only the compositor can place a window, and over panels it places a full-screen one.
            self.showFullScreen()
            return
        if is_mac():
            put_above_all(int(self.winId()))
        self.show()

    def detach(self) -> None:
        """Hide, and let go of the frame's memory."""
        self.hide()
        self._stage, self._scene = None, Scene()
        self.unsetCursor()

    @property
    def monitor(self) -> Monitor | None:
        """The monitor that it covers during a selection."""
        return self._stage.monitor if self._stage else None

    @property
    def mapping(self) -> Mapping | None:
        """Its coordinates during a selection."""
        return self._stage.mapping if self._stage else None

    @property
    def scene(self) -> Scene:
        """What it shows, or will with the next paint."""
        return self._scene

    def set_scene(self, scene: Scene) -> None:
        """Show this instead, painting only what differs."""
        stage = self._stage
        if stage is None or scene == self._scene:
            return
        desktop = stage.picture.desktop.rect_px
        changed = damage(self._scene, scene, monitor=stage.monitor.rect_px, desktop=desktop)
        self._scene = scene
        self.update(stage.mapping.region(changed))

    def give_up(self) -> None:
        """End the selection when the event at hand is over: a window must not be hidden in the middle of a paint."""
        stage = self._stage
        if stage is not None:
            QTimer.singleShot(0, self, stage.inputs.cancel)

    # --- Qt's events --------------------------------------------------------------------------------------------------

    @guarded
    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what Qt asks for."""
        stage = self._stage
        if stage is None:
            return
        region = stage.mapping.parts(event.region())
        painter = QPainter(self)
        try:
            painter.scale(1 / stage.mapping.scale, 1 / stage.mapping.scale)
            painter.translate(-stage.mapping.origin.x, -stage.mapping.origin.y)
            paint(painter, stage.picture, self._scene, stage.look, stage.panels, stage.help_image, region)
        finally:
            painter.end()
        if not self._has_painted:
            self._has_painted = True
            stage.inputs.painted(self)

    @guarded
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        if self._stage:
            self._stage.inputs.pointer_moved(self._at(event.position()), event)

    @guarded
    def enterEvent(self, event: QEnterEvent) -> None:
        """Learn where the pointer is, exactly, when the window appears under it."""
        if self._stage:
            self._stage.inputs.pointer_moved(self._at(event.position()), None)

    @guarded
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag or a click."""
        if self._stage:
            self._stage.inputs.pressed(self._at(event.position()), event, double=False)

    @guarded
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take a standing region."""
        if self._stage:
            self._stage.inputs.pressed(self._at(event.position()), event, double=True)

    @guarded
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag or a click."""
        if self._stage:
            self._stage.inputs.released(self._at(event.position()), event)

    @guarded
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pass the key on."""
        if self._stage:
            self._stage.inputs.key(event, down=True)

    @guarded
    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Pass the key on."""
        if self._stage:
            self._stage.inputs.key(event, down=False)

    @guarded
    def closeEvent(self, event: QCloseEvent) -> None:
        """Closed from outside: that is a cancellation."""
        event.accept()
        if self._stage:
            self._stage.inputs.cancel()

    def event(self, event: QEvent) -> bool:
        """Keep the keys from shortcuts of other windows."""
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return bool(super().event(event))

    def _at(self, local: QPointF) -> Point:
        assert self._stage is not None
        return self._stage.mapping.to_px(local)
