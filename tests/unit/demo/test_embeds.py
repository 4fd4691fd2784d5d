"""Embed profiles and giving them to images."""

from __future__ import annotations

import pytest

from app.demo import DemoLimits, DemoServer
from tests.unit.demo.conftest import Site
from tests.unit.demo.plain_http import PlainHttp

PROFILE = {
    "name": "My Brand",
    "title": "Check this out",
    "description": "Shared via MyBrand",
    "color": "#ff5733",
    "author_name": "Username",
    "author_url": "https://example.com",
    "site_name": "MyBrand",
}


def embed_of(site: Site, image_id: str) -> int | None:
    return next(image.embed_id for image in site.server.images() if image.id == image_id)


def test_creating_and_listing_profiles(site: Site) -> None:
    answer = site.http("POST", "/api/embeds", site.token, json_body=PROFILE)
    other = site.token_of(site.server.add_user("other"))

    embed = answer.json()["embed"]
    assert answer.status == 201
    assert embed == {"id": embed["id"], **PROFILE}
    assert isinstance(embed["id"], int)
    assert site.http("GET", "/api/embeds", site.token).json() == {"embeds": [embed]}
    assert site.http("GET", "/api/embeds", other).json() == {"embeds": []}


def test_a_profile_needs_only_a_name(site: Site) -> None:
    body = {"name": "A", "title": None}

    embed = site.http("POST", "/api/embeds", site.token, json_body=body).json()["embed"]

    assert {name: value for name, value in embed.items() if value} == {"id": embed["id"], "name": "A"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": None},
        {"name": "x" * 101},
        {"title": "x" * 257},
        {"title": 5},
        {"color": "red"},
        {"color": "#12345"},
        {"color": "#12345g"},
        {"author_url": "javascript:alert(1)"},
        {"author_url": "example.com"},
        {"site_name": "\ud800"},
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(site: Site, change: dict[str, object]) -> None:
    embed_id = site.embed()

    for answer in (
        site.http("POST", "/api/embeds", site.token, json_body=PROFILE | change),
        site.http("PUT", f"/api/embeds/{embed_id}", site.token, json_body=change),
    ):
        assert answer.status == 400
        assert next(iter(change)) in answer.error


def test_changing_a_profile(site: Site) -> None:
    embed_id = site.embed(**PROFILE)
    path = f"/api/embeds/{embed_id}"

    changed = site.http("PUT", path, site.token, json_body={"title": "New", "color": ""}).json()["embed"]

    assert changed == {"id": embed_id, **PROFILE, "title": "New", "color": ""}
    assert site.http("GET", "/api/embeds", site.token).json() == {"embeds": [changed]}


@pytest.mark.parametrize("embed_id", ["999999", "0", "-1", "x", "1.5", "9" * 30])
def test_a_profile_that_is_not_there(site: Site, embed_id: str) -> None:
    assert site.http("PUT", f"/api/embeds/{embed_id}", site.token, json_body={"name": "A"}).status == 404
    assert site.http("DELETE", f"/api/embeds/{embed_id}", site.token).status == 404


def test_somebody_elses_profile_is_as_good_as_absent(site: Site) -> None:
    user = site.server.add_user("other")
    other, embed_id = site.token_of(user), site.embed()
    image_id = site.upload(site.key_of(user))

    assert site.http("PUT", f"/api/embeds/{embed_id}", other, json_body={"name": "A"}).status == 404
    assert site.http("DELETE", f"/api/embeds/{embed_id}", other).status == 404
    body = {"embed_profile_id": embed_id}
    assert site.http("PATCH", f"/api/images/{image_id}/embed", other, json_body=body).status == 404


def test_there_are_at_most_25_profiles_a_user(site: Site) -> None:
    for _ in range(25):
        site.embed()

    answer = site.http("POST", "/api/embeds", site.token, json_body={"name": "One more"})

    assert (answer.status, answer.error) == (400, "You can have at most 25 embed profiles")
    other = site.token_of(site.server.add_user("other"))
    assert site.http("POST", "/api/embeds", other, json_body={"name": "First"}).status == 201


def test_giving_an_image_a_profile_and_taking_it_away(site: Site) -> None:
    embed_id, image_id = site.embed(), site.upload()
    path = f"/api/images/{image_id}/embed"

    assert site.http("PATCH", path, site.token, json_body={"embed_profile_id": embed_id}).json() == {"success": True}
    assert embed_of(site, image_id) == embed_id
    assert site.http("PATCH", path, site.token, json_body={"embed_profile_id": None}).json() == {"success": True}
    assert embed_of(site, image_id) is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"embed_profile_id": "1"}, 400),
        ({"embed_profile_id": True}, 400),
        ({"embed_profile_id": 1.0}, 400),
        ({"embed_profile_id": 999_999}, 404),
        ({"embed_profile_id": -1}, 404),
        ({"embed_profile_id": 10**30}, 404),
    ],
)
def test_an_assignment_that_makes_no_sense_is_refused(site: Site, body: object, status: int) -> None:
    assert site.http("PATCH", f"/api/images/{site.upload()}/embed", site.token, json_body=body).status == status


