"""Rate limits, with time that the test holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.demo import DEMO_API_KEY, DemoLimits, DemoServer, ManualClock
from tests.unit.demo.plain_http import Answer, PlainHttp, picture

KEY = {"X-API-Key": DEMO_API_KEY}
IMAGE = [("a.png", picture())]


@dataclass(frozen=True)
class Timed:
    server: DemoServer
    http: PlainHttp
    clock: ManualClock

    def anonymous(self) -> Answer:
        return self.http.upload(IMAGE, path="/api/upload")


@pytest.fixture
def timed() -> Iterator[Timed]:
    """A server with the documented limits and a clock that stands still."""
    clock = ManualClock()
    with DemoServer(clock=clock) as server:
        yield Timed(server, PlainHttp(server.base_url), clock)


def test_one_anonymous_upload_in_30_minutes(timed: Timed) -> None:
    assert timed.anonymous().status == 200
    timed.clock.advance(10 * 60)
    refused = timed.anonymous()

    assert (refused.status, refused.headers["retry-after"]) == (429, "1200")
    assert refused.error == "Rate limit exceeded. Try again in 1200 s."
    assert timed.http.upload(IMAGE, KEY).status == 200
    timed.clock.advance(20 * 60)
    assert timed.anonymous().status == 200
    assert timed.server.commits == 3


def test_a_refused_upload_does_not_cost_the_half_hour(timed: Timed) -> None:
    assert timed.http.upload([("a.png", b"text")], path="/api/upload").status == 400
    assert timed.http.upload(IMAGE * 6, path="/api/upload").status == 400

    assert timed.anonymous().status == 200


def test_a_hundred_uploads_an_hour_for_an_account(timed: Timed) -> None:
    token = {"Authorization": f"Bearer {timed.server.add_token(timed.server.user('demo'))}"}
    for number in range(100):
        way = (KEY, "/api/v1/upload") if number % 2 else (token, "/api/upload")
        assert timed.http.upload(IMAGE, way[0], path=way[1]).status == 200
    timed.clock.advance(60)

    for headers, path in ((KEY, "/api/v1/upload"), (token, "/api/upload")):
        refused = timed.http.upload(IMAGE, headers, path=path)
        assert (refused.status, refused.headers["retry-after"]) == (429, "3540")
        assert refused.error
    other = timed.server.add_key(timed.server.add_user("other"))
    assert timed.http.upload(IMAGE, {"X-API-Key": other}).status == 200
    timed.clock.advance(3540)
    assert timed.http.upload(IMAGE, KEY).status == 200


def test_five_hundred_requests_a_minute(timed: Timed) -> None:
    for _ in range(500):
        assert timed.http("GET", "/api/v1/image/absent0000").status == 404
    timed.clock.advance(15.5)

    refused = timed.http("GET", "/api/gallery")

    assert (refused.status, refused.headers["retry-after"]) == (429, "45")
    assert refused.error
    assert timed.http("GET", "/").status == 200
    timed.clock.advance(44.5)
    assert timed.http("GET", "/api/gallery").status == 200


def test_an_address_in_a_header_does_not_get_around_the_limit() -> None:
    with DemoServer(limits=DemoLimits(requests_per_minute=1), clock=ManualClock()) as server:
        http = PlainHttp(server.base_url)
        statuses = [http("GET", "/api/gallery", {"X-Forwarded-For": f"10.0.0.{i}"}).status for i in range(3)]

    assert statuses == [200, 429, 429]
