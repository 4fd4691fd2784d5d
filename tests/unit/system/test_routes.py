"""What the kernel says of routes; `tests/desktop/test_network.py` hears a real one."""

from __future__ import annotations

import struct

import pytest

from app.system.routes import tells_of_default

NEW, GONE, ADDRESS = 24, 25, 20
CREATE, REPLACE = 0x400, 0x100
IPV4, IPV6 = 2, 10
UNICAST, UNREACHABLE = 1, 7


def message(kind: int = NEW, flags: int = CREATE, *, family: int = IPV4, bits: int = 0, type_: int = UNICAST) -> bytes:
    route = struct.pack("=8BI", family, bits, 0, 0, 254, 3, 0, type_, 0) + b"\0" * 5
    body = struct.pack("=IHHII", 16 + len(route), kind, flags, 0, 0) + route
    return body + b"\0" * (-len(body) % 4)


@pytest.mark.parametrize("family", [IPV4, IPV6])
def test_a_way_out_is_news(family: int) -> None:
    assert tells_of_default(message(family=family))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(message(GONE), id="gone"),
        pytest.param(message(ADDRESS), id="no route at all"),
        pytest.param(message(bits=24), id="to the neighbours only"),
        pytest.param(message(type_=UNREACHABLE), id="to nowhere"),
        pytest.param(message(flags=CREATE | REPLACE), id="renewed"),
        pytest.param(message()[:24], id="cut off"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\0" * 64, id="of no length"),
    ],
)
def test_all_else_is_not(other: bytes) -> None:
    assert not tells_of_default(other)


def test_it_is_found_after_others() -> None:
    assert tells_of_default(message(bits=24) + message(GONE) + message(family=IPV6))
