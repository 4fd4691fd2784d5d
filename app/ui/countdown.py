"""The seconds before a delayed capture, in a small window that takes no focus: a menu that is open stays open.

Where windows always take it, `app.services.countdown` counts without one.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QRectF, Qt, QTimer
from PySide6.QtGui import QCursor, QGuiApplication, QPainterPath, QRegion, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.services.countdown import GONE_BEFORE_S
from app.ui import theme
from app.ui.bridge import Bridge
from app.ui.widgets import IconButton, heading, label

_RADIUS = 10
_MARGIN = 24


class CountdownWindow(QWidget):
    """Made for one countdown; `on_done(True)` when it is over, `on_done(False)` when the person cancels."""

    def __init__(self, seconds: float, on_done: Callable[[bool], None]) -> None:
        flags = Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        super().__init__(None, flags | Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_X11NetWmWindowTypeNotification)
        # Else it is shown only while we are the active program, which on a Mac is hardly ever so.
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.setWindowTitle(self.tr("ImgLink capture"))
        self.setProperty("look", "card")
        self._ends_ms = round(seconds * 1000)
        self._on_done = on_done
        self._is_over = False
        self._number = QLabel()
        self._number.setFont(theme.heading_font(self._number.font(), 2.2))
        self._number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._number.setMinimumWidth(self._number.fontMetrics().horizontalAdvance("60"))
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._lay_out()

    def start(self) -> None:
        """Show it on the monitor with the pointer, and count."""
        self._clock.start()
        self._tick()
        self.adjustSize()
        screen = QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()
        area = screen.availableGeometry()
        self.move(area.center().x() - self.width() // 2, area.top() + _MARGIN)
        self.show()

    def cancel(self) -> None:
        """End it without a capture."""
        self._finish(is_time=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the corners, as the cards do."""
        super().resizeEvent(event)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), _RADIUS, _RADIUS)
        self.setMask(QRegion(path.toFillPolygon().toPolygon()))

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(heading(self.tr("Capture soon")))
        words.addWidget(label(self.tr("Press its key again to cancel"), tone="muted", small=True))
        cross = IconButton("close", self.tr("Cancel the capture"), size=14)
        cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        cross.clicked.connect(self.cancel)
        row = QHBoxLayout()
        row.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_M, theme.SPACE_M)
        row.setSpacing(theme.SPACE_L)
        row.addWidget(self._number)
        row.addLayout(words)
        row.addWidget(cross, 0, Qt.AlignmentFlag.AlignTop)
        self.setLayout(row)

    def _tick(self) -> None:
        left_ms = self._ends_ms - self._clock.elapsed()
        if left_ms <= 0:
            self._finish(is_time=True)
            return
        left_s = math.ceil(left_ms / 1000)
        self._number.setText(str(left_s))
        self.setAccessibleName(self.tr("Capture in %n second(s)", "", left_s))
        self._timer.start(left_ms - (left_s - 1) * 1000)

    def _finish(self, *, is_time: bool) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._timer.stop()
        self.hide()
        self.deleteLater()
        self._on_done(is_time)


class ShownCountdown:
    """A `Countdown` (see `app.core.ports`): a coroutine for the asyncio thread, the window on the Qt thread."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._window: CountdownWindow | None = None
        """Touched on the Qt thread only."""

    async def wait(self, seconds: float) -> bool:
        """Count; False when the person cancels."""
        if seconds <= GONE_BEFORE_S:
            await asyncio.sleep(seconds)
            return True

        def question(answer: Callable[[bool], None]) -> None:
            def done(is_time: bool) -> None:
                self._window = None
                answer(is_time)

            self._window = CountdownWindow(seconds - GONE_BEFORE_S, done)
            self._window.start()

        try:
            is_time = await self._bridge.ask(question)
        except asyncio.CancelledError:
            self._bridge.post(self._withdraw)
            raise
        if is_time:
            await asyncio.sleep(GONE_BEFORE_S)
        return is_time

    def _withdraw(self) -> None:
        if self._window is not None:
            self._window.cancel()
