"""From the state of the selection to the scene on one monitor."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.geometry import Point, Rect
from app.core.screen import Desktop, Monitor
from app.core.selection import Phase, Picker
from app.ui.overlay import style
from app.ui.overlay.layout import at_an_edge, beside_pointer, beside_selection
from app.ui.overlay.look import Look
from app.ui.overlay.scene import Label, Loupe, Outline, Scene, colour_at, grip_rects


@dataclass(slots=True)
class Hud:
    """What is shown besides the selection itself."""

    windows_only: bool
    help_on: bool
    help_monitor: int = 1
    """The number of the monitor with the help panel."""
    help_size: tuple[int, int] = (0, 0)
    colour_hint: str = style.COPY_HINT


def compose(picker: Picker, desktop: Desktop, monitor: Monitor, look: Look, hud: Hud) -> Scene:
    """What `monitor` shows now."""
    window = picker.hovered
    lit = picker.rect_px or (window.rect_px if window else None)
    outline = Outline.NONE if lit is None else Outline.WINDOW if picker.rect_px is None else Outline.REGION
    help_px = _help(picker, monitor, look, hud)
    loupe = _loupe(picker, desktop, monitor, look, hud)
    label = None
    if lit is not None and _shows_label(picker, lit, desktop, monitor):
        keep_clear = tuple(panel for panel in (loupe.rect_px if loupe else None, help_px) if panel)
        text = f"{lit.width} × {lit.height}"
        hint = style.ACCEPT_HINT if picker.phase is Phase.ADJUSTING else ""
        size = look.label_size(text, hint)
        label = Label(beside_selection(lit, size, monitor.rect_px, look.gap_px, keep_clear), text, hint)
    standing = picker.phase in (Phase.ADJUSTING, Phase.MOVING, Phase.RESIZING)
    looking = picker.rect_px is None and not hud.windows_only
    return Scene(
        lit=lit,
        outline=outline,
        outline_px=look.window_line_px if outline is Outline.WINDOW else look.line_px,
        cross=picker.pointer if looking else None,
        cross_px=look.line_px,
        label=label,
        loupe=loupe,
        grips=grip_rects(picker.rect_px, look.grip_px) if standing and picker.rect_px else (),
        help_px=help_px,
    )


def _help(picker: Picker, monitor: Monitor, look: Look, hud: Hud) -> Rect | None:
    if not hud.help_on or monitor.number != hud.help_monitor:
        return None
    return at_an_edge(hud.help_size, monitor.rect_px, look.gap_px, picker.pointer)


def _loupe(picker: Picker, desktop: Desktop, monitor: Monitor, look: Look, hud: Hud) -> Loupe | None:
    useful = picker.phase in (Phase.IDLE, Phase.PRESSED, Phase.DRAWING, Phase.RESIZING) and not hud.windows_only
    if not useful or not monitor.rect_px.contains(picker.pointer):
        return None
    at = picker.pointer
    place = beside_pointer(at, look.loupe_size, monitor.rect_px, look.clearance_px, _away_from(picker))
    return Loupe(place, at, colour_at(desktop, at), hud.colour_hint)


def _away_from(picker: Picker) -> Point | None:
    rect = picker.rect_px
    if picker.phase is Phase.RESIZING and rect is not None:
        return Point(rect.x + rect.width // 2, rect.y + rect.height // 2)
    return picker.anchor


def _shows_label(picker: Picker, lit: Rect, desktop: Desktop, monitor: Monitor) -> bool:
    """One label in all: where the pointer drags, else where most of the selection is."""
    if picker.is_dragging:
        return monitor.rect_px.contains(picker.pointer)
    areas = [(_area(lit.intersected(each.rect_px)), -each.number) for each in desktop.monitors]
    return max(areas) == (_area(lit.intersected(monitor.rect_px)), -monitor.number)


def _area(rect: Rect) -> int:
    return rect.width * rect.height
