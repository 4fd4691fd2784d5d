"""The frozen desktop as Qt's images."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from app.core.geometry import Rect
from app.core.screen import Desktop


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Images that share the frames' memory; `desktop` keeps that memory alive."""

    desktop: Desktop
    images: tuple[tuple[Rect, QImage], ...]

    @classmethod
    def of(cls, desktop: Desktop) -> Picture:
        """Wrap the frames without copying them."""
        images = []
        for frame in desktop.frames:
            width, height = frame.rect_px.width, frame.rect_px.height
            image = QImage(frame.pixels, width, height, frame.stride, QImage.Format.Format_RGB32)
            images.append((frame.rect_px, image))
        return cls(desktop, tuple(images))


def qrect(rect: Rect) -> QRect:
    """Our rectangle as Qt's."""
    return QRect(rect.x, rect.y, rect.width, rect.height)
