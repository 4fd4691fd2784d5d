"""Statuses and headers to errors: class, words, what is safe, and the wait."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.calls import Auth, Call, Credential
from app.api.errors import MAX_WAIT_S, Answer, Attempt, answer_error, refused, retry_after_s, unreadable
from app.api.words import MAX_WORDS, clean_words
from app.core.errors import ErrorKind
from app.core.imglink import CredentialKind
from app.core.service_errors import (
    Forbidden,
    NotAuthenticated,
    NotFound,
    RateLimited,
    Redirected,
    Rejected,
    ServerFailure,
    ServiceError,
    TimedOut,
    TooLarge,
)
from tests.unit.api.harness import KEY, NOW

READ = Call("read the gallery", "GET", "/api/gallery")
CHANGE = Call("delete the image", "DELETE", "/api/v1/image/a", Auth.KEY)
WITH_KEY = Credential(CredentialKind.API_KEY, KEY)


def error_of(status: int, body: bytes = b"", content_type: str = "application/json", **headers: str) -> ServiceError:
    return answer_error(Attempt(CHANGE, "h", WITH_KEY), Answer(status, body, content_type, **headers), NOW)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected), (401, NotAuthenticated), (402, Rejected), (403, Forbidden), (404, NotFound), (405, Rejected),
        (408, TimedOut), (409, Rejected), (413, TooLarge), (418, Rejected), (422, Rejected), (429, RateLimited),
        *[(status, Redirected) for status in (300, 301, 302, 303, 304, 307, 308, 399)],
        *[(status, ServerFailure) for status in (500, 502, 503, 504, 507, 520, 521, 522, 523, 524, 599, 600, 999)],
    ],
)  # fmt: skip
def test_each_status_is_its_own_error(status: int, kind: type[ServiceError]) -> None:
    for body in (b"", b'{"error": "words"}', b"<html>", b"\xff", b"[" * 100_000, b'{"error": 5}', b'"x"', b"null"):
        error = error_of(status, body)
        assert type(error) is kind
        assert error.status == status
        assert str(error).startswith("Could not delete the image: ")


def test_the_servers_own_words_are_shown_on_one_line_without_control_characters() -> None:
    error = error_of(400, b'{"error": "  File\\u0000 type \\u001b[31mnot\\n\\u202eallowed  "}')
    assert error.message.endswith("The server says: “File type [31mnot allowed”.")
    assert error.kind is ErrorKind.INPUT
    assert error.safe == "Nothing was changed."


def test_long_words_are_capped() -> None:
    words = error_of(400, b'{"error": "' + b"x" * 900_000 + b'"}').message.partition("says: ")[2]
    assert len(words) == MAX_WORDS + len("“”.")


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 405, 413, 429, 500, 502, 520])
@pytest.mark.parametrize("page", [b"<!DOCTYPE html><title>Bad gateway</title>", b"  <html>", b'{"error":"in a page"}'])
def test_a_page_of_a_cdn_is_never_shown(status: int, page: bytes) -> None:
    content_type = "text/html; charset=utf-8" if page.startswith(b"{") else ""
    answer = Answer(status, page, content_type)
    attempt = Attempt(CHANGE, "h", WITH_KEY)
    error = unreadable(attempt, answer, "x") if status == 200 else answer_error(attempt, answer, NOW)
    assert error.is_page
    for text in (str(error), error.details):
        assert not any(word in text for word in ("Bad", "<", "in a page"))


def test_a_server_that_repeats_a_secret_does_not_get_it_onto_the_screen() -> None:
    call = Call("sign in", "POST", "/api/auth/login", secrets=("hunter2",))
    body = f'{{"error": "{KEY} or hunter2 is wrong"}}'.encode()
    for error in (
        answer_error(Attempt(call, "h", WITH_KEY), Answer(400, body), NOW),
        refused(Attempt(call, "h", WITH_KEY), 200, f"{KEY} or hunter2 is wrong"),
        answer_error(Attempt(call, "h", WITH_KEY), Answer(302, b"", location=f"https://{KEY.lower()}/{KEY}"), NOW),
    ):
        assert KEY not in str(error) + error.details
        assert "hunter2" not in str(error) + error.details
    assert KEY not in repr(Attempt(call, "h", WITH_KEY))
    assert "hunter2" not in repr(call)


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://www.example.org/x?token=1", "(www.example.org)"),
        ("/elsewhere", "points to another address, and"),
        ("http://[", "points to another address, and"),
        ("", "points to another address, and"),
    ],
)
def test_a_redirect_says_where_to_and_that_it_is_not_followed(location: str, shown: str) -> None:
    error = error_of(307, location=location)
    assert shown in error.message
    assert "token" not in error.message


def test_who_is_not_accepted_depends_on_what_was_sent() -> None:
    def message(kind: CredentialKind | None) -> str:
        credential = None if kind is None else Credential(kind, "s")
        return answer_error(Attempt(READ, "h", credential), Answer(401, b""), NOW).message

    assert "API key" in message(CredentialKind.API_KEY)
    assert "session" in message(CredentialKind.TOKEN)
    assert "account" in message(None)


def test_what_is_safe_to_say_depends_on_the_call() -> None:
    failure = answer_error(Attempt(CHANGE, "h"), Answer(502, b""), NOW)
    assert "look before you try again" in failure.safe
    assert answer_error(Attempt(READ, "h"), Answer(502, b""), NOW).safe == ""
    assert answer_error(Attempt(READ, "h"), Answer(404, b""), NOW).safe == ""
    assert "look before" in unreadable(Attempt(CHANGE, "h"), Answer(200, b""), "empty").safe


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120), (" 5 ", 5), ("0", 1), ("21600", 21600), ("99999", MAX_WAIT_S), ("9" * 400, MAX_WAIT_S),
        ("Thu, 15 Jan 2026 12:05:00 GMT", 300), ("Thu, 15 Jan 2026 11:00:00 GMT", 1),
        ("Thu, 15 Jan 2026 12:05:00 -0000", 300), ("Fri, 15 Jan 2027 12:00:00 GMT", MAX_WAIT_S),
        ("Thursday, 15-Jan-26 12:05:00 GMT", 300), ("Thu Jan 15 12:05:00 2026", 300),
        ("", None), ("soon", None), ("-5", None), ("1.5", None), ("٥", None), ("Thu, 99 Jan 2026 12:05:00 GMT", None),
        ("0x10", None), ("1e3", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_between_a_second_and_six_hours(value: str, seconds: float | None) -> None:
    assert retry_after_s(value, NOW) == seconds


def test_a_wait_is_told_in_words_and_as_a_number() -> None:
    error = error_of(429, b'{"error": "Slow down"}', retry_after="1800")
    assert isinstance(error, RateLimited)
    assert (error.retry_after_s, error.remedy) == (1800, "Try again in about 30 minutes.")
    assert "Slow down" in error.message
    without = error_of(429)
    assert isinstance(without, RateLimited)
    assert (without.retry_after_s, without.remedy) == (None, "")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        ("1", "1 second"),
        ("59", "59 seconds"),
        ("60", "about 1 minute"),
        ("3600", "about 1 hour"),
        ("7300", "about 2 hours"),
    ],
)
def test_a_wait_reads_well(seconds: str, words: str) -> None:
    assert error_of(429, retry_after=seconds).remedy == f"Try again in {words}."


@given(
    st.text(max_size=60)
    | st.integers().map(str)
    | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} .{0,20}")
)
def test_any_retry_after_is_within_bounds_or_nothing(value: str) -> None:
    wait_s = retry_after_s(value, NOW)
    assert wait_s is None or 1 <= wait_s <= MAX_WAIT_S


@given(st.timedeltas(timedelta(seconds=1), timedelta(hours=6)))
def test_every_date_ahead_is_its_distance(ahead: timedelta) -> None:
    whole = timedelta(seconds=int(ahead.total_seconds()))
    assert retry_after_s(format_datetime(NOW + whole, usegmt=True), NOW) == max(1, whole.total_seconds())


@given(st.text(), st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=8))
def test_clean_words_are_one_short_printable_line_without_the_secret(text: str, secret: str) -> None:
    words = clean_words(text + secret + text, (secret,))
    assert len(words) <= MAX_WORDS
    assert "\n" not in words
    assert secret not in words
    words.encode()
