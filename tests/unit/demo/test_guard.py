"""The loopback, and what a web page elsewhere could try."""

from __future__ import annotations

import pytest

from app.core.errors import InputError, UserFacingError
from app.demo import DemoServer
from tests.unit.demo.conftest import Site
from tests.unit.demo.plain_http import PlainHttp, multipart, picture


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "8.8.8.8", "example.com", ""])
def test_it_listens_on_the_loopback_only(host: str) -> None:
    with pytest.raises(InputError):
        DemoServer(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_every_name_of_the_loopback_will_do(host: str) -> None:
    with DemoServer(host=host) as server:
        assert PlainHttp(server.base_url)("GET", "/api/gallery").status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost@evil.example", "10.0.0.1", "[", ""]
)
@pytest.mark.parametrize("path", ["/", "/api/gallery", "/openapi.json"])
def test_a_foreign_host_is_refused(site: Site, host: str, path: str) -> None:
    answer = site.http("GET", path, {"Host": host})

    assert answer.status == 421
    assert answer.error


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "[::1]:8080", "127.0.0.1"])
def test_a_loopback_host_is_served(site: Site, host: str) -> None:
    assert site.http("GET", "/api/gallery", {"Host": host}).status == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1", "http://localhost:1", "https://{host}", ""]
)
def test_a_change_from_another_origin_is_refused(site: Site, origin: str) -> None:
    host = site.server.base_url.removeprefix("http://")
    body, content_type = multipart([("a.png", picture())])
    headers = {**site.key, "Content-Type": content_type, "Origin": origin.format(host=host)}

    answer = site.http("POST", "/api/v1/upload", headers, body=body)

    assert answer.status == 403
    assert answer.error
    assert site.server.commits == 0
    assert site.http("DELETE", f"/api/v1/image/{site.upload()}", {**site.key, "Origin": "null"}).status == 403


def test_a_change_from_the_same_origin_is_served(site: Site) -> None:
    assert site.upload({**site.key, "Origin": site.server.base_url})


def test_no_other_origin_may_read_answers(site: Site) -> None:
    answer = site.http("GET", "/api/gallery", {"Origin": "https://evil.example"})

    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_taken_port_is_explained() -> None:
    with DemoServer() as server:
        port = int(server.base_url.rpartition(":")[2])
        with pytest.raises(UserFacingError, match=f"Port {port} of 127.0.0.1 cannot be used"):
            DemoServer(port=port).start()


def test_a_port_out_of_range_is_explained() -> None:
    with pytest.raises(UserFacingError, match="Port 70000"):
        DemoServer(port=70_000).start()
