"""Failures of the ImgLink service, as a tree that callers can tell apart.

The API client raises them; the queue decides by type and by its own commit marker, never by an httpx exception.
"""

from __future__ import annotations

from app.core.errors import ErrorKind, UserFacingError

# As in typing, which a command that is handed over need not load.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from app.core.imglink import CredentialKind


class ServiceError(UserFacingError):
    """Any failure of a call to the service. `status` is the HTTP status, None when no answer came."""

    kind = ErrorKind.SERVICE
    status: int | None = None
    is_page: bool = False
    """A web page came instead of an answer of the API, from a CDN, a firewall or some other server: a 404 of this sort
    does not say that a thing is gone."""
    credential: CredentialKind | None = None
    """Which credential the call was made with, or would have taken; None for a call that takes none."""


class Unreachable(ServiceError):
    """No connection: refused, DNS, offline."""

    kind = ErrorKind.OFFLINE


class TlsFailure(Unreachable):
    """The server's certificate cannot be trusted."""


class TimedOut(ServiceError):
    """The call's total deadline passed."""

    kind = ErrorKind.OFFLINE


class ConnectionLost(ServiceError):
    """The connection broke after it was made: how far the request came is not known from this."""

    kind = ErrorKind.OFFLINE


class UnreadableAnswer(ServiceError):
    """A success status with a body that makes no sense, or one over the size cap."""


class Redirected(ServiceError):
    """A 3xx: never followed, because it would carry the credential away."""


class Rejected(ServiceError):
    """400 and other 4xx: the request itself is wrong; `message` has the server's words."""

    kind = ErrorKind.INPUT


class NotAuthenticated(ServiceError):
    """401, or no credential where one is needed."""

    kind = ErrorKind.CREDENTIAL


class NoPasswordSignIn(NotAuthenticated):
    """404 or 405 where sign-in was tried: this server takes no user name and password; a token can still be pasted."""


class Forbidden(ServiceError):
    """403: banned, or the key lacks the scope."""

    kind = ErrorKind.CREDENTIAL


class NotFound(ServiceError):
    """404: no such thing, or not one's own."""

    kind = ErrorKind.INPUT


class TooLarge(ServiceError):
    """413: the file is too large, or the account's storage is full."""

    kind = ErrorKind.INPUT


class RateLimited(ServiceError):
    """429. `retry_after_s` is what the server asked for, already made a number of seconds; None when it did not say."""

    kind = ErrorKind.RATE_LIMITED
    retry_after_s: float | None = None


class ServerFailure(ServiceError):
    """5xx."""
