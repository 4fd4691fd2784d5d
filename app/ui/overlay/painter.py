"""Painting a scene over the frozen frames. The painter's unit is one physical pixel of the desktop."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from app.core.geometry import Rect
from app.ui.overlay import style
from app.ui.overlay.layout import difference, inflated, ring
from app.ui.overlay.look import Look
from app.ui.overlay.panels import Panels
from app.ui.overlay.picture import Picture, qrect
from app.ui.overlay.scene import Outline, Scene
from app.ui.overlay.screens import rects_of

_Line = tuple[QRect, QColor]
_Pasted = tuple[QRect, QImage]


def paint(
    painter: QPainter,
    picture: Picture,
    scene: Scene,
    look: Look,
    panels: Panels,
    help_image: QImage,
    region: QRegion,
) -> None:
    """Paint `region` (in desktop pixels) with the scene over it, and nothing outside.

    One rectangle of the region after the other: Qt paints several times faster inside a clip that is a rectangle.
    """
    lines = [*_cross_lines(scene, picture.desktop.rect_px), *_outline_lines(scene, picture.desktop.rect_px)]
    pasted = _pasted(scene, look, panels, help_image, region)
    lit = qrect(scene.lit) if scene.lit else QRect()
    for part in rects_of(region):
        painter.setClipRect(part)
        _paint_frames(painter, picture, part)
        for dark in rects_of(QRegion(part) - QRegion(lit)):
            painter.fillRect(dark, style.DIM)
        for strip, colour in lines:
            if strip.intersects(part):
                # Cut by us: what lies inside the clip is filled without spans.
                painter.fillRect(strip & part, colour)
        for place, image in pasted:
            if place.intersects(part):
                painter.drawImage(place.topLeft(), image)


def _paint_frames(painter: QPainter, picture: Picture, part: QRect) -> None:
    uncovered = QRegion(part)
    for place, image in picture.images:
        shown = part & qrect(place)
        if not shown.isEmpty():
            painter.drawImage(shown, image, shown.translated(-QPoint(place.x, place.y)))
            uncovered -= QRegion(shown)
    for rest in rects_of(uncovered):
        painter.fillRect(rest, Qt.GlobalColor.black)


def _cross_lines(scene: Scene, desktop: Rect) -> list[_Line]:
    if scene.cross is None:
        return []
    at, line = scene.cross, scene.cross_px
    lines: list[_Line] = []
    # The dark lines first, so that the light ones cross over them.
    for offset, colour in ((-line, style.CROSS_DARK), (line, style.CROSS_DARK), (0, style.CROSS_LIGHT)):
        across = Rect(desktop.x, at.y + offset, desktop.width, line)
        down = Rect(at.x + offset, desktop.y, line, desktop.height)
        lines += [(qrect(strip), colour) for strip in (across, *difference(down, across))]
    return lines


def _outline_lines(scene: Scene, desktop: Rect) -> list[_Line]:
    if scene.lit is None or scene.outline is Outline.NONE:
        return []
    line = scene.outline_px
    outer = inflated(scene.lit, 2 * line, desktop)
    inner = Rect(outer.x + line, outer.y + line, max(0, outer.width - 2 * line), max(0, outer.height - 2 * line))
    bright = style.ACCENT if scene.outline is Outline.WINDOW else style.LINE_LIGHT
    frames = ((outer, style.LINE_DARK), (inner, bright))
    return [(qrect(strip), colour) for frame, colour in frames for strip in ring(frame, line)]


def _pasted(scene: Scene, look: Look, panels: Panels, help_image: QImage, region: QRegion) -> list[_Pasted]:
    """The ready-made pictures in the region, from the lowest to the topmost."""
    found = [(place, look.grip) for grip in scene.grips if region.intersects(place := qrect(grip))]
    if scene.help_px is not None:
        found.append((qrect(scene.help_px), help_image))
    if scene.label is not None and region.intersects(place := qrect(scene.label.rect_px)):
        found.append((place, panels.label(scene.label)))
    if scene.loupe is not None and region.intersects(place := qrect(scene.loupe.rect_px)):
        found.append((place, panels.loupe(scene.loupe)))
    return found
