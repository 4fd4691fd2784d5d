"""Which addresses a picture may be fetched from, before and after the name is resolved."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.targets import Refused, check_addresses, check_url
from app.core.base_url import parse_base_url

SERVICE = parse_base_url("https://imglink.example")
HERE = parse_base_url("http://127.0.0.1:8080")


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://imglink.example/cdn/medium/a.webp", "imglink.example", "/cdn/medium/a.webp"),
        ("https://cdn.example", "cdn.example", "/"),
        ("https://cdn.example/a?w=1&h=2#part", "cdn.example", "/a?w=1&h=2"),
        ("HTTPS://CDN.Example/A", "cdn.example", "/A"),
        ("https://bücher.example/ä.png", "xn--bcher-kva.example", "/%C3%A4.png"),
        ("https://[2606:4700::1]/a", "[2606:4700::1]", "/a"),
        ('https://cdn.example/"<a>{}', "cdn.example", "/%22%3Ca%3E%7B%7D"),
        ("https://cdn.example/%2e%2e/a", "cdn.example", "/%2e%2e/a"),
    ],
)
def test_a_usual_address_is_taken_apart(url: str, authority: str, path: str) -> None:
    target = check_url(url, SERVICE)
    assert (target.authority, target.path) == (authority, path)
    assert target.is_base == (authority == "imglink.example")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cdn.example/a.png",
        "//cdn.example/a.png",
        "file:///etc/passwd",
        "ftp://cdn.example/a.png",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "http://cdn.example/a.png",
        "http://imglink.example/a.png",
        "http://127.0.0.1/a.png",
        "https://cdn.example:8443/a.png",
        "https://cdn.example:22/a.png",
        "https://cdn.example:0/a.png",
        "https://cdn.example:99999/a.png",
        "https://person:secret@cdn.example/a.png",
        "https://imglink.example@evil.example/a.png",
        "https:///a.png",
        "https://cdn .example/a.png",
        "https://cdn.example\\@evil.example/a.png",
        "https://cdn.example/a\r\nX-API-Key: b",
        "https://cdn.example/a\tb",
        "https://cdn.example/\u202egnp.a",
        "https://[fe80::1%25eth0]/a.png",
        "https://[::1/a.png",
        "https://a;b/a.png",
        "https://" + "a" * 64 + ".example/a.png",
        "https://cdn.example/" + "a" * 2048,
    ],
)
def test_what_is_no_safe_web_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        check_url(url, SERVICE)


def test_the_services_own_port_is_for_the_service_alone() -> None:
    base = parse_base_url("https://imglink.example:8443")
    assert check_url("https://imglink.example:8443/a", base).is_base
    assert not check_url("https://imglink.example/a", base).is_base
    with pytest.raises(Refused, match="port"):
        check_url("https://other.example:8443/a", base)


def test_plain_http_is_for_a_service_on_this_computer_and_its_port() -> None:
    assert check_url("http://127.0.0.1:8080/a", HERE).is_base
    assert not check_url("http://localhost:8080/a", HERE).is_base
    for url in ("http://127.0.0.1/a", "http://127.0.0.1:6379/a", "https://127.0.0.1:6379/a"):
        with pytest.raises(Refused, match="port"):
            check_url(url, HERE)
    with pytest.raises(Refused, match="port"):
        check_url("http://127.0.0.1:8443/a", parse_base_url("https://127.0.0.1:8443"))


PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:8.8.8.8",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
    "4000::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_a_private_network_is_refused(address: str) -> None:
    target = check_url("https://cdn.example/a", SERVICE)
    with pytest.raises(Refused, match="private"):
        check_addresses(target, [ipaddress.ip_address(address)], SERVICE)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1", "2a00:1450::1", "64:ff9b::808:808"]
)
def test_a_public_address_is_taken(address: str) -> None:
    check_addresses(check_url("https://cdn.example/a", SERVICE), [ipaddress.ip_address(address)], SERVICE)


def test_one_private_address_among_public_ones_spoils_all() -> None:
    addresses = [ipaddress.ip_address("8.8.8.8"), ipaddress.ip_address("10.0.0.1")]
    with pytest.raises(Refused):
        check_addresses(check_url("https://cdn.example/a", SERVICE), addresses, SERVICE)


def test_this_computer_is_allowed_where_the_service_runs_on_it_and_no_other_private_address() -> None:
    target = check_url("http://localhost:8080/a", HERE)
    check_addresses(target, [ipaddress.ip_address("::1"), ipaddress.ip_address("127.0.0.1")], HERE)
    for address in ("10.0.0.1", "::ffff:127.0.0.1", "8.8.8.8"):
        with pytest.raises(Refused):
            check_addresses(target, [ipaddress.ip_address(address)], HERE)
    check_addresses(check_url("https://cdn.example/a", HERE), [ipaddress.ip_address("8.8.8.8")], HERE)


@given(st.integers(0, 2**32 - 1))
def test_python_never_calls_an_accepted_address_private(number: int) -> None:
    address = ipaddress.IPv4Address(number)
    try:
        check_addresses(check_url("https://cdn.example/a", SERVICE), [address], SERVICE)
    except Refused:
        return
    assert address.is_global
    assert not any((address.is_private, address.is_multicast, address.is_reserved, address.is_loopback))


@given(st.text(max_size=40), st.sampled_from(["", "https://", "https://a.example/", "http://127.0.0.1:8080/"]))
def test_any_text_is_taken_or_refused(text: str, before: str) -> None:
    try:
        target = check_url(before + text, HERE)
    except Refused:
        return
    assert target.scheme in ("http", "https")
    for part in (target.authority, target.path):
        assert part.isascii()
        assert part.isprintable()
        assert " " not in part
