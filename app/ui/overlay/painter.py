"""Painting a scene over the frozen frames. The painter's unit is one physical pixel of the desktop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from app.core.geometry import Rect
from app.core.screen import Desktop
from app.ui.overlay import style
from app.ui.overlay.layout import difference, inflated, ring
from app.ui.overlay.look import Look, paint_grip
from app.ui.overlay.scene import Label, Loupe, Outline, Scene


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The frozen desktop as images that share the frames' memory; `desktop` keeps that memory alive."""

    desktop: Desktop
    images: tuple[tuple[Rect, QImage], ...]

    @classmethod
    def of(cls, desktop: Desktop) -> Picture:
        """Wrap the frames without copying them."""
        return cls(
            desktop,
            tuple(
                (
                    frame.rect_px,
                    QImage(
                        frame.pixels,
                        frame.rect_px.width,
                        frame.rect_px.height,
                        frame.stride,
                        QImage.Format.Format_RGB32,
                    ),
                )
                for frame in desktop.frames
            ),
        )


def paint(
    painter: QPainter, picture: Picture, scene: Scene, look: Look, help_image: QImage, parts: Sequence[Rect]
) -> None:
    """Paint `parts` (which do not overlap) of the desktop with the scene over them.

    Panels are painted whole when they touch a part: the caller clips to the parts.
    """
    lit = scene.lit or Rect(0, 0, 0, 0)
    for part in parts:
        _paint_frames(painter, picture, part)
        for dark in difference(part, lit):
            painter.fillRect(_q(dark), style.DIM)

    def touches(rect: Rect) -> bool:
        return any(not rect.intersected(part).is_empty for part in parts)

    _paint_cross(painter, scene, parts)
    _paint_outline(painter, picture, scene, parts)
    if any(touches(grip) for grip in scene.grips):
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for grip in scene.grips:
            paint_grip(painter, QRectF(_q(grip)), look.line_px)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    if scene.help_px is not None and touches(scene.help_px):
        painter.drawImage(scene.help_px.x, scene.help_px.y, help_image)
    if scene.label is not None and touches(scene.label.rect_px):
        _paint_label(painter, scene.label, look)
    if scene.loupe is not None and touches(scene.loupe.rect_px):
        _paint_loupe(painter, picture, scene.loupe, look)


def _paint_frames(painter: QPainter, picture: Picture, part: Rect) -> None:
    uncovered = part.width * part.height
    for rect, image in picture.images:
        shown = part.intersected(rect)
        if not shown.is_empty:
            painter.drawImage(_q(shown), image, _q(shown.moved(-rect.x, -rect.y)))
            uncovered -= shown.width * shown.height
    if uncovered > 0:
        for rest in _outside(part, [rect for rect, _ in picture.images]):
            painter.fillRect(_q(rest), Qt.GlobalColor.black)


def _outside(part: Rect, rects: list[Rect]) -> list[Rect]:
    rest = [part]
    for rect in rects:
        rest = [piece for each in rest for piece in difference(each, rect)]
    return rest


def _paint_cross(painter: QPainter, scene: Scene, parts: Sequence[Rect]) -> None:
    if scene.cross is None:
        return
    at, line = scene.cross, scene.cross_px
    for part in parts:
        # The dark lines first, so that the light ones cross over them.
        for offset, colour in ((-line, style.CROSS_DARK), (line, style.CROSS_DARK), (0, style.CROSS_LIGHT)):
            across = Rect(part.x, at.y + offset, part.width, line).intersected(part)
            down = Rect(at.x + offset, part.y, line, part.height).intersected(part)
            for strip in (across, *difference(down, across)):
                if not strip.is_empty:
                    painter.fillRect(_q(strip), colour)


def _paint_outline(painter: QPainter, picture: Picture, scene: Scene, parts: Sequence[Rect]) -> None:
    if scene.lit is None or scene.outline is Outline.NONE:
        return
    line = scene.outline_px
    outer = inflated(scene.lit, 2 * line, picture.desktop.rect_px)
    inner = Rect(outer.x + line, outer.y + line, max(0, outer.width - 2 * line), max(0, outer.height - 2 * line))
    bright = style.ACCENT if scene.outline is Outline.WINDOW else style.LINE_LIGHT
    for frame, colour in ((outer, style.LINE_DARK), (inner, bright)):
        for strip in ring(frame, line):
            for part in parts:
                shown = strip.intersected(part)
                if not shown.is_empty:
                    painter.fillRect(_q(shown), colour)


def _paint_label(painter: QPainter, label: Label, look: Look) -> None:
    box = QRectF(_q(label.rect_px))
    look.paint_panel(painter, box)
    words = box.adjusted(look.px(9), 0, -look.px(9), 0)
    painter.setFont(look.font)
    painter.setPen(style.TEXT)
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, label.text)
    if label.hint:
        painter.setFont(look.small)
        painter.setPen(style.TEXT_MUTED)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, label.hint)


def _paint_loupe(painter: QPainter, picture: Picture, loupe: Loupe, look: Look) -> None:
    box, pad = loupe.rect_px, look.pad_px
    painter.drawImage(box.x, box.y, look.loupe_panel)
    x, y = box.x + pad, box.y + pad
    _paint_sample(painter, picture, loupe, look, x, y)
    painter.drawImage(x, y, look.grid)
    row = QRectF(x, y + look.sample_px[1] + 0.5 * pad, look.sample_px[0], look.row_px)
    swatch = look.px(12)
    patch = QRect(x, round(row.center().y() - swatch / 2), swatch, swatch)
    painter.fillRect(patch.adjusted(-1, -1, 1, 1), style.LINE_LIGHT)
    painter.fillRect(patch, QColor(loupe.colour or "#000000"))
    painter.setFont(look.font)
    painter.setPen(style.TEXT)
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(row.adjusted(swatch + look.px(6), 0, 0, 0), middle | Qt.AlignmentFlag.AlignLeft, loupe.colour)
    painter.setFont(look.small)
    painter.setPen(style.TEXT_MUTED)
    painter.drawText(row, middle | Qt.AlignmentFlag.AlignRight, f"{loupe.at.x}, {loupe.at.y}")
    painter.drawText(row.translated(0, look.row_px), middle | Qt.AlignmentFlag.AlignLeft, loupe.hint)


def _paint_sample(painter: QPainter, picture: Picture, loupe: Loupe, look: Look, x: int, y: int) -> None:
    columns, rows = style.SAMPLE
    sample = Rect(loupe.at.x - columns // 2, loupe.at.y - rows // 2, columns, rows)
    painter.fillRect(QRect(x, y, *look.sample_px), Qt.GlobalColor.black)
    for rect, image in picture.images:
        shown = sample.intersected(rect)
        if not shown.is_empty:
            target = QRect(
                x + (shown.x - sample.x) * look.zoom,
                y + (shown.y - sample.y) * look.zoom,
                shown.width * look.zoom,
                shown.height * look.zoom,
            )
            painter.drawImage(target, image, _q(shown.moved(-rect.x, -rect.y)))


def _q(rect: Rect) -> QRect:
    return QRect(rect.x, rect.y, rect.width, rect.height)
