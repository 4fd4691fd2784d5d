"""Tells a day before the session ends, and when it is over: one timer to the next of these moments."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.services.account import CredentialStatus, Validity
from app.services.expiry import Session, next_change_s, session_at

# The timer stands still while the computer sleeps. So that it cannot be late by days, it looks at the clock in between.
_MOST_S = 6 * 3600


class SessionWatch(QObject):
    """Lives on the Qt thread."""

    ends_soon = Signal(object)
    """A CredentialStatus whose `expires_at` is less than a day away; said once for each token."""
    lapsed = Signal()
    """Whoever shows the session should look at it again."""

    def __init__(self, now: Callable[[], datetime], parent: QObject) -> None:
        """`now` is the wall clock: aware, UTC."""
        super().__init__(parent)
        self._now = now
        self._token: CredentialStatus | None = None
        self._told: tuple[int, Session] | None = None
        self._number = 0
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.VeryCoarseTimer)
        self._timer.timeout.connect(self.look)

    def follow(self, token: CredentialStatus, number: int) -> None:
        """Watch this session from now on; `number` tells tokens apart, as `AccountStatus.session`."""
        is_usable = token.expires_at is not None and (token.has_lapsed or token.validity is not Validity.BAD)
        self._token, self._number = (token if is_usable else None), number
        if token.has_lapsed:
            # Known already by whoever told us.
            self._told = (number, Session.OVER)
        self.look()

    def look(self) -> None:
        """Look at the clock, say what is to be said, and set the timer; also after the computer has slept."""
        self._timer.stop()
        token = self._token
        if token is None or token.expires_at is None:
            return
        now = self._now()
        left_s = next_change_s(token.expires_at, now)
        if left_s is not None:
            self._timer.start(math.ceil(min(left_s, _MOST_S) * 1000))
        state = session_at(token.expires_at, now)
        if state is Session.LASTING or self._told == (self._number, state):
            return
        self._told = (self._number, state)
        if state is Session.ENDS_SOON:
            self.ends_soon.emit(token)
        else:
            self.lapsed.emit()

    def stop(self) -> None:
        """Forget it."""
        self._token = None
        self._timer.stop()

    @property
    def next_look_s(self) -> float | None:
        """When the clock is looked at again; None when there is nothing to wait for."""
        return self._timer.interval() / 1000 if self._timer.isActive() else None
