"""Run as a program on two offscreen screens: does one thing to the overlay and prints what came of it as JSON.

usage: python -m tests.ui.overlay.two_screens SCENARIO
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from app.core.geometry import Rect
from app.core.ports import Selection
from app.core.screen import Monitor
from app.ui.overlay import Overlay
from app.ui.overlay.window import OverlayWindow
from tests.ui.overlay.frames import desktop_of, window

MONITORS = (Monitor(1, "", Rect(0, 0, 1280, 800)), Monitor(2, "", Rect(1280, 0, 1280, 800)))
RIGHT_WINDOW = window("Right", Rect(1500, 100, 301, 201))
Windows = dict[int, OverlayWindow]


def mouse(surface: OverlayWindow, kind: QEvent.Type, x: float, y: float) -> None:
    """A mouse event as the platform sends it: to the window itself, in its logical coordinates, with fractions."""
    at, left = QPointF(x, y), Qt.MouseButton.LeftButton
    button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else left
    held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else left
    place = surface.mapToGlobal(at)
    event = QMouseEvent(kind, at, place, button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(surface, event)


def drag(surface: OverlayWindow, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse(surface, QEvent.Type.MouseButtonPress, *start)
    mouse(surface, QEvent.Type.MouseMove, *end)
    mouse(surface, QEvent.Type.MouseButtonRelease, *end)


def from_left_to_right(shown: Windows) -> None:
    drag(shown[1], (1200, 100), (1379, 299))


def from_right_to_left(shown: Windows) -> None:
    drag(shown[2], (50, 150), (-40.5, 49.5))


def inside_the_right_one_on_odd_pixels(shown: Windows) -> None:
    drag(shown[2], (10.5, 20.5), (99.0, 50.5))


def click_a_window_on_the_right(shown: Windows) -> None:
    drag(shown[2], (120, 60), (120, 60))


def keys_go_by_physical_pixels(shown: Windows) -> None:
    mouse(shown[2], QEvent.Type.MouseMove, 100, 100)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Return, *[Qt.Key.Key_Right] * 4, Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(shown[1], key)
        QApplication.sendPostedEvents()


def monitor_two(shown: Windows) -> None:
    QTest.keyClick(shown[1], Qt.Key.Key_2)


def the_whole_desktop(shown: Windows) -> None:
    QTest.keyClick(shown[2], Qt.Key.Key_F)


def under_a_modal_dialog(shown: Windows) -> None:
    # Through the windows' handles, where Qt holds back what a modal dialog blocks.
    for number in (2, 1):
        handle = shown[number].windowHandle()
        QTest.mouseMove(handle, QPoint(30, 40))
        assert shown[number].scene.loupe is not None, f"monitor {number} is blocked"
    handle = shown[2].windowHandle()
    keys, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    QTest.mousePress(handle, left, keys, QPoint(10, 20))
    QTest.mouseMove(handle, QPoint(59, 69))
    QTest.mouseRelease(handle, left, keys, QPoint(59, 69))


SCENARIOS: dict[str, Callable[[Windows], None]] = {
    function.__name__: function
    for function in (
        from_left_to_right,
        from_right_to_left,
        inside_the_right_one_on_odd_pixels,
        click_a_window_on_the_right,
        keys_go_by_physical_pixels,
        monitor_two,
        the_whole_desktop,
        under_a_modal_dialog,
    )
}


def main(scenario: str) -> None:
    QApplication(sys.argv)
    answers: list[Selection | None] = []
    dialog = QDialog()
    if scenario == under_a_modal_dialog.__name__:
        dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
        dialog.show()
    overlay = Overlay()
    desktop = desktop_of(*MONITORS, windows=(RIGHT_WINDOW,))
    overlay.select(desktop, windows_only=False, last_region=None, on_done=answers.append)
    QApplication.processEvents()
    shown: Windows = {}
    for each in QApplication.topLevelWidgets():
        if isinstance(each, OverlayWindow) and each.monitor is not None:
            shown[each.monitor.number] = each
    result: dict[str, object] = {
        "scales": [screen.devicePixelRatio() for screen in QGuiApplication.screens()],
        "windows": {number: [each.x(), each.y(), each.width(), each.height()] for number, each in shown.items()},
    }
    SCENARIOS[scenario](shown)
    result["answers"] = [[str(answer.rect_px), answer.kind.value] if answer else None for answer in answers]
    print(json.dumps(result))
    overlay.close()


if __name__ == "__main__":
    main(sys.argv[1])