def test_only_ones_own_images_get_a_profile(site: Site) -> None:
    image_id = site.upload(site.key_of(site.server.add_user("other")))
    body = {"embed_profile_id": site.embed()}

    answer = site.http("PATCH", f"/api/images/{image_id}/embed", site.token, json_body=body)

    assert answer.status == 404
    assert image_id in answer.error


def test_deleting_a_profile_reverts_its_images(site: Site) -> None:
    embed_id, image_id = site.embed(), site.upload()
    site.http("PATCH", f"/api/images/{image_id}/embed", site.token, json_body={"embed_profile_id": embed_id})

    assert site.http("DELETE", f"/api/embeds/{embed_id}", site.token).json() == {"success": True}
    assert embed_of(site, image_id) is None
    assert site.http("GET", f"/i/{image_id}").status == 200
    assert site.http("GET", "/api/embeds", site.token).json() == {"embeds": []}


def test_giving_many_images_a_profile(site: Site) -> None:
    embed_id, image_ids = site.embed(), [site.upload() for _ in range(3)]
    body = {"image_ids": image_ids, "embed_profile_id": embed_id}

    answer = site.http("PATCH", "/api/images/bulk-embed", site.token, json_body=body)

    assert answer.json() == {"success": True, "updated": 3}
    assert {embed_of(site, image_id) for image_id in image_ids} == {embed_id}
    site.http("PATCH", "/api/images/bulk-embed", site.token, json_body={**body, "embed_profile_id": None})
    assert {embed_of(site, image_id) for image_id in image_ids} == {None}


def test_many_images_get_the_profile_all_or_none(site: Site) -> None:
    embed_id, image_id = site.embed(), site.upload()
    body = {"image_ids": [image_id, "absent0000"], "embed_profile_id": embed_id}

    answer = site.http("PATCH", "/api/images/bulk-embed", site.token, json_body=body)

    assert answer.status == 404
    assert "absent0000" in answer.error
    assert embed_of(site, image_id) is None


@pytest.mark.parametrize(
    "image_ids",
    [None, [], "absent0000", [5], [None], [["a"]], [""], ["absent0000"] * 101],
    ids=lambda value: str(value)[:20],
)
def test_a_list_of_images_that_makes_no_sense_is_refused(site: Site, image_ids: object) -> None:
    body = {"image_ids": image_ids, "embed_profile_id": None}

    answer = site.http("PATCH", "/api/images/bulk-embed", site.token, json_body=body)

    assert answer.status == 400
    assert "image_ids" in answer.error


def test_a_hundred_images_are_not_too_many() -> None:
    with DemoServer(limits=DemoLimits(max_bulk_embed=100)) as server:
        http, demo = PlainHttp(server.base_url), server.user("demo")
        token = {"Authorization": f"Bearer {server.add_token(demo)}"}
        body = {"image_ids": ["absent0000"] * 100, "embed_profile_id": None}

        assert http("PATCH", "/api/images/bulk-embed", token, json_body=body).status == 404
