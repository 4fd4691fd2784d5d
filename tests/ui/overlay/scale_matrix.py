"""Run as a program on offscreen screens of any scale: drags on every monitor, and prints what was not exact.

usage: python -m tests.ui.overlay.scale_matrix MONITORS    (a JSON array of [x, y, width, height] in physical pixels)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from PySide6.QtCore import QEvent
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app.core.geometry import Point, Rect
from app.core.ports import Selection
from app.core.screen import Monitor
from app.ui.overlay import Overlay
from app.ui.overlay.window import OverlayWindow
from tests.ui.overlay.frames import desktop_of
from tests.ui.overlay.two_screens import mouse


def strokes(monitors: list[Rect]) -> Iterator[tuple[Point, Point]]:
    """Drags from pixel to pixel: inside each monitor, at its very edges, and across all of them."""
    for rect in monitors:
        for inset in range(4):
            yield (
                Point(rect.x + 40 + inset, rect.y + 41 + 2 * inset),
                Point(rect.x + 200 + inset, rect.bottom - 50 - inset),
            )
        yield rect.top_left, Point(rect.right - 1, rect.bottom - 1)
    yield Point(monitors[0].x + 7, monitors[0].y + 9), Point(monitors[-1].right - 8, monitors[-1].bottom - 6)


def main(monitors: list[Rect]) -> None:
    QApplication(sys.argv)
    desktop = desktop_of(*[Monitor(number, "", rect) for number, rect in enumerate(monitors, 1)])
    overlay = Overlay()
    wrong: list[object] = []
    count = 0
    for start, end in strokes(monitors):
        answers: list[Selection | None] = []
        overlay.select(desktop, windows_only=False, last_region=None, on_done=answers.append)
        QApplication.processEvents()
        shown = [each for each in QApplication.topLevelWidgets() if isinstance(each, OverlayWindow) and each.monitor]
        begins = next(each for each in shown if each.monitor and each.monitor.rect_px.contains(start))
        assert begins.monitor is not None
        scale, origin = begins.target.devicePixelRatio(), begins.monitor.rect_px
        for kind, at in (
            (QEvent.Type.MouseButtonPress, start),
            (QEvent.Type.MouseMove, end),
            (QEvent.Type.MouseButtonRelease, end),
        ):
            # As X and Wayland send it: the pixel's place in logical units of the pressed window, with fractions.
            mouse(begins, kind, (at.x - origin.x) / scale, (at.y - origin.y) / scale)
        count += 1
        got = answers[0] if answers else None
        wanted = Rect.spanning(start, end)
        if got is None or got.rect_px != wanted or desktop.crop(got.rect_px).rect_px != wanted:
            wrong.append([str(wanted), str(got and got.rect_px)])
    scales = [screen.devicePixelRatio() for screen in QGuiApplication.screens()]
    print(json.dumps({"count": count, "wrong": wrong, "scales": scales}))
    overlay.close()


if __name__ == "__main__":
    main([Rect(*numbers) for numbers in json.loads(sys.argv[1])])
