"""Choosing a part of the screen: the state machine behind the overlay, and its arithmetic.

No windows and no pixels here: the overlay feeds in where the pointer is and which keys are down, all in physical pixels
of the desktop, and draws what this says. A drag includes the pixel it began on and the one it ended on. No selection
ever leaves the bounding box of the monitors, and the pointer never leaves the monitors themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from app.core.geometry import Point, Rect
from app.core.ports import Selection
from app.core.reshape import Grip, grip_at, reshape
from app.core.screen import Desktop, Monitor, WindowInfo
from app.core.shortcuts import Modifier
from app.core.workflow import SourceKind

DRAG_SLACK = 4
"""How far the pointer may wander before a click becomes a drag, in logical pixels."""
GRIP_REACH = 7
"""How far beside an edge of an adjustable selection a press still takes hold of it, in logical pixels."""
BIG_STEP_PX = 10
"""How far one arrow key goes with Shift, in physical pixels."""


class Phase(Enum):
    """What the person is doing."""

    IDLE = auto()
    """Looking around; windows under the pointer light up."""
    PRESSED = auto()
    """The button is down, and it may yet be a click."""
    DRAWING = auto()
    """Spanning a new region, by mouse or with the arrow keys."""
    ADJUSTING = auto()
    """A region stands and can be moved and resized."""
    MOVING = auto()
    RESIZING = auto()
    DONE = auto()
    CANCELLED = auto()


@dataclass(frozen=True, slots=True)
class _Drag:
    """A drag under way: what was there when it began, which edges it holds, and where the pointer was."""

    start: Rect
    grip: Grip
    origin: Point
    ratio: tuple[int, int]
    by_keys: bool = False


class Picker:
    """One selection, from the first pointer position to `Phase.DONE` or `Phase.CANCELLED`; then it is spent.

    `adjustable` keeps a drawn region open for changes instead of taking it at once. `fixed_size_px` (width, height)
    gives the region its size beforehand: it follows the pointer, and a click takes it. `held` are modifiers that were
    already down when the overlay opened (those of the hotkey): each means nothing until it has been released.
    """

    def __init__(
        self,
        desktop: Desktop,
        *,
        pointer: Point,
        windows_only: bool = False,
        last_region: Rect | None = None,
        adjustable: bool = False,
        fixed_size_px: tuple[int, int] | None = None,
        held: Modifier = Modifier.NONE,
    ) -> None:
        self._monitors = desktop.monitors
        self._windows = desktop.windows
        self._bounds = desktop.rect_px
        self._windows_only = windows_only
        self._last_region = last_region
        self._adjustable = adjustable
        self._fixed_size_px = fixed_size_px
        self._stale = held
        self._modifiers = Modifier.NONE
        self._drag: _Drag | None = None
        self._carried: tuple[Rect, Point] | None = None
        self._source: Selection | None = None
        self.phase = Phase.IDLE
        self.pointer = self.on_a_monitor(pointer)
        """The pixel under the pointer, or under the crosshair when the arrow keys moved it."""
        self.rect_px: Rect | None = None
        """The region as it stands; None before there is one."""
        self.outcome: Selection | None = None
        """What was chosen, once the phase is DONE."""
        self._place_fixed()

    # --- what to show -------------------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """True when there is nothing more to choose."""
        return self.phase in (Phase.DONE, Phase.CANCELLED)

    @property
    def is_dragging(self) -> bool:
        """True while a region is being drawn, moved or resized."""
        return self.phase in (Phase.DRAWING, Phase.MOVING, Phase.RESIZING)

    @property
    def anchor(self) -> Point | None:
        """Where the region being drawn began."""
        return self._drag.start.top_left if self._drag and self.phase is Phase.DRAWING else None

    @property
    def hovered(self) -> WindowInfo | None:
        """The window that a click would take."""
        if self.rect_px is not None or self.phase not in (Phase.IDLE, Phase.PRESSED):
            return None
        return next((window for window in self._windows if window.rect_px.contains(self.pointer)), None)

    @property
    def grip(self) -> Grip | None:
        """What of an adjustable region the pointer holds, or would hold if pressed; None elsewhere."""
        if self._drag is not None and self.phase is Phase.RESIZING:
            return self._drag.grip
        if self.phase is Phase.MOVING:
            return Grip(0, 0)
        if self.phase is Phase.ADJUSTING and self.rect_px is not None:
            return grip_at(self.rect_px, self.pointer, self._scaled(GRIP_REACH, self.pointer))
        return None

    def monitor_at(self, point: Point) -> Monitor:
        """The monitor that shows this pixel, or the nearest one."""
        return min(self._monitors, key=lambda monitor: _distance(point, monitor.rect_px))

    def on_a_monitor(self, point: Point) -> Point:
        """The same pixel, or the nearest one that a monitor shows."""
        return _clamped(point, self.monitor_at(point).rect_px)

    # --- the mouse ----------------------------------------------------------------------------------------------------

    def move(self, point: Point, modifiers: Modifier = Modifier.NONE) -> None:
        """The pointer is here now."""
        self.pointer = self.on_a_monitor(point)
        self._place_fixed()
        self.set_modifiers(modifiers)

    def press(self, point: Point, modifiers: Modifier = Modifier.NONE) -> None:
        """The main button went down."""
        self.move(point, modifiers)
        if self.phase is Phase.ADJUSTING and self.rect_px is not None and (grip := self.grip) is not None:
            self._drag = _Drag(self.rect_px, grip, self.pointer, (self.rect_px.width, self.rect_px.height))
            self.phase = Phase.RESIZING if grip.holds_an_edge else Phase.MOVING
        elif self.phase in (Phase.IDLE, Phase.ADJUSTING):
            self._drag = self._drag_from_here()
            self.phase = Phase.PRESSED
            self._place_fixed()
        # Drawing with the keys: the press changes nothing, and the release will end it.

    def release(self, point: Point, modifiers: Modifier = Modifier.NONE) -> None:
        """The main button came up."""
        self.move(point, modifiers)
        match self.phase:
            case Phase.PRESSED:
                self._clicked()
            case Phase.DRAWING:
                self._drawn()
            case Phase.MOVING | Phase.RESIZING:
                self._drag = None
                self.phase = Phase.ADJUSTING

    def double_click(self, point: Point, modifiers: Modifier = Modifier.NONE) -> None:
        """A second press in quick succession: takes an adjustable region, and is an ordinary press elsewhere."""
        self.move(point, modifiers)
        if self.phase is Phase.ADJUSTING and self.rect_px is not None and self.rect_px.contains(self.pointer):
            self._take(self._source, self.rect_px)
        else:
            self.press(point, modifiers)

    # --- the keyboard -------------------------------------------------------------------------------------------------

    def set_modifiers(self, modifiers: Modifier) -> None:
        """These modifier keys are down now; what is being dragged follows at once."""
        self._note(modifiers)
        if self.phase is Phase.PRESSED:
            self._maybe_draw()
        if self.is_dragging:
            self._follow()

    def nudge(self, dx: int, dy: int, modifiers: Modifier = Modifier.NONE) -> None:
        """An arrow key: `dx` and `dy` are -1, 0 or 1.

        Moves a standing region, or changes its size with Ctrl; otherwise it moves the pointer. Shift goes further.
        """
        self.set_modifiers(modifiers)
        step = BIG_STEP_PX if Modifier.SHIFT in self._modifiers else 1
        dx, dy = dx * step, dy * step
        if self.phase is Phase.ADJUSTING and self.rect_px is not None:
            if Modifier.CTRL in self._modifiers:
                self._change(_grown(self.rect_px, dx, dy, self._bounds))
            else:
                self._change(self.rect_px.moved(dx, dy).kept_inside(self._bounds))
        elif not self.is_over:
            self.move(Point(self.pointer.x + dx, self.pointer.y + dy), modifiers)

    def enter(self, modifiers: Modifier = Modifier.NONE) -> None:
        """Enter: begins a region at the pointer, ends the one being drawn, or takes the one that stands."""
        self.set_modifiers(modifiers)
        if self.phase is Phase.IDLE and self._windows_only:
            self.take_window(modifiers)
        elif self.phase is Phase.IDLE and self._fixed_size_px is not None:
            self._take_fixed()
        elif self.phase is Phase.IDLE:
            self._drag = self._drag_from_here(by_keys=True)
            self.phase = Phase.DRAWING
            self._follow()
        elif self.phase is Phase.DRAWING:
            self._drawn()
        elif self.phase in (Phase.ADJUSTING, Phase.MOVING, Phase.RESIZING) and self.rect_px is not None:
            self._take(self._source, self.rect_px)

    def hold_space(self, held: bool) -> None:
        """While Space is held, the region being drawn moves as a whole instead of changing its size."""
        if self.phase is not Phase.DRAWING or self._drag is None or self.rect_px is None:
            self._carried = None
        elif held and self._carried is None:
            self._carried = (self.rect_px, self.pointer)
        elif not held and self._carried is not None:
            before, grabbed_at = self._carried
            self._carried = None
            drag = self._drag
            start = drag.start.moved(self.rect_px.x - before.x, self.rect_px.y - before.y)
            origin = _shifted(drag.origin, grabbed_at, self.pointer)
            self._drag = _Drag(start, drag.grip, origin, drag.ratio, drag.by_keys)

    # --- whole things -------------------------------------------------------------------------------------------------

    def take_window(self, modifiers: Modifier = Modifier.NONE) -> bool:
        """Take the window under the pointer; False when there is none."""
        window = self.hovered
        return window is not None and self._offer(
            Selection(window.rect_px.intersected(self._bounds), SourceKind.WINDOW, window.title, window.id), modifiers
        )

    def take_monitor(self, number: int, modifiers: Modifier = Modifier.NONE) -> bool:
        """Take a whole monitor, counted from 1; False when there is no such monitor."""
        monitor = next((monitor for monitor in self._monitors if monitor.number == number), None)
        return monitor is not None and self._offer(Selection(monitor.rect_px, SourceKind.MONITOR), modifiers)

    def take_desktop(self, modifiers: Modifier = Modifier.NONE) -> bool:
        """Take everything."""
        return self._offer(Selection(self._bounds, SourceKind.SCREEN), modifiers)

    def take_last(self, modifiers: Modifier = Modifier.NONE) -> bool:
        """Take the region of last time, as far as the desktop still shows it; False when there is none."""
        rect = self._last_region.intersected(self._bounds) if self._last_region else None
        return rect is not None and self._offer(Selection(rect, SourceKind.REGION), modifiers)

    def cancel(self) -> None:
        """The person changed their mind."""
        if not self.is_over:
            self.phase = Phase.CANCELLED

    # --- inside -------------------------------------------------------------------------------------------------------

    def _note(self, modifiers: Modifier) -> None:
        self._stale &= modifiers
        self._modifiers = modifiers & ~self._stale

    def _drag_from_here(self, *, by_keys: bool = False) -> _Drag:
        anchor = Rect(self.pointer.x, self.pointer.y, 1, 1)
        return _Drag(anchor, Grip(1, 1), self.pointer, (1, 1), by_keys)

    def _maybe_draw(self) -> None:
        assert self._drag is not None
        origin, slack = self._drag.origin, self._scaled(DRAG_SLACK, self._drag.origin)
        wandered = max(abs(self.pointer.x - origin.x), abs(self.pointer.y - origin.y))
        if wandered >= slack and not self._windows_only and self._fixed_size_px is None:
            self.phase = Phase.DRAWING

    def _follow(self) -> None:
        drag = self._drag
        assert drag is not None
        if self._carried is not None:
            before, grabbed_at = self._carried
            self.rect_px = before.moved(self.pointer.x - grabbed_at.x, self.pointer.y - grabbed_at.y).kept_inside(
                self._bounds
            )
            return
        dx, dy = self.pointer.x - drag.origin.x, self.pointer.y - drag.origin.y
        if self.phase is Phase.MOVING:
            self._change(drag.start.moved(dx, dy).kept_inside(self._bounds))
            return
        # With the arrow keys Shift means a longer step, so it cannot mean a square as well.
        shaping = Modifier.NONE if drag.by_keys else self._modifiers
        ratio = drag.ratio if Modifier.SHIFT in shaping else None
        self._change(reshape(drag.start, drag.grip, dx, dy, self._bounds, ratio=ratio, centred=Modifier.ALT in shaping))

    def _change(self, rect_px: Rect) -> None:
        if rect_px != self.rect_px:
            self.rect_px = rect_px
            self._source = Selection(rect_px, SourceKind.REGION)

    def _clicked(self) -> None:
        self._drag = None
        if self._fixed_size_px is not None:
            self._take_fixed()
            return
        if self.rect_px is not None:
            self.phase = Phase.ADJUSTING
            return
        self.phase = Phase.IDLE
        self.take_window(self._modifiers)

    def _place_fixed(self) -> None:
        """Keep the region of a fixed size around the pointer."""
        if self._fixed_size_px is None or self.phase not in (Phase.IDLE, Phase.PRESSED):
            return
        width, height = (
            min(self._fixed_size_px[0], self._bounds.width),
            min(self._fixed_size_px[1], self._bounds.height),
        )
        corner = Rect(self.pointer.x - width // 2, self.pointer.y - height // 2, width, height)
        self._change(corner.kept_inside(self._bounds))

    def _take_fixed(self) -> None:
        assert self.rect_px is not None
        self._offer(Selection(self.rect_px, SourceKind.REGION), self._modifiers)

    def _drawn(self) -> None:
        assert self.rect_px is not None
        rect, self._drag, self._carried = self.rect_px, None, None
        if rect.width == rect.height == 1:
            # Drawn back onto its first pixel: nobody means that as a picture.
            self.rect_px, self.phase = None, Phase.IDLE
            return
        self._offer(Selection(rect, SourceKind.REGION), self._modifiers)

    def _offer(self, selection: Selection, modifiers: Modifier) -> bool:
        if self.is_over or selection.rect_px.is_empty:
            return False
        self._note(modifiers)
        keep_open = self._adjustable and selection.kind is SourceKind.REGION
        if keep_open or Modifier.CTRL in self._modifiers:
            self.rect_px, self._source = selection.rect_px, selection
            self._drag, self._carried = None, None
            self.phase = Phase.ADJUSTING
        else:
            self._take(selection, selection.rect_px)
        return True

    def _take(self, selection: Selection | None, rect_px: Rect) -> None:
        self.rect_px = rect_px
        self.outcome = selection or Selection(rect_px, SourceKind.REGION)
        self.phase = Phase.DONE

    def _scaled(self, logical: int, point: Point) -> int:
        return max(1, round(logical * self.monitor_at(point).scale))


def _distance(point: Point, rect: Rect) -> int:
    nearest = _clamped(point, rect)
    return (nearest.x - point.x) ** 2 + (nearest.y - point.y) ** 2


def _clamped(point: Point, rect: Rect) -> Point:
    return Point(min(max(point.x, rect.x), rect.right - 1), min(max(point.y, rect.y), rect.bottom - 1))


def _shifted(point: Point, old: Point, new: Point) -> Point:
    return Point(point.x + new.x - old.x, point.y + new.y - old.y)


def _grown(rect: Rect, dx: int, dy: int, bounds: Rect) -> Rect:
    width = min(max(rect.width + dx, 1), bounds.right - rect.x)
    height = min(max(rect.height + dy, 1), bounds.bottom - rect.y)
    return Rect(rect.x, rect.y, width, height)
