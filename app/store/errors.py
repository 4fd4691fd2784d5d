"""The failures of disk and database that are the environment's, in words. Anything else is a bug and stays as it is."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from app.core.doctor import Part
from app.core.errors import NotSaved, UserFacingError

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)

# SQLite's primary result codes.
_READONLY, _CORRUPT, _FULL, _NOT_A_DATABASE = 8, 11, 13, 26
_ENVIRONMENT = {
    3: "access to it was denied",
    5: "another program holds it for too long",
    6: "another program holds it for too long",
    7: "there is not enough memory",
    _READONLY: "it cannot be written",
    10: "the disk reports an error",
    _CORRUPT: "it is damaged",
    _FULL: "the disk is full",
    14: "it cannot be opened",
    15: "another program holds it for too long",
    _NOT_A_DATABASE: "it is damaged",
}


def is_corruption(error: Exception) -> bool:
    """True for an SQLite error that says that the file itself is broken."""
    return _primary_code(error) in (_CORRUPT, _NOT_A_DATABASE)


def why(error: OSError) -> str:
    """Say in half a sentence what the disk has against it."""
    if error.errno in _NO_SPACE:
        return "there is no space left on the disk"
    if error.errno in _NOT_ALLOWED:
        return "its folder cannot be written"
    return (error.strerror or "unknown reason").lower()


def _remedy(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return "Free some space and try again."
    if _primary_code(error) == _FULL:
        return "Free some space and try again."
    if is_corruption(error):
        return "Start ImgLink Desktop again: it then sets the damaged list aside and rebuilds it."
    return "Check the disk, and the permissions of the data folder."


def not_saved(error: Exception) -> NotSaved:
    """A capture that could not be made durable."""
    reason = why(error) if isinstance(error, OSError) else "in the list of uploads, " + _database_reason(error)
    problem = NotSaved(
        f"This was not saved and not uploaded: {reason}.",
        remedy=_remedy(error) + " What was captured can still be copied, or saved elsewhere.",
        details=repr(error),
    )
    problem.reason = reason
    return problem


def _primary_code(error: Exception) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def _database_reason(error: Exception) -> str:
    return _ENVIRONMENT[_primary_code(error) or 0]


def is_environment(error: Exception) -> bool:
    """True when disk or database failed for a reason outside this program."""
    return isinstance(error, OSError) or _primary_code(error) in _ENVIRONMENT


@contextmanager
def explained() -> Iterator[None]:
    """Turn the expected failures of the database and its folder into UserFacingError."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        if not is_environment(error):
            raise
        reason = _database_reason(error)
        raise UserFacingError(
            f"The list of uploads cannot be used: {reason}.",
            remedy=_remedy(error),
            details=repr(error),
            part=Part.FOLDERS,
        ) from error
    except OSError as error:
        raise UserFacingError(
            f"The folder of uploads cannot be used: {why(error)}.",
            remedy=_remedy(error),
            details=repr(error),
            part=Part.FOLDERS,
        ) from error
