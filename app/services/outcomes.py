"""What becomes of an upload that did not succeed: the table that decides, and nothing else.

What the service said counts; where it said nothing, only the commit marker does. Before the marker the service cannot
have a whole request, so sending again is safe; after it nobody knows.
"""

from __future__ import annotations

from enum import Enum, auto

from app.core.errors import ErrorKind, UserFacingError
from app.core.service_errors import (
    Forbidden,
    NotFound,
    RateLimited,
    Redirected,
    Rejected,
    ServiceError,
    TooLarge,
)

_REQUEST_TIMEOUT = 408


class Verdict(Enum):
    """What happens to the upload, and to the queue."""

    RETRY = auto()
    """Queued again; the queue waits a little, longer each time."""
    WAIT = auto()
    """Queued again; the queue waits as long as the service asks."""
    PAUSE = auto()
    """The upload and the whole queue wait for the person: the next one would fare no better."""
    FAIL = auto()
    """This file will never be taken. It is kept."""
    UNCERTAIN = auto()
    """It may be on the service. The person decides."""


def judge(error: UserFacingError, *, is_committed: bool) -> Verdict:
    """Decide. `is_committed` tells whether the marker was set, so that the closing boundary may have left."""
    if isinstance(error, RateLimited):
        return Verdict.WAIT
    # A 404 or 405 for an upload is a wrong address, not a wrong file; so is a redirect.
    if error.kind is ErrorKind.CREDENTIAL or isinstance(error, Forbidden | Redirected | NotFound):
        return Verdict.PAUSE
    if isinstance(error, TooLarge) or (isinstance(error, Rejected) and error.status != _REQUEST_TIMEOUT):
        return Verdict.PAUSE if error.status == 405 else Verdict.FAIL
    if is_committed:
        return Verdict.UNCERTAIN
    return Verdict.RETRY if isinstance(error, ServiceError) else Verdict.FAIL
