"""`POST /api/v1/upload` and `POST /api/upload`: shapes, choices, and what is refused."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from app.demo import DemoLimits, DemoServer
from tests.unit.demo.conftest import NO_RATE_LIMITS, Site
from tests.unit.demo.plain_http import PNG_START, SVG, PlainHttp, big_png, multipart, picture

ID = re.compile(r"[A-Za-z0-9_-]{10}")


def test_one_file_is_answered_with_the_image_itself(site: Site) -> None:
    data = picture(30, 20)

    body = site.http.upload([("a.png", data)], site.key).json()

    base, image_id = site.server.base_url, body["id"]
    assert ID.fullmatch(image_id)
    assert body == {
        "success": True,
        "id": image_id,
        "url": f"{base}/cdn/{image_id}.png",
        "thumbnail": f"{base}/cdn/medium/{image_id}.webp",
        "viewer": f"{base}/i/{image_id}",
        "delete": f"{base}/api/v1/image/{image_id}",
        "width": 30,
        "height": 20,
        "size": len(data),
        "mime": "image/png",
    }
    assert site.server.file_bytes(image_id) == data
    assert site.server.commits == 1


def test_several_files_are_answered_in_their_order(site: Site) -> None:
    files = [(f"{width}.png", picture(width)) for width in (10, 20, 30)]

    body = site.http.upload(files, site.key).json()

    assert sorted(body) == ["images", "success"]
    assert [image["width"] for image in body["images"]] == [10, 20, 30]
    assert site.server.commits == 3


def test_the_web_upload_answers_with_a_list_even_for_one(site: Site) -> None:
    body = site.http.upload([("a.png", picture())], site.token, path="/api/upload").json()

    assert list(body) == ["images"]
    assert len(body["images"]) == 1
    assert body["images"][0]["delete"]


def test_an_anonymous_image_has_no_delete_link_and_no_owner(site: Site) -> None:
    body = site.http.upload([("a.png", picture())], path="/api/upload").json()

    assert "delete" not in body["images"][0]
    assert site.server.images()[0].user_id is None


def test_a_key_means_nothing_to_the_web_upload(site: Site) -> None:
    assert site.http.upload([("a.png", picture())], site.key, path="/api/upload").status == 200
    assert site.server.images()[0].user_id is None


@pytest.mark.parametrize(
    ("kind", "mime", "extension"),
    [
        ("PNG", "image/png", "png"),
        ("JPEG", "image/jpeg", "jpg"),
        ("GIF", "image/gif", "gif"),
        ("WEBP", "image/webp", "webp"),
        ("BMP", "image/bmp", "bmp"),
        ("ICO", "image/x-icon", "ico"),
        ("TIFF", "image/tiff", "tiff"),
        ("AVIF", "image/avif", "avif"),
    ],
)
def test_every_format_is_told_by_its_content(site: Site, kind: str, mime: str, extension: str) -> None:
    data = picture(32, 32, kind)

    body = site.http.upload([("misleading.txt", data)], site.key).json()
    served = site.http("GET", body["url"])
    thumbnail = site.http("GET", body["thumbnail"])

    assert (body["mime"], body["width"], body["height"]) == (mime, 32, 32)
    assert body["url"].endswith(f"/cdn/{body['id']}.{extension}")
    assert (served.body, served.headers["content-type"]) == (data, mime)
    assert thumbnail.headers["content-type"] == "image/webp"
    assert thumbnail.body[8:12] == b"WEBP"


def test_svg_is_taken_but_never_decoded(site: Site) -> None:
    body = site.http.upload([("a.svg", SVG)], site.key).json()

    assert body["mime"] == "image/svg+xml"
    assert not {"thumbnail", "width", "height"} & set(body)
    assert site.http("GET", f"/cdn/medium/{body['id']}.webp").status == 404


def test_an_image_that_cannot_be_read_is_kept_without_its_size(site: Site) -> None:
    body = site.http.upload([("a.png", PNG_START + b"nonsense")], site.key).json()

    assert not {"thumbnail", "width", "height"} & set(body)
    assert site.http("GET", body["url"]).body == PNG_START + b"nonsense"


def test_an_image_of_too_many_pixels_is_kept_but_not_decoded(site: Site) -> None:
    header = bytes.fromhex("0000000d49484452") + (60_000).to_bytes(4, "big") * 2 + bytes.fromhex("0802000000")
    data = PNG_START + header + bytes(4)

    body = site.http.upload([("bomb.png", data)], site.key).json()

    assert "width" not in body
    assert site.http("GET", f"/cdn/medium/{body['id']}.webp").status == 404


def test_ids_that_begin_with_a_dash_and_an_underscore_come_up(site: Site) -> None:
    first = {site.upload()[0] for _ in range(4)}

    assert {"-", "_"} < first


@pytest.mark.parametrize(
    ("fields", "is_private", "is_nsfw"),
    [
        ({}, False, False),
        ({"visibility": "public", "nsfw": "false"}, False, False),
        ({"visibility": "private"}, True, False),
        ({"private": "true"}, True, False),
        ({"private": "1", "nsfw": "true"}, True, True),
        ({"visibility": "public", "private": "false", "nsfw": "TRUE"}, False, True),
        ({"unknown": "field"}, False, False),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/upload", "/api/upload"])
def test_visibility_and_nsfw(site: Site, path: str, fields: dict[str, str], is_private: bool, is_nsfw: bool) -> None:
    assert site.http.upload([("a.png", picture())], site.key, path=path, fields=fields).status == 200

    image = site.server.images()[0]
    assert (image.is_private, image.is_nsfw) == (is_private, is_nsfw)


@pytest.mark.parametrize("fields", [{"visibility": "secret"}, {"nsfw": "maybe"}, {"private": "2"}])
def test_a_choice_that_makes_no_sense_is_refused(site: Site, fields: dict[str, str]) -> None:
    answer = site.http.upload([("a.png", picture())], site.key, fields=fields)

    assert answer.status == 400
    assert next(iter(fields)) in answer.error
    assert site.server.commits == 0


@pytest.mark.parametrize("field", ["album", "folder"])
def test_an_upload_goes_into_an_album(site: Site, field: str) -> None:
    album_id = site.album()

    image_id = site.upload(None, **{field: album_id})

    album = site.http("GET", f"/api/albums/{album_id}").json()["album"]
    assert [image["id"] for image in album["images"]] == [image_id]


def test_an_album_of_somebody_else_is_refused_and_nothing_is_kept(site: Site) -> None:
    other = site.key_of(site.server.add_user("other"))

    answer = site.http.upload([("a.png", picture())], other, fields={"album": site.album()})

    assert (answer.status, answer.error) == (400, "Album not found")
    assert site.server.images() == []


@pytest.mark.parametrize("data", [b"text", b"", b"%PDF-1.7", b"<html></html>"])
def test_what_is_no_image_is_refused_with_its_name(site: Site, data: bytes) -> None:
    answer = site.http.upload([("good.png", picture()), ("notes.png", data)], site.key)

    assert (answer.status, answer.error) == (400, "Invalid file type: notes.png")
    assert site.server.commits == 0


def test_a_file_name_may_hold_anything(site: Site) -> None:
    site.http.upload([("../../Überschrift <b> 漢字.png", picture())], site.key)

    assert site.server.images()[0].file_name == "../../Überschrift <b> 漢字.png"


def test_an_upload_without_files_is_refused(site: Site) -> None:
    answer = site.http.upload([], site.key, fields={"nsfw": "true"})

    assert (answer.status, answer.error) == (400, "No files uploaded")


def test_a_text_field_called_file_is_no_file(site: Site) -> None:
    assert site.http.upload([], site.key, fields={"file": "a.png"}).error == "No files uploaded"


def test_a_file_in_another_field_is_no_file(site: Site) -> None:
    body, content_type = multipart([("a.png", picture())])
    headers = {**site.key, "Content-Type": content_type}

    answer = site.http("POST", "/api/v1/upload", headers, body=body.replace(b'name="file"', b'name="image"'))

    assert answer.error == "No files uploaded"


@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data", "multipart/form-data; boundary=", "", "a/b; boundary=c"]
)
def test_another_content_type_is_refused(site: Site, content_type: str) -> None:
    headers = {**site.key, "Content-Type": content_type}

    assert site.http("POST", "/api/v1/upload", headers, body=b"{}").status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"--b",
        b"--b\r\nno header\r\n\r\n",
        b"--b\r\n" + b"A: " + b"x" * 20_000 + b"\r\n\r\nx\r\n--b--",
    ],
)
def test_a_malformed_body_is_refused(site: Site, body: bytes) -> None:
    headers = {**site.key, "Content-Type": "multipart/form-data; boundary=b"}

    assert site.http("POST", "/api/v1/upload", headers, body=body).status == 400


def test_a_body_without_its_closing_boundary_is_never_committed(site: Site) -> None:
    body, content_type = multipart([("a.png", picture())])
    boundary = content_type.partition("=")[2].encode()

    for cut in (b"--\r\n", boundary + b"--\r\n", b"\r\n--" + boundary + b"--\r\n"):
        short = body.removesuffix(cut)
        assert short != body
        answer = site.http("POST", "/api/v1/upload", {**site.key, "Content-Type": content_type}, body=short)
        assert answer.status == 400
    assert site.server.commits == 0


def test_too_many_files_are_refused(site: Site) -> None:
    data = picture()

    answer = site.http.upload([("a.png", data)] * 16, site.key)

    assert (answer.status, answer.error) == (400, "Too many files: at most 15 per upload")
    assert site.http.upload([("a.png", data)] * 15, site.key).status == 200
    assert site.http.upload([("a.png", data)] * 16, site.token, path="/api/upload").status == 400
    assert site.http.upload([("a.png", data)] * 15, site.token, path="/api/upload").status == 200


def test_an_anonymous_upload_has_fewer_files(site: Site) -> None:
    data = picture()

    answer = site.http.upload([("a.png", data)] * 6, path="/api/upload")

    assert (answer.status, answer.error) == (400, "Too many files: at most 5 per upload")
    assert site.http.upload([("a.png", data)] * 5, path="/api/upload").status == 200


def test_the_largest_file_is_taken_and_one_byte_more_is_not(site: Site) -> None:
    largest = big_png(50 * 1024 * 1024)

    assert site.http.upload([("a.png", largest)], site.key).json()["size"] == len(largest)
    answer = site.http.upload([("a.png", largest + b"x")], site.key)

    assert (answer.status, answer.error) == (413, "File too large: a.png is over 50 MB")
    assert site.server.commits == 1


def test_an_anonymous_file_is_smaller(site: Site) -> None:
    largest = big_png(25 * 1024 * 1024)

    assert site.http.upload([("a.png", largest)], path="/api/upload").status == 200
    answer = site.http.upload([("a.png", largest + b"x")], path="/api/upload")

    assert (answer.status, answer.error) == (413, "File too large: a.png is over 25 MB")


def test_a_request_that_cannot_be_within_the_limits_is_refused_before_it_is_sent(site: Site) -> None:
    with socket.create_connection((site.server.base_url.split("/")[2].split(":")[0], _port(site)), timeout=10) as link:
        link.sendall(
            b"POST /api/v1/upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b"X-API-Key: " + site.key["X-API-Key"].encode() + b"\r\nContent-Length: 99999999999\r\n\r\n"
        )
        assert link.recv(4096).startswith(b"HTTP/1.1 413 ")


def _port(site: Site) -> int:
    return int(site.server.base_url.rpartition(":")[2])


def test_storage_is_limited_and_deleting_makes_room(tmp_path: Path) -> None:
    limits = DemoLimits(storage_bytes=1000, storage_bytes_verified=2000)
    with DemoServer(tmp_path, limits=limits) as server:
        http = PlainHttp(server.base_url)
        small, large = server.add_user("small"), server.add_user("large", is_verified=True)
        small_key, large_key = ({"X-API-Key": server.add_key(user)} for user in (small, large))

        first = http.upload([("a.png", big_png(600))], small_key)
        refused = http.upload([("a.png", big_png(600))], small_key)
        for _ in range(3):
            assert http.upload([("a.png", big_png(600))], large_key).status == 200
        http("DELETE", first.json()["delete"], small_key)
        again = http.upload([("a.png", big_png(600))], small_key)

    assert (refused.status, refused.error) == (413, "Storage limit reached: 600 of 1000 bytes are used")
    assert again.status == 200


def test_nothing_is_left_of_a_refused_upload(tmp_path: Path) -> None:
    with DemoServer(tmp_path, limits=NO_RATE_LIMITS) as server:
        http = PlainHttp(server.base_url)
        for files in ([("a.png", picture()), ("b.txt", b"text")], [("a.png", picture())] * 6):
            assert http.upload(files, path="/api/upload").status == 400

        assert [path for path in (tmp_path / "images").rglob("*") if path.is_file()] == []
