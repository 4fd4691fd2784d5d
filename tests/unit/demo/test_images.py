"""Image data, deletion, files, and the gallery."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from app.demo import DEMO_API_KEY, DemoServer
from tests.unit.demo.conftest import Site
from tests.unit.demo.plain_http import SVG, PlainHttp, picture


def test_image_data_needs_no_credential(site: Site) -> None:
    uploaded = site.http.upload([("a.png", picture())], site.key).json()

    body = site.http("GET", f"/api/v1/image/{uploaded['id']}").json()

    data = body["data"]
    assert body["success"] is True
    assert {name: data[name] for name in ("id", "url", "thumbnail", "viewer", "width", "height", "size", "mime")} == {
        name: value for name, value in uploaded.items() if name not in ("success", "delete")
    }
    assert data["views"] == 0
    assert data["uploadedAt"].endswith("Z")
    assert datetime.fromisoformat(data["uploadedAt"]).utcoffset() is not None


def test_looking_at_the_viewer_page_counts_as_a_view(site: Site) -> None:
    image_id = site.upload()

    for _ in range(3):
        site.http("GET", f"/i/{image_id}")

    assert site.http("GET", f"/api/v1/image/{image_id}").json()["data"]["views"] == 3


@pytest.mark.parametrize("image_id", ["absent0000", "x", "a" * 11, "..%2F..%2Fetc", "%00%ff", "%F0%9F%8E%83"])
def test_what_is_not_there_is_not_found(site: Site, image_id: str) -> None:
    for path in ("/api/v1/image/", "/i/", "/cdn/", "/cdn/medium/", "/a/", "/api/albums/"):
        assert site.http("GET", path + image_id).status == 404
    assert site.http("DELETE", f"/api/v1/image/{image_id}", site.key).status == 404


def test_a_deleted_image_is_gone_everywhere(site: Site) -> None:
    image_id = site.upload()
    thumbnail = f"/cdn/medium/{image_id}.webp"
    album_id = site.album()
    site.http("POST", f"/api/albums/{album_id}/images", site.token, json_body={"imageId": image_id})
    site.http("GET", thumbnail)

    answer = site.http("DELETE", f"/api/v1/image/{image_id}", site.key)

    assert answer.json() == {"success": True}
    for path in (f"/api/v1/image/{image_id}", f"/i/{image_id}", f"/cdn/{image_id}.png", thumbnail):
        assert site.http("GET", path).status == 404
    assert site.http("GET", "/api/gallery").json()["images"] == []
    assert site.http("GET", f"/api/albums/{album_id}").json()["album"]["images"] == []
    assert site.http("DELETE", f"/api/v1/image/{image_id}", site.key).status == 404
    with pytest.raises(KeyError):
        site.server.file_bytes(image_id)


@pytest.mark.parametrize("path", ["/api/v1/upload", "/api/upload"])
def test_somebody_elses_image_cannot_be_deleted(site: Site, path: str) -> None:
    answer = site.http.upload([("a.png", picture())], site.key, path=path).json()
    image_id = answer.get("id") or answer["images"][0]["id"]

    refused = site.http("DELETE", f"/api/v1/image/{image_id}", site.key_of(site.server.add_user("other")))

    assert (refused.status, refused.error) == (404, "Image not found or not owned by you")
    assert site.http("GET", f"/api/v1/image/{image_id}").status == 200


def test_files_are_served_so_that_nothing_can_run(site: Site) -> None:
    body = site.http.upload([("a.svg", SVG)], site.key).json()

    answer = site.http("GET", body["url"])

    assert answer.body == SVG
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox;")


def test_a_file_is_asked_for_again_by_its_tag(site: Site) -> None:
    image_id = site.upload()
    path = f"/cdn/{image_id}.png"
    whole = site.http("GET", path)

    same = site.http("GET", path, {"If-None-Match": whole.headers["etag"]})
    head = site.http("HEAD", path)

    assert (same.status, same.body) == (304, b"")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.body))


def test_a_file_has_one_name(site: Site) -> None:
    image_id = site.upload()

    for name in (image_id, f"{image_id}.jpg", f"{image_id}.png.png", f"{image_id}."):
        assert site.http("GET", f"/cdn/{name}").status == 404
    assert site.http("GET", f"/cdn/medium/{image_id}.png").status == 404


def test_a_thumbnail_is_small_and_upright(site: Site) -> None:
    from io import BytesIO

    from PIL import Image

    output = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter to the right
    Image.new("RGB", (2000, 1000), "red").save(output, "JPEG", exif=exif)

    body = site.http.upload([("a.jpg", output.getvalue())], site.key).json()
    with Image.open(BytesIO(site.http("GET", body["thumbnail"]).body)) as thumbnail:
        assert thumbnail.size == (320, 640)


def test_the_gallery_lists_public_images_newest_first(site: Site) -> None:
    first, _, third = site.upload(), site.upload(visibility="private"), site.upload(nsfw="true")
    site.http.upload([("a.png", picture())], path="/api/upload")

    body = site.http("GET", "/api/gallery").json()

    assert [image["id"] for image in body["images"]][1:] == [third, first]
    assert {name: value for name, value in body.items() if name != "images"} == {"page": 1, "totalPages": 1, "total": 3}
    assert "delete" not in body["images"][0]


def test_a_private_image_is_found_by_its_link(site: Site) -> None:
    image_id = site.upload(visibility="private")

    for path in (f"/i/{image_id}", f"/cdn/{image_id}.png", f"/api/v1/image/{image_id}"):
        assert site.http("GET", path).status == 200


def test_the_gallery_comes_in_pages(site: Site) -> None:
    ids = [image["id"] for image in site.http.upload([("a.png", picture())] * 15, site.key).json()["images"]]
    ids += [site.upload() for _ in range(10)]
    ids.reverse()

    first, second = (site.http("GET", f"/api/gallery?page={page}").json() for page in (1, 2))
    third = site.http("GET", "/api/gallery?page=3&limit=10").json()
    beyond = site.http("GET", "/api/gallery?page=9").json()

    assert [image["id"] for image in first["images"] + second["images"]] == ids
    assert (len(first["images"]), first["totalPages"], first["total"]) == (20, 2, 25)
    assert [image["id"] for image in third["images"]] == ids[20:]
    assert (third["page"], third["totalPages"]) == (3, 3)
    assert (beyond["images"], beyond["page"]) == ([], 9)


def test_an_empty_gallery(site: Site) -> None:
    assert site.http("GET", "/api/gallery").json() == {"images": [], "page": 1, "totalPages": 0, "total": 0}


@pytest.mark.parametrize(
    "query", ["limit=41", "limit=0", "page=0", "page=-1", "page=x", "limit=1.5", "page=", "page=999999999"]
)
def test_gallery_numbers_out_of_range_are_refused(site: Site, query: str) -> None:
    answer = site.http("GET", f"/api/gallery?{query}")

    assert answer.status == 400
    assert answer.error


def test_the_largest_page_of_the_gallery(site: Site) -> None:
    assert site.http("GET", "/api/gallery?limit=40").status == 200


def test_images_outlive_the_server_in_a_folder_of_ones_own(tmp_path: Path) -> None:
    data = picture()
    with DemoServer(tmp_path) as server:
        image_id = PlainHttp(server.base_url).upload([("a.png", data)], {"X-API-Key": DEMO_API_KEY}).json()["id"]
        token = server.add_token(server.user("demo"))

    with DemoServer(tmp_path) as server:
        http = PlainHttp(server.base_url)
        assert server.file_bytes(image_id) == data
        assert server.commits == 0
        assert http("GET", f"/cdn/{image_id}.png").body == data
        assert http("GET", "/api/albums", {"Authorization": f"Bearer {token}"}).status == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/image/absent0000", {"GET", "HEAD", "DELETE"}),
        ("GET", "/api/v1/upload", {"POST"}),
        ("POST", "/api/gallery", {"GET", "HEAD"}),
        ("OPTIONS", "/api/albums", {"GET", "HEAD", "POST"}),
    ],
)
def test_another_method_is_refused_with_those_that_are_known(
    site: Site, method: str, path: str, allowed: set[str]
) -> None:
    answer = site.http(method, path)

    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
    assert answer.error


def test_an_unknown_path_is_a_documented_error(site: Site) -> None:
    answer = site.http("GET", "/api/nothing")

    assert (answer.status, answer.error) == (404, "Not Found")
