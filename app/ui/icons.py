"""Our own drawings, in the colour of the text around them."""

from __future__ import annotations

import sys
from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPixmapCache

from app.system.resources import resource_path


def pixmap(name: str, color: QColor, size: int, scale: float) -> QPixmap:
    """Draw `resources/icons/<name>.svg` at `size` logical pixels, in one colour."""
    # Qt's own cache goes with the application; pixmaps kept by Python would outlive it.
    key = f"imglink/{name}/{color.name()}/{size}/{scale}"
    found = QPixmap()
    if not QPixmapCache.find(key, found):
        found = _render(_svg(name).replace(b"currentColor", color.name().encode()), size, scale)
        QPixmapCache.insert(key, found)
    return found


def symbolic_icon(name: str, color: QColor, disabled: QColor, size: int = 20) -> QIcon:
    """An icon in one colour, sharp at 1× and 2×."""
    icon = QIcon()
    for scale in (1.0, 2.0):
        icon.addPixmap(pixmap(name, color, size, scale))
        icon.addPixmap(pixmap(name, disabled, size, scale), QIcon.Mode.Disabled)
    return icon


def app_icon() -> QIcon:
    """The program's icon, for windows."""
    return _in_own_colors("app")


def tray_icon(state: str) -> QIcon:
    """The icon of `idle`, `uploading` or `attention`."""
    icon = _in_own_colors(f"tray-{state}")
    # A Mac draws the shape alone, black or white as its menu bar needs; what must be noticed keeps its colours.
    icon.setIsMask(sys.platform == "darwin" and state == "idle")
    return icon


def _in_own_colors(name: str) -> QIcon:
    # Qt draws it when a size is asked for: six sizes beforehand cost 15 ms of every start.
    return QIcon(str(resource_path(f"icons/{name}.svg")))


@cache
def _svg(name: str) -> bytes:
    return resource_path(f"icons/{name}.svg").read_bytes()


def _render(svg: bytes, size: int, scale: float) -> QPixmap:
    # Not with the module: making all of Qt's enums takes 15 ms, and the tray icon, which needs none, must not wait.
    from PySide6.QtCore import Qt
    from PySide6.QtSvg import QSvgRenderer

    image = QPixmap(QSize(size, size) * scale)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    # Only our own files come here; pictures from outside are never drawn as SVG.
    QSvgRenderer(QByteArray(svg)).render(painter, QRectF(image.rect()))
    painter.end()
    image.setDevicePixelRatio(scale)
    return image
