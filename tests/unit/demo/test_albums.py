"""The seven album endpoints."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.unit.demo.conftest import Site
from tests.unit.demo.plain_http import SVG


def test_creating_an_album(site: Site) -> None:
    body = {"title": "My Screenshots", "description": "Game screenshots", "isPublic": True}

    answer = site.http("POST", "/api/albums", site.token, json_body=body)

    assert answer.status == 201
    album = answer.json()["album"]
    created_at = album.pop("createdAt")
    assert created_at.endswith("Z")
    assert album == {
        "id": album["id"],
        **body,
        "hasPassword": False,
        "imageCount": 0,
        "cover": None,
        "url": f"{site.server.base_url}/a/{album['id']}",
    }


def test_an_album_needs_only_a_title(site: Site) -> None:
    album = site.http("POST", "/api/albums", site.token, json_body={"title": "A"}).json()["album"]

    assert (album["description"], album["isPublic"]) == ("", True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "  "},
        {"title": None},
        {"title": 5},
        {"title": "x" * 201},
        {"title": "\udc80"},
        {"title": "A", "description": "x" * 2001},
        {"title": "A", "isPublic": "true"},
        {"title": "A", "isPublic": None},
        [],
        "A",
    ],
)
def test_an_album_that_makes_no_sense_is_refused(site: Site, body: object) -> None:
    answer = site.http("POST", "/api/albums", site.token, json_body=body)

    assert answer.status == 400
    assert answer.error


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 60_000, b"9" * 5000])
def test_a_body_that_is_no_json_is_refused(site: Site, body: bytes) -> None:
    answer = site.http("POST", "/api/albums", site.token, body=body)

    assert answer.status == 400
    assert answer.error


def test_a_huge_body_is_refused(site: Site) -> None:
    answer = site.http("POST", "/api/albums", site.token, json_body={"title": "x" * 100_000})

    assert (answer.status, answer.error) == (413, "Request body too large")


def test_the_list_has_only_ones_own_albums_newest_first(site: Site) -> None:
    other = site.token_of(site.server.add_user("other"))
    first, second = site.album(), site.album(isPublic=False)

    assert [album["id"] for album in site.http("GET", "/api/albums", site.token).json()["albums"]] == [second, first]
    assert site.http("GET", "/api/albums", other).json() == {"albums": []}


def test_an_album_shows_its_images_in_the_order_they_came(site: Site) -> None:
    album_id, first, second = site.album(), site.upload(), site.upload(visibility="private")
    for image_id in (second, first, second):
        body = {"imageId": image_id}
        added = site.http("POST", f"/api/albums/{album_id}/images", site.token, json_body=body)
        assert added.json() == {"success": True}

    album = site.http("GET", f"/api/albums/{album_id}").json()["album"]
    listed = site.http("GET", "/api/albums", site.token).json()["albums"][0]

    assert [image["id"] for image in album["images"]] == [second, first]
    assert "delete" not in album["images"][0]
    assert (album["imageCount"], album["cover"]) == (2, f"{site.server.base_url}/cdn/medium/{first}.webp")
    assert {**listed, "images": album["images"]} == album


def test_the_cover_of_an_svg_is_the_svg(site: Site) -> None:
    url = site.http.upload([("a.svg", SVG)], site.key, fields={"album": site.album()}).json()["url"]

    assert site.http("GET", "/api/albums", site.token).json()["albums"][0]["cover"] == url


def test_taking_an_image_out(site: Site) -> None:
    album_id = site.album()
    image_id = site.upload(album=album_id)
    path = f"/api/albums/{album_id}/images/{image_id}"

    assert site.http("DELETE", path, site.token).json() == {"success": True}
    assert site.http("DELETE", path, site.token).status == 404
    assert site.http("GET", f"/api/albums/{album_id}").json()["album"]["images"] == []
    assert site.http("GET", f"/api/v1/image/{image_id}").status == 200


def test_only_ones_own_images_can_be_added(site: Site) -> None:
    image_id = site.upload(site.key_of(site.server.add_user("other")))
    path = f"/api/albums/{site.album()}/images"

    assert site.http("POST", path, site.token, json_body={"imageId": image_id}).status == 404
    assert site.http("POST", path, site.token, json_body={}).status == 400
    assert site.http("POST", path, site.token, json_body={"imageId": 5}).status == 400


def test_changing_an_album(site: Site) -> None:
    path = f"/api/albums/{site.album(description='Before')}"

    changed = site.http("PUT", path, site.token, json_body={"title": "New", "isPublic": False}).json()["album"]
    again = site.http("PUT", path, site.token, json_body={"description": None}).json()["album"]

    assert (changed["title"], changed["description"], changed["isPublic"]) == ("New", "Before", False)
    assert (again["title"], again["description"], again["isPublic"]) == ("New", "", False)


@pytest.mark.parametrize(
    "body", [{"title": ""}, {"title": None}, {"isPublic": 1}, {"password": 5}, {"password": "x" * 257}]
)
def test_a_change_that_makes_no_sense_is_refused(site: Site, body: object) -> None:
    assert site.http("PUT", f"/api/albums/{site.album()}", site.token, json_body=body).status == 400


def test_somebody_elses_album_cannot_be_changed(site: Site) -> None:
    other = site.token_of(site.server.add_user("other"))
    album_id, image_id = site.album(), site.upload()
    path = f"/api/albums/{album_id}"

    assert site.http("PUT", path, other, json_body={"title": "Mine"}).status == 404
    assert site.http("DELETE", path, other).status == 404
    assert site.http("POST", f"{path}/images", other, json_body={"imageId": image_id}).status == 404
    assert site.http("GET", path).json()["album"]["title"] == "Album"


def test_a_private_album_is_its_owners(site: Site) -> None:
    path = f"/api/albums/{site.album(isPublic=False)}"

    assert site.http("GET", path).status == 401
    assert site.http("GET", path, site.token_of(site.server.add_user("other"))).status == 403
    assert site.http("GET", path, site.token).status == 200


def test_an_album_with_a_password(site: Site) -> None:
    album_id, password = site.album(), "läng & strong"
    path = f"/api/albums/{album_id}"
    changed = site.http("PUT", path, site.token, json_body={"password": password}).json()["album"]

    assert changed["hasPassword"] is True
    assert password not in str(changed)
    assert site.http("GET", path).status == 401
    assert site.http("GET", f"{path}?password=wrong").status == 403
    assert site.http("GET", f"{path}?password={quote(password)}").status == 200
    assert site.http("GET", path, {"X-Album-Password": "wrong"}).status == 403
    assert site.http("GET", path, site.token).status == 200

    site.http("PUT", path, site.token, json_body={"password": "plain"})
    assert site.http("GET", path, {"X-Album-Password": "plain"}).status == 200
    site.http("PUT", path, site.token, json_body={"title": "Still locked"})
    assert site.http("GET", path).status == 401
    site.http("PUT", path, site.token, json_body={"password": ""})
    assert site.http("GET", path).status == 200


def test_deleting_an_album_keeps_its_images(site: Site) -> None:
    album_id = site.album()
    image_id = site.upload(album=album_id)
    path = f"/api/albums/{album_id}"

    assert site.http("DELETE", path, site.token).json() == {"success": True}
    assert site.http("GET", path, site.token).status == 404
    assert site.http("DELETE", path, site.token).status == 404
    assert site.http("GET", f"/a/{album_id}").status == 404
    assert site.http("GET", "/api/albums", site.token).json() == {"albums": []}
    assert site.http("GET", f"/cdn/{image_id}.png").status == 200
