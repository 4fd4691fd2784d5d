"""Exit codes of the command line, and how a failure becomes one."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from app.core.errors import ErrorKind


class ExitCode(IntEnum):
    """What a script can tell from the exit code."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CREDENTIAL = 3
    WAIT = 4
    """Rate-limited or offline: the same call may succeed later."""
    CANCELLED = 130


_BY_KIND = {
    ErrorKind.CREDENTIAL: ExitCode.CREDENTIAL,
    ErrorKind.RATE_LIMITED: ExitCode.WAIT,
    ErrorKind.OFFLINE: ExitCode.WAIT,
}


def exit_code(outcomes: Iterable[ErrorKind | None]) -> ExitCode:
    """The code for several outcomes, None for each that succeeded.

    When all failed for the same reason, that reason's code; when only some failed, or for different reasons, FAILED.
    """
    codes = {ExitCode.DONE if kind is None else _BY_KIND.get(kind, ExitCode.FAILED) for kind in outcomes}
    return codes.pop() if len(codes) == 1 else ExitCode.FAILED if codes else ExitCode.DONE
