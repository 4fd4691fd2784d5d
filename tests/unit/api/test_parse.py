"""The lenient readers: every shape that the contract names, and nothing but a value or Unreadable for the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api import parse
from app.api.parse import Unreadable
from app.core.imglink import Album, AlbumId, EmbedFields, EmbedId, EmbedProfile, GalleryPage, Image, ImageId

BARE = {"id": "_RxgFRvwh9", "url": "https://i.example/a.png"}
IMAGE = Image(ImageId("_RxgFRvwh9"), "https://i.example/a.png")
FULL = {
    **BARE,
    "success": True,
    "thumbnail": "https://i.example/a.webp",
    "viewer": "https://example/i/a",
    "delete": "https://example/api/v1/image/a",
    "width": 1920,
    "height": 1080,
    "size": 524288,
    "mime": "image/png",
    "views": 42,
    "uploadedAt": "2026-01-15T12:00:00Z",
    "somethingNew": [1],
}


def test_an_image_with_everything_is_read_exactly() -> None:
    assert parse.image(FULL) == Image(
        ImageId("_RxgFRvwh9"),
        "https://i.example/a.png",
        viewer="https://example/i/a",
        thumbnail="https://i.example/a.webp",
        delete="https://example/api/v1/image/a",
        width=1920,
        height=1080,
        size=524288,
        mime="image/png",
        views=42,
        uploaded_at=datetime(2026, 1, 15, 12, tzinfo=UTC),
    )


def test_an_image_is_found_bare_or_wrapped_and_needs_only_id_and_address() -> None:
    for answer in (BARE, {"data": BARE}, {"image": BARE}, {"success": True, "data": {"image": BARE}}):
        assert parse.image(answer) == IMAGE


@pytest.mark.parametrize(
    "answer",
    [
        None, [], "x", 1, {}, {"data": None}, {"data": []}, {"id": "a"}, {"url": "https://x/"}, {"data": {"id": "a"}},
        {**BARE, "id": ""}, {**BARE, "id": True}, {**BARE, "id": 1.5}, {**BARE, "id": "../x"}, {**BARE, "id": "a" * 65},
        {**BARE, "id": None}, {**BARE, "id": -1.0}, {**BARE, "url": "javascript:alert(1)"}, {**BARE, "url": "/a.png"},
        {**BARE, "url": "https://"}, {**BARE, "url": "https://x/\ny"}, {**BARE, "url": "https://[x"},
        {**BARE, "url": "https://x/ y"}, {**BARE, "url": 5}, {**BARE, "url": "https://x/" + "a" * 5000},
        {**BARE, "url": "https://x/\ud800"}, {"data": {"data": {"data": {"data": BARE}}}},
    ],
)  # fmt: skip
def test_without_a_usable_id_and_address_there_is_no_image(answer: object) -> None:
    with pytest.raises(Unreadable):
        parse.image(answer)


@pytest.mark.parametrize(
    "odd", [None, "", "wide", -1, True, [], {}, 1.5, 10**30, float("inf"), float("nan"), "9" * 30, "١"]
)
def test_an_optional_field_of_a_wrong_type_is_none(odd: object) -> None:
    fields = ("width", "height", "size", "views", "thumbnail", "viewer", "delete", "uploadedAt")
    assert parse.image({**BARE, **dict.fromkeys(fields, odd)}) == IMAGE


def test_numbers_come_as_text_or_with_a_point_too() -> None:
    image = parse.image({**BARE, "size": "524288", "width": 1920.0, "views": 0})
    assert (image.size, image.width, image.views) == (524288, 1920, 0)


def test_both_spellings_of_a_name_are_read() -> None:
    answer = {**BARE, "thumbnail_url": "https://x/t", "viewerUrl": "https://x/v", "mime_type": "image/gif"}
    image = parse.image({**answer, "uploaded_at": "2026-01-15T13:00:00+01:00"})
    assert (image.thumbnail, image.viewer, image.mime) == ("https://x/t", "https://x/v", "image/gif")
    assert image.uploaded_at == datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-01-15T12:00:00Z", 12), ("2026-01-15T12:00:00.123Z", 12), ("2026-01-15T12:00:00", 12),
        ("2026-01-15 12:00:00+02:00", 10), ("2026-01-15T12:00:00-05:00", 17), ("20260115T120000Z", 12),
    ],
)  # fmt: skip
def test_times_are_iso_8601_and_utc(text: str, hour: int) -> None:
    moment = parse.image({**BARE, "uploadedAt": text}).uploaded_at
    assert moment is not None
    assert (moment.hour, moment.tzinfo) == (hour, UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-13-01"]
)
def test_a_time_that_is_none_is_none(text: str) -> None:
    assert parse.image({**BARE, "uploadedAt": text}).uploaded_at is None


def test_an_upload_of_one_is_read_from_an_object_or_a_list_of_one() -> None:
    for answer in (FULL, {"images": [BARE]}, [BARE], {"data": BARE}, {"data": [BARE]}, {"data": {"images": [BARE]}}):
        assert parse.uploaded(answer, 1)[0].id == IMAGE.id


def test_an_upload_of_several_needs_an_image_for_each_file() -> None:
    two = {"images": [BARE, {**BARE, "id": "b"}]}
    assert [image.id for image in parse.uploaded(two, 2)] == ["_RxgFRvwh9", "b"]
    unfit: list[object] = [two, {"images": [BARE, {}, BARE]}, {"images": []}, BARE]
    for answer in unfit:
        with pytest.raises(Unreadable):
            parse.uploaded(answer, 3)


def test_a_gallery_page_is_read_with_its_counts() -> None:
    answer = {"images": [BARE], "page": 3, "totalPages": 50, "total": 1000}
    assert parse.gallery(answer, 1, 20) == GalleryPage((IMAGE,), 3, 50, 1000)
    assert parse.gallery({"data": answer}, 1, 20) == GalleryPage((IMAGE,), 3, 50, 1000)
    inner = {"data": [BARE], "pagination": {"page": 3, "total_pages": "50", "total": 1000}}
    assert parse.gallery(inner, 1, 20) == GalleryPage((IMAGE,), 3, 50, 1000)


def test_a_gallery_without_counts_says_what_it_shows() -> None:
    assert parse.gallery([BARE], 3, 20) == GalleryPage((IMAGE,), 3, 3, 41)
    assert parse.gallery({"images": []}, 1, 20) == GalleryPage((), 1, 0, 0)
    assert parse.gallery({"images": [], "total": 41}, 9, 20) == GalleryPage((), 9, 3, 41)


def test_one_odd_entry_does_not_hide_the_others_but_all_odd_is_no_empty_list() -> None:
    assert parse.gallery({"images": [{}, BARE, None]}, 1, 20).images == (IMAGE,)
    for read in (parse.albums, parse.embeds, lambda answer: parse.gallery(answer, 1, 20)):
        with pytest.raises(Unreadable):
            read([{}, {}])


def test_albums_are_found_bare_or_under_a_name() -> None:
    item = {"id": 7, "title": "Shots"}
    expected = (Album(AlbumId("7"), "Shots"),)
    for answer in ([item], {"albums": [item]}, {"data": [item]}, {"success": True, "data": {"albums": [item]}}):
        assert parse.albums(answer) == expected
    assert parse.albums({"albums": []}) == ()


@pytest.mark.parametrize(
    "answer", [None, {}, {"albums": None}, {"albums": {}}, {"data": {"data": {"data": {"data": []}}}}, "x"]
)
def test_no_list_is_not_an_empty_one(answer: object) -> None:
    with pytest.raises(Unreadable):
        parse.albums(answer)


@pytest.mark.parametrize(
    "fields",
    [
        {"isPublic": False, "imageCount": 3, "coverUrl": "https://x/c"},
        {"is_public": False, "image_count": 3, "cover": "https://x/c"},
        {"is_public": 0, "count": "3", "cover_url": "https://x/c"},
        {"visibility": "private", "count": 3, "thumbnail": "https://x/c"},
    ],
)
def test_an_albums_fields_are_read_in_every_spelling(fields: dict[str, object]) -> None:
    album = parse.album({"id": "a", "name": "Shots", "description": None, **fields})
    assert album == Album(AlbumId("a"), "Shots", "", is_public=False, image_count=3, cover="https://x/c")


@pytest.mark.parametrize(
    ("fields", "expected"), [({}, None), ({"hasPassword": True}, True), ({"has_password": 0}, False)]
)
def test_an_album_says_whether_it_has_a_password_or_nothing_of_it(
    fields: dict[str, object], expected: bool | None
) -> None:
    assert parse.album({"id": "a", "title": "Shots", **fields}).has_password is expected


def test_an_album_brings_its_images_inside_or_beside() -> None:
    album = {"id": "a", "title": "Shots"}
    expected = Album(AlbumId("a"), "Shots", image_count=1, images=(IMAGE,))
    for answer in (
        {**album, "images": [BARE]},
        {"album": {**album, "images": [BARE]}},
        {"album": album, "images": [BARE]},
        {"data": {**album, "images": [BARE]}},
    ):
        assert parse.album(answer) == expected
    assert parse.album({"album": album}).image_count is None


def test_embed_profiles_are_read_in_every_shape() -> None:
    item = {
        "id": 5,
        "name": "Brand",
        "color": "#ff5733",
        "author_name": "Ada",
        "authorUrl": "https://x",
        "siteName": "S",
    }
    expected = EmbedProfile(
        EmbedId("5"),
        EmbedFields("Brand", color="#ff5733", author_name="Ada", author_url="https://x", site_name="S"),
    )
    for wrapped in (item, {"embed": item}, {"profile": item}, {"data": item}, {"data": {"profile": item}}):
        assert parse.embed(wrapped) == expected
    for listed in ([item], {"embeds": [item]}, {"profiles": [item]}, {"data": [item]}, {"embedProfiles": [item]}):
        assert parse.embeds(listed) == (expected,)


def test_text_loses_what_cannot_be_stored_or_shown_and_keeps_its_lines_and_joiners() -> None:
    odd = "a\0b\x1b[31m\u202ec\ud800\n👩\u200d💻"
    assert parse.album({"id": 1, "title": odd}).title == "ab[31mc\n👩\u200d💻"


@pytest.mark.parametrize("name", ["token", "accessToken", "access_token", "jwt"])
def test_a_token_is_found_under_each_name_at_the_top_or_inside_data(name: str) -> None:
    assert parse.token({name: "t"}) == "t"
    assert parse.token({"success": True, "data": {name: "t"}}) == "t"


@pytest.mark.parametrize("answer", [{}, {"token": 5}, {"data": "t"}, [], None, {"data": {"token": {}}}])
def test_no_token_is_unreadable(answer: object) -> None:
    with pytest.raises(Unreadable):
        parse.token(answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"success": False, "error": "no"}, "no"),
        ({"success": False}, ""),
        ({"error": "no"}, "no"),
        ({"error": {"message": "no"}}, "no"),
        ({"error": True, "message": "no"}, "no"),
        ({"success": True, "error": "harmless"}, None),
        ({"error": None, "id": 1}, None),
        ({"error": ""}, None),
        ([], None),
        (None, None),
        ("error", None),
    ],
)
def test_an_answer_that_says_it_failed_is_known(answer: object, words: str | None) -> None:
    assert parse.refusal(answer) == words


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"<html>",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        b"\xff\xfe{}",
        b"9" * 5000,
        b"'x'",
    ],
)
def test_what_is_not_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse.read_json(body)


def test_an_empty_body_is_nothing_and_a_byte_order_mark_is_ignored() -> None:
    assert parse.read_json(b" \r\n") is None
    assert parse.read_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


NAMES = st.sampled_from(
    [
        "id", "url", "data", "images", "image", "album", "albums", "embed", "embeds", "profile", "success", "error",
        "message",
        "token", "jwt", "page", "total", "totalPages", "pagination", "width", "size", "uploadedAt", "isPublic", "count",
        "cover", "title", "name", "color", "author_name", "visibility",
    ]
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["https://x/y", "http://[", "a-b_c", "2026-01-15T12:00:00Z", "12"])
)
ANSWERS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=6),
    max_leaves=25,
)
READERS: list[Callable[[object], object]] = [
    parse.image,
    lambda answer: parse.uploaded(answer, 1),
    lambda answer: parse.gallery(answer, 1, 20),
    parse.albums,
    parse.album,
    parse.changed_album,
    parse.embeds,
    parse.embed,
    parse.token,
    parse.refusal,
    parse.error_words,
    parse.acknowledged,
]


def value_or_unreadable(read: Callable[[object], object], answer: object) -> bool:
    try:
        read(answer)
    except Unreadable:
        return False
    return True


@given(ANSWERS)
def test_any_json_gives_a_value_or_is_unreadable(answer: object) -> None:
    # Through text, as it comes from a server: NaN, huge numbers and lone surrogates survive the trip.
    value = parse.read_json(json.dumps(answer).encode())
    for read in READERS:
        value_or_unreadable(read, value)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_are_unreadable(body: bytes) -> None:
    value_or_unreadable(lambda data: parse.read_json(bytes(data)) if isinstance(data, bytes) else None, body)


@given(ANSWERS, st.sampled_from(["", "data", "image"]))
def test_noise_around_an_image_does_not_hide_it(noise: object, wrapper: str) -> None:
    extra = {"zz_" + name: value for name, value in noise.items()} if isinstance(noise, dict) else {"zz": noise}
    whole = {**extra, **BARE}
    assert parse.image({wrapper: whole} if wrapper else whole) == IMAGE
