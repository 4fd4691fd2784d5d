from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.base_url import BaseUrl, parse_base_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://imglink.cc", BaseUrl("https://imglink.cc", "imglink.cc", False)),
        ("https://IMGLINK.cc:443/", BaseUrl("https://imglink.cc", "imglink.cc", False)),
        ("https://a.example:8443/sub/dir/", BaseUrl("https://a.example:8443", "a.example", False, "/sub/dir")),
        ("http://127.0.0.1:8000", BaseUrl("http://127.0.0.1:8000", "127.0.0.1", True)),
        ("http://[::1]:1", BaseUrl("http://[::1]:1", "::1", True)),
        ("http://localhost:80", BaseUrl("http://localhost", "localhost", True)),
        ("https://bücher.example", BaseUrl("https://xn--bcher-kva.example", "xn--bcher-kva.example", False)),
    ],
)
def test_an_address_is_normalised(text: str, expected: BaseUrl) -> None:
    assert parse_base_url(text) == expected
    assert parse_base_url(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "imglink.cc", "ftp://imglink.cc", "https://", "https://h:port", "https://h:0", "https://h:99999", "https://[::1",
        "https://h?x=1", "https://h?", "https://h#x", "https://h#", "https://h\n", "https://h x", "https://h\\@evil.example",
        "https://u:p@h", "https://@h", "https://h%2ecc", "https://[fe80::1%eth0]", "https://-h.example", "https://a..b",
        "https://h/a/../b", "https://h/./b", "https://h/a%2fb", "https://h//evil.example/x", "https://h/a b",
    ],
)  # fmt: skip
def test_what_is_not_a_plain_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        parse_base_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://imglink.cc", "http://127.0.0.1.example", "http://localhost.example", "http://0.0.0.0", "http://10.0.0.1",
        "http://[::]", "http://2130706433", "http://127.1",
    ],
)  # fmt: skip
def test_plain_http_is_for_this_computer_alone(text: str) -> None:
    with pytest.raises(ValueError, match="this computer alone"):
        parse_base_url(text)


def test_a_password_in_the_address_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="password") as caught:
        parse_base_url("https://me:hunter2@imglink.cc")
    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=60) | st.text(max_size=60).map(lambda text: "https://" + text))
def test_any_text_is_either_normalised_for_good_or_refused_in_words(text: str) -> None:
    reason = ""
    try:
        base = parse_base_url(text)
    except ValueError as error:
        reason = str(error)
    assert reason.endswith(".") if reason else parse_base_url(str(base)) == base
