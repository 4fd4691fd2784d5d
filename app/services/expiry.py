"""When a session ends, and when to say so."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

NOTICE_BEFORE = timedelta(days=1)


class Session(Enum):
    """How a session's time stands."""

    LASTING = "lasting"
    ENDS_SOON = "ends-soon"
    """Less than `NOTICE_BEFORE` is left."""
    OVER = "over"


def session_at(expires_at: datetime, now: datetime) -> Session:
    """How it stands now."""
    if now >= expires_at:
        return Session.OVER
    return Session.ENDS_SOON if now >= expires_at - NOTICE_BEFORE else Session.LASTING


def next_change_s(expires_at: datetime, now: datetime) -> float | None:
    """In how many seconds that changes; None when it is over."""
    match session_at(expires_at, now):
        case Session.LASTING:
            return (expires_at - NOTICE_BEFORE - now).total_seconds()
        case Session.ENDS_SOON:
            return (expires_at - now).total_seconds()
        case Session.OVER:
            return None
