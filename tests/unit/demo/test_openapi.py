"""The OpenAPI document is true: every route is in it, and whatever is sent, the answer is as it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app.demo import DEMO_PASSWORD, DEMO_USER, DemoLimits, DemoServer
from app.demo.openapi import openapi_document
from tests.unit.demo.conftest import Site
from tests.unit.demo.plain_http import PlainHttp, picture

EXAMPLES = 12
NO_LIMITS = DemoLimits(
    requests_per_minute=10**9, uploads_per_hour=10**9, anonymous_interval_s=0, max_embed_profiles=10**9
)
schema = schemathesis.openapi.from_dict(openapi_document("http://localhost"))


@pytest.fixture(scope="module")
def busy_site() -> Iterator[Site]:
    """One server for all that is made up."""
    with DemoServer(limits=NO_LIMITS) as server:
        yield Site(server, PlainHttp(server.base_url))


@pytest.fixture(scope="module")
def credentials(busy_site: Site) -> dict[str, str]:
    return {**busy_site.key, **busy_site.token}


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None)
def test_whatever_is_sent_the_answer_is_a_documented_one(
    case: Case[Any], busy_site: Site, credentials: dict[str, str]
) -> None:
    excluded: list[Any] = []
    if case.path.endswith("/upload"):
        # No schema can say "the bytes of an image" or "an album of yours", so a valid upload may well be refused.
        excluded = [positive_data_acceptance]
    elif case.path == "/oembed":
        # oEmbed asks for a 501 when a format is not offered; that it is no other 5xx is checked as a documented status.
        excluded = [not_a_server_error]

    case.call_and_validate(
        base_url=busy_site.server.base_url,
        headers=credentials,
        excluded_checks=excluded,
    )


Build = Callable[[Site], dict[str, Any]]


def _image(site: Site) -> dict[str, Any]:
    return {"path_parameters": {"id": site.upload()}}


def _assignment(site: Site) -> dict[str, Any]:
    return _image(site) | {"body": {"embed_profile_id": site.embed()}}


def _bulk_assignment(site: Site) -> dict[str, Any]:
    return {"body": {"image_ids": [site.upload()], "embed_profile_id": None}}


def _upload(site: Site) -> dict[str, Any]:
    return {"body": {"file": [picture()], "nsfw": "true"}, "media_type": "multipart/form-data"}


def _album(site: Site) -> dict[str, Any]:
    album_id = site.album()
    site.upload(album=album_id)
    return {"path_parameters": {"id": album_id}}


def _album_image(site: Site) -> dict[str, Any]:
    album_id = site.album()
    return {"path_parameters": {"id": album_id, "imageId": site.upload(album=album_id)}}


def _embed(site: Site) -> dict[str, Any]:
    return {"path_parameters": {"id": site.embed(color="#ff5733", author_name="Ann")}}


SUCCESSES: dict[tuple[str, str], tuple[int, Build]] = {
    ("POST", "/api/v1/upload"): (200, _upload),
    ("POST", "/api/upload"): (200, _upload),
    ("GET", "/api/v1/image/{id}"): (200, _image),
    ("DELETE", "/api/v1/image/{id}"): (200, _image),
    ("GET", "/api/gallery"): (200, lambda site: {"query": {"page": site.upload() and 1, "limit": 40}}),
    ("GET", "/api/albums"): (200, lambda site: _album(site) and {}),
    ("POST", "/api/albums"): (201, lambda _: {"body": {"title": "A", "description": "B", "isPublic": False}}),
    ("GET", "/api/albums/{id}"): (200, _album),
    ("PUT", "/api/albums/{id}"): (200, lambda site: _album(site) | {"body": {"password": "secret"}}),
    ("DELETE", "/api/albums/{id}"): (200, _album),
    ("POST", "/api/albums/{id}/images"): (200, lambda site: _album(site) | {"body": {"imageId": site.upload()}}),
    ("DELETE", "/api/albums/{id}/images/{imageId}"): (200, _album_image),
    ("GET", "/api/embeds"): (200, lambda site: _embed(site) and {}),
    ("POST", "/api/embeds"): (201, lambda _: {"body": {"name": "A", "color": "#ff5733"}}),
    ("PUT", "/api/embeds/{id}"): (200, lambda site: _embed(site) | {"body": {"title": "New"}}),
    ("DELETE", "/api/embeds/{id}"): (200, _embed),
    ("PATCH", "/api/images/{id}/embed"): (200, _assignment),
    ("PATCH", "/api/images/bulk-embed"): (200, _bulk_assignment),
    ("POST", "/api/auth/login"): (200, lambda _: {"body": {"login": DEMO_USER, "password": DEMO_PASSWORD}}),
    ("GET", "/"): (200, lambda _: {}),
    ("GET", "/i/{id}"): (200, _image),
    ("GET", "/a/{id}"): (200, _album),
    ("POST", "/a/{id}"): (200, _album),
    ("GET", "/cdn/{name}"): (200, lambda site: {"path_parameters": {"name": f"{site.upload()}.png"}}),
    ("GET", "/cdn/medium/{name}"): (200, lambda site: {"path_parameters": {"name": f"{site.upload()}.webp"}}),
    ("GET", "/oembed"): (200, lambda site: {"query": {"url": f"{site.server.base_url}/i/{site.upload()}"}}),
}


@pytest.mark.parametrize(("method", "path"), SUCCESSES, ids=" ".join)
def test_a_success_has_the_documented_shape(site: Site, method: str, path: str) -> None:
    status, build = SUCCESSES[method, path]
    case = schema[path][method].Case(headers={**site.key, **site.token}, **build(site))

    response = case.call_and_validate(base_url=site.server.base_url)

    assert response.status_code == status


def test_several_files_have_the_documented_shape(site: Site) -> None:
    body: Any = {"file": [picture(), picture()]}
    case = schema["/api/v1/upload"]["POST"].Case(headers=site.key, body=body, media_type="multipart/form-data")

    assert len(case.call_and_validate(base_url=site.server.base_url).json()["images"]) == 2


def test_the_server_serves_the_document(site: Site) -> None:
    document = openapi_document(site.server.base_url)

    assert site.http("GET", "/openapi.json").json() == document
    operations = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item if method != "parameters"
    }
    assert operations == set(SUCCESSES)


def test_the_document_has_every_route_of_the_sources() -> None:
    import re

    import app.demo

    sources = "".join(path.read_text() for path in Path(app.demo.__file__).parent.glob("*.py"))
    routes = set(re.findall(r'Endpoint\("([A-Z]+)", "([^"]+)"', sources))
    undocumented = {("GET", "/style.css"), ("GET", "/icon.svg"), ("GET", "/openapi.json")}
    blank = re.compile(r"\{[^}]+\}")

    assert {(method, blank.sub("{}", path)) for method, path in routes - undocumented} == {
        (method, blank.sub("{}", path)) for method, path in SUCCESSES
    }
