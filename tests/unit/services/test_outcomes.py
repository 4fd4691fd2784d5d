"""The table of outcomes: every failure, on both sides of the marker."""

from __future__ import annotations

import pytest

from app.core.errors import ErrorKind, InputError, UserFacingError
from app.core.service_errors import (
    ConnectionLost,
    Forbidden,
    NotAuthenticated,
    NotFound,
    RateLimited,
    Redirected,
    Rejected,
    ServerFailure,
    ServiceError,
    TimedOut,
    TlsFailure,
    TooLarge,
    Unreachable,
    UnreadableAnswer,
)
from app.services.outcomes import Verdict, judge

R, W, P, F, U = Verdict.RETRY, Verdict.WAIT, Verdict.PAUSE, Verdict.FAIL, Verdict.UNCERTAIN


def with_status(error: ServiceError, status: int) -> ServiceError:
    error.status = status
    return error


TABLE = [
    (Unreachable("refused"), R, U),
    (TlsFailure("tls"), R, U),
    (TimedOut("late"), R, U),
    (ConnectionLost("gone"), R, U),
    (ServerFailure("5xx"), R, U),
    (UnreadableAnswer("html"), R, U),
    (RateLimited("429"), W, W),
    (NotAuthenticated("401"), P, P),
    (Forbidden("403"), P, P),
    (Redirected("307"), P, P),
    (NotFound("404"), P, P),
    (with_status(Rejected("405"), 405), P, P),
    (with_status(Rejected("400"), 400), F, F),
    (with_status(Rejected("408"), 408), R, U),
    (TooLarge("413"), F, F),
    (InputError("the file is gone"), F, U),
    (UserFacingError("locked keyring", kind=ErrorKind.CREDENTIAL), P, P),
]


@pytest.mark.parametrize(("error", "before", "after"), TABLE, ids=[str(row[0]) for row in TABLE])
def test_the_marker_decides_where_the_service_did_not(error: UserFacingError, before: Verdict, after: Verdict) -> None:
    assert judge(error, is_committed=False) is before
    assert judge(error, is_committed=True) is after
