"""From what came back, or did not, to an error for a person: the one place where statuses and broken connections get
their meaning.

Every message says what could not be done and why, with the server's own words; `safe` says what is certain, `remedy`
what to do next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.api.calls import Call, Credential, Meaning
from app.api.multipart import MultipartBody
from app.api.parse import Unreadable, error_words, read_json
from app.api.words import clean_words
from app.core.imglink import CredentialKind
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

if TYPE_CHECKING:
    import ssl

    import httpx

MIN_WAIT_S = 1.0
MAX_WAIT_S = 6 * 3600.0
_LOOK_FIRST = "It may have been done all the same: look before you try again."
_NOTHING_SENT = "Nothing was sent."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, read up to the cap and not yet judged."""

    status: int
    body: bytes
    content_type: str = ""
    retry_after: str = ""
    location: str = ""
    unread: str = ""
    """Why the body was left unread; empty when it was read."""

    @property
    def is_page(self) -> bool:
        """True for HTML: a CDN, a firewall, a captive portal or another server spoke, not the API."""
        return "html" in self.content_type.lower() or self.body.lstrip()[:1] == b"<"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was tried, for the words of an error."""

    call: Call
    host: str
    credential: Credential | None = None
    body: MultipartBody | None = None

    @property
    def is_incomplete_upload(self) -> bool:
        """True while an upload's closing boundary is withheld: the server cannot have a whole request."""
        return self.body is not None and not self.body.is_complete

    @property
    def kind(self) -> CredentialKind | None:
        """The kind of credential that was sent, or would have been taken."""
        return self.call.auth.kind if self.credential is None else self.credential.kind

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no text may repeat."""
        return self.call.secrets if self.credential is None else (self.credential.secret, *self.call.secrets)


# --- answers ----------------------------------------------------------------------------------------------------------

_KEY_REMEDY = "Make a new key in the dashboard of ImgLink and enter it in the account settings."
_TOKEN_REMEDY = "Sign in again, or paste a new token, in the account settings."  # noqa: S105 - a sentence

_NOT_ACCEPTED = {
    CredentialKind.API_KEY: Meaning(NotAuthenticated, "the API key is not accepted", _KEY_REMEDY),
    CredentialKind.TOKEN: Meaning(NotAuthenticated, "the session is over or not accepted", _TOKEN_REMEDY),
    None: Meaning(NotAuthenticated, "the server wants an account for this", "Set one up in the account settings."),
}
_NOT_ALLOWED = {
    CredentialKind.API_KEY: Meaning(
        Forbidden,
        "the API key does not allow it, or the account is restricted",
        "Look at the key's permissions in the dashboard of ImgLink.",
    ),
    CredentialKind.TOKEN: Meaning(Forbidden, "this account is not allowed to do it"),
    None: Meaning(Forbidden, "the server does not allow it"),
}
_MEANINGS: Mapping[int, Meaning] = {
    400: Meaning(Rejected, "the server does not accept it"),
    404: Meaning(NotFound, "it is not there, or it is not yours"),
    405: Meaning(Rejected, "this server does not offer it"),
    408: Meaning(TimedOut, "the server waited too long for it", "Try again."),
    413: Meaning(TooLarge, "the file is too large, or the storage is full", "Use a smaller file or free some space."),
    429: Meaning(RateLimited, "the server asks to wait"),
}


def answer_error(attempt: Attempt, answer: Answer, now: datetime) -> ServiceError:
    """The error for an answer whose status is no success."""
    if 300 <= answer.status < 400:
        return _redirected(attempt, answer)
    meaning = _meaning(attempt, answer)
    wait_s = retry_after_s(answer.retry_after, now) if answer.status == 429 else None
    remedy = f"Try again in {_span(wait_s)}." if wait_s is not None else meaning.remedy
    message = f"Could not {attempt.call.action}: {meaning.reason}."
    words = "" if answer.is_page else _server_words(attempt, answer.body)
    if words:
        message += f" The server says: “{words}”."
    safe = _certainty(attempt) if answer.status >= 500 else attempt.call.when_refused
    error = meaning.error(
        message, remedy=remedy, safe=safe if attempt.call.changes_something else "", details=_details(answer)
    )
    error.status = answer.status
    error.is_page = answer.is_page
    error.credential = attempt.kind
    if isinstance(error, RateLimited):
        error.retry_after_s = wait_s
    return error


def refused(attempt: Attempt, status: int, words: str) -> ServiceError:
    """The error for a success status whose body says that it failed."""
    words = clean_words(words, attempt.secrets)
    says = f" The server says: “{words}”" if words else ""
    error = Rejected(
        f"Could not {attempt.call.action}: the server does not accept it.{says}",
        safe=attempt.call.when_refused if attempt.call.changes_something else "",
        details=f"HTTP {status}, with success: false",
    )
    error.status = status
    return error


def unreadable(attempt: Attempt, answer: Answer, reason: str) -> UnreadableAnswer:
    """The error for a success status with a body that makes no sense."""
    what = "a web page came back in place of an answer" if answer.is_page else "the server's answer cannot be read"
    error = UnreadableAnswer(
        f"Could not {attempt.call.action}: {what}.",
        safe=_certainty(attempt),
        remedy="" if attempt.call.changes_something else "Try again; if it stays so, check the address of the server.",
        details=f"{reason}; {_details(answer)}",
    )
    error.status = answer.status
    error.is_page = answer.is_page
    return error


def _meaning(attempt: Attempt, answer: Answer) -> Meaning:
    status, kind = answer.status, attempt.credential.kind if attempt.credential else None
    if status in attempt.call.meanings:
        return attempt.call.meanings[status]
    if status >= 500:
        return Meaning(
            ServerFailure,
            f"the server has trouble (HTTP {status})",
            "" if attempt.call.changes_something else "Try again later.",
        )
    by_status = {401: _NOT_ACCEPTED[kind], 403: _NOT_ALLOWED[kind], **_MEANINGS}
    meaning = by_status.get(status, Meaning(Rejected, f"the server does not accept it (HTTP {status})"))
    if answer.is_page and status != 429:
        return Meaning(
            meaning.error,
            f"a web page came back in place of an answer (HTTP {status})",
            "A firewall or another server may stand in between: check the address of the server.",
        )
    return meaning


def _redirected(attempt: Attempt, answer: Answer) -> Redirected:
    try:
        target = clean_words(urlsplit(answer.location).hostname or "", attempt.secrets, 100)
    except ValueError:
        target = ""
    error = Redirected(
        f"Could not {attempt.call.action}: {attempt.host} points to another address"
        + (f" ({target})" if target else "")
        + ", and such pointers are not followed, so that no credential goes astray.",
        safe=attempt.call.when_refused if attempt.call.changes_something else "",
        remedy="Check the address of the server in the account settings.",
        details=_details(answer),
    )
    error.status = answer.status
    return error


def _server_words(attempt: Attempt, body: bytes) -> str:
    try:
        return clean_words(error_words(read_json(body)), attempt.secrets)
    except Unreadable:
        return ""


def _details(answer: Answer) -> str:
    content_type = clean_words(answer.content_type, limit=60) or "no content type"
    return f"HTTP {answer.status}, {content_type}, {answer.unread or f'{len(answer.body)} bytes'}"


def _certainty(attempt: Attempt) -> str:
    """What can be said for certain when something broke on the way."""
    if attempt.is_incomplete_upload:
        return "The upload was not complete, so sending it again is safe."
    return _LOOK_FIRST if attempt.call.changes_something else ""


# --- waiting ----------------------------------------------------------------------------------------------------------


def retry_after_s(value: str, now: datetime) -> float | None:
    """Seconds from a Retry-After header in either form, between 1 s and 6 h; None when it says nothing of use."""
    from email.utils import parsedate_to_datetime

    text = value.strip()
    if re.fullmatch(r"[0-9]+", text):
        return _clamped(float(text[:12]) if len(text) <= 12 else MAX_WAIT_S)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return _clamped((moment - now).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _clamped(seconds: float) -> float:
    return max(MIN_WAIT_S, min(MAX_WAIT_S, seconds))


def _span(seconds: float) -> str:
    for size, unit in ((3600, "hour"), (60, "minute")):
        if seconds >= size * 1.5 or seconds == size:
            count = round(seconds / size)
            return f"about {count} {unit}{'s' if count != 1 else ''}"
    return f"{round(seconds)} second{'s' if round(seconds) != 1 else ''}"


# --- no answer --------------------------------------------------------------------------------------------------------


def timed_out(attempt: Attempt, waited_s: float) -> TimedOut:
    """The error for a total deadline that passed."""
    return TimedOut(
        f"Could not {attempt.call.action}: {attempt.host} took too long.",
        safe=_certainty(attempt),
        details=f"gave up after {round(waited_s)} s in all",
    )


def connection_error(attempt: Attempt, error: httpx.TransportError | ssl.SSLError) -> ServiceError:
    """The error for a connection that was not made, or broke."""
    import ssl

    import httpx

    action, host = attempt.call.action, attempt.host
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        tls = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)
        if tls is not None:
            return _tls_failure(attempt, tls)
        through = " through the proxy" if isinstance(error, httpx.ProxyError) else ""
        return Unreachable(
            f"Could not {action}: {host} cannot be reached{through}.",
            safe=_NOTHING_SENT,
            remedy="Check the network, or try again later.",
            details=_reason(error),
        )
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(
            f"Could not {action}: {host} did not respond in time.", safe=_certainty(attempt), details=_reason(error)
        )
    return ConnectionLost(
        f"Could not {action}: the connection to {host} broke.", safe=_certainty(attempt), details=_reason(error)
    )


def _tls_failure(attempt: Attempt, error: ssl.SSLError) -> TlsFailure:
    reason = getattr(error, "verify_message", "") or error.reason or ""
    return TlsFailure(
        f"Could not {attempt.call.action}: the connection to {attempt.host} is not secure.",
        safe=_NOTHING_SENT,
        remedy="Check the clock and the address of the server. There is no way around this check.",
        details=clean_words(reason),
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: Exception) -> str:
    """The failure's type and text, down to the system's own words; none of them holds a header or a body."""
    seen = dict.fromkeys(clean_words(str(cause)) for cause in _causes(error))
    return f"{type(error).__name__}: {'; '.join(text for text in seen if text)}".rstrip(": ")
