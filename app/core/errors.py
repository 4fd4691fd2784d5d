"""The one kind of failure a person sees.

A user's action ends in success, in a `UserFacingError`, or in a silent `Cancelled`. Anything else is a bug and
belongs to the crash handler. Adapters convert the failures they expect with `raise … from`.
"""

from __future__ import annotations

from enum import Enum

# As in typing, which would be a sixth of what a command that is handed over has to load.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from app.core.doctor import Part
    from app.core.ports import NewUpload


class ErrorKind(Enum):
    """What sort of trouble it is; the command line derives its exit code from it, windows their icon and buttons."""

    INPUT = "input"
    """What the person gave cannot be used: a file, an id, a value."""
    CREDENTIAL = "credential"
    """A key or token is missing, wrong, lapsed or not allowed to do this."""
    RATE_LIMITED = "rate_limited"
    """The service asks to wait."""
    OFFLINE = "offline"
    """The service cannot be reached."""
    SERVICE = "service"
    """The service answered with a failure, or unreadably."""
    ENVIRONMENT = "environment"
    """This desktop lacks something: no display, no portal, a full disk."""


class UserFacingError(Exception):
    """An expected failure, in words for the person in front of the screen.

    `message` says what happened in one sentence, `remedy` the next thing to do, `safe` what was not lost; `details`
    is for the expandable part and logs. All are plain text and hold no secret.
    """

    kind: ErrorKind = ErrorKind.ENVIRONMENT
    part: Part | None = None
    """The part of the desktop that failed, where the doctor knows more."""
    settings_url: str = ""
    """Opens the page of the system's settings where the remedy is; empty where there is none."""

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        safe: str = "",
        details: str = "",
        kind: ErrorKind | None = None,
        settings_url: str = "",
        part: Part | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.safe = safe
        self.details = details
        if kind is not None:
            self.kind = kind
        if settings_url:
            self.settings_url = settings_url
        if part is not None:
            self.part = part

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.safe, self.remedy) if part)


class InputError(UserFacingError):
    """A file, id or value that cannot be used as it is."""

    kind = ErrorKind.INPUT


class NotSaved(UserFacingError):
    """A capture could not be made durable: nothing was queued, and its bytes are in memory alone."""

    data: bytes | None = None
    """Those bytes, to be copied, saved elsewhere or queued again; None when a file still has them."""
    new: NewUpload | None = None
    """How they were to be queued; None when they were not."""
    reason: str = ""
    """Why, as half a sentence."""


class Cancelled(Exception):
    """The person changed their mind. Never shown."""
