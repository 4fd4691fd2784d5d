"""What every method sends, with which credential, and what it makes of a plain answer."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

import app
from app.api import Client
from app.core.errors import InputError
from app.core.imglink import (
    Album,
    AlbumChanges,
    AlbumId,
    EmbedFields,
    EmbedId,
    EmbedProfile,
    ImageId,
    KeyCheck,
    UploadOptions,
    Visibility,
)
from app.core.ports import ImgLink
from app.core.service_errors import (
    Forbidden,
    NoPasswordSignIn,
    NotAuthenticated,
    NotFound,
    Rejected,
    UnreadableAnswer,
)
from tests.unit.api.endpoints import ALBUM_ID, BY_NAME, EMBED_ID, ENDPOINTS, IMAGE_ID, Endpoint
from tests.unit.api.harness import IMAGE, KEY, TOKEN, client_of, credentials, png_file, run

_: type[ImgLink] = Client
BASE = "https://imglink.example/prefix"
NAMES = [endpoint.name for endpoint in ENDPOINTS]


class Wire(httpx.AsyncBaseTransport):
    """Takes the network's place: keeps what was sent, and gives the answers in order, the last one for good."""

    def __init__(self, *answers: object, status: int = 200, html: bool = False) -> None:
        self.answers = list(answers)
        self.status = status
        self.html = html
        self.sent: list[httpx.Request] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.aread())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if self.html:
            return httpx.Response(self.status, html=str(answer))
        return httpx.Response(self.status, json=answer)


def call(endpoint: Endpoint, wire: Wire, folder: Path, key: str | None = KEY, token: str | None = TOKEN) -> object:
    async def work() -> object:
        async with client_of(BASE, credentials(key, token), http_transport=wire) as client:
            return await endpoint.call(client, png_file(folder))

    return run(work())


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_each_method_sends_its_request_with_its_credential_and_no_other(endpoint: Endpoint, tmp_path: Path) -> None:
    wire = Wire(endpoint.answer)
    call(endpoint, wire, tmp_path)
    (request,), (headers,), (body,) = wire.sent, wire.headers, wire.bodies
    assert (request.method, str(request.url)) == (endpoint.method, BASE + endpoint.target)
    secrets = {name: value for name, value in headers.items() if KEY in value or TOKEN in value}
    assert secrets == {"key": {"x-api-key": KEY}, "token": {"authorization": f"Bearer {TOKEN}"}, "": {}}[endpoint.sends]
    assert KEY.encode() not in body
    assert TOKEN.encode() not in body
    if not endpoint.name.startswith("upload"):
        assert (json.loads(body) if body else None) == endpoint.json
    assert headers["user-agent"] == f"ImgLink-Desktop/{app.__version__}"
    assert headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_without_any_credential_each_method_goes_plain_or_not_at_all(endpoint: Endpoint, tmp_path: Path) -> None:
    wire = Wire(endpoint.answer)
    if endpoint.needs:
        with pytest.raises(NotAuthenticated, match="needs"):
            call(endpoint, wire, tmp_path, None, "")
        assert wire.sent == []
    else:
        call(endpoint, wire, tmp_path, None, "")
        assert not {"authorization", "x-api-key", "cookie"} & set(wire.headers[0])


@pytest.mark.parametrize(
    ("key", "token", "anonymous", "target", "header"),
    [
        (KEY, TOKEN, False, "/api/v1/upload", ("x-api-key", KEY)),
        (KEY, None, False, "/api/v1/upload", ("x-api-key", KEY)),
        (None, TOKEN, False, "/api/upload", ("authorization", f"Bearer {TOKEN}")),
        (None, None, False, "/api/upload", None),
        (KEY, TOKEN, True, "/api/upload", None),
    ],
)
def test_an_upload_takes_the_endpoint_of_the_credential_there_is(
    tmp_path: Path, key: str | None, token: str | None, anonymous: bool, target: str, header: tuple[str, str] | None
) -> None:
    wire = Wire(IMAGE)

    async def work() -> None:
        async with client_of(BASE, credentials(key, token), http_transport=wire) as client:
            await client.upload(png_file(tmp_path), UploadOptions(anonymous=anonymous))

    run(work())
    assert wire.sent[0].url.path == "/prefix" + target
    sent = {name: value for name, value in wire.headers[0].items() if name in ("x-api-key", "authorization")}
    assert sent == (dict([header]) if header else {})


@pytest.mark.parametrize("key", ["CAN ARY", "CAN\r\nX-Evil: 1", "schlüssel", "CAN\0", "x" * 9000, " CAN"])
def test_a_credential_that_cannot_stand_in_a_header_is_refused_without_showing_it(tmp_path: Path, key: str) -> None:
    wire = Wire({})
    for name, pair in (("delete_image", (key, None)), ("albums", (None, key)), ("upload", (key, None))):
        with pytest.raises(NotAuthenticated, match="can be none") as caught:
            call(BY_NAME[name], wire, tmp_path, *pair)
        assert key not in str(caught.value) + repr(caught.value)
    assert wire.sent == []


def test_a_cookie_of_the_server_is_never_sent_back(tmp_path: Path) -> None:
    class SettingCookies(Wire):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            response.headers["set-cookie"] = "session=secret; Path=/"
            return response

    wire = SettingCookies({"token": "t"}, {"images": []})

    async def work() -> None:
        async with client_of(BASE, http_transport=wire) as client:
            await client.sign_in("ada", "pw")
            await client.gallery()

    run(work())
    assert [("cookie" in headers) for headers in wire.headers] == [False, False]


BAD_IDS = ["", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "a b", "ä", "a\n", "x" * 65, "../albums"]


@pytest.mark.parametrize("bad", BAD_IDS)
def test_what_is_no_id_never_gets_into_an_address(bad: str) -> None:
    wire = Wire({})
    image, album, embed = ImageId(bad), AlbumId(bad), EmbedId(bad)

    async def work() -> None:
        async with client_of(BASE, http_transport=wire) as client:
            for attempt in (
                lambda: client.image(image),
                lambda: client.delete_image(image),
                lambda: client.album(album),
                lambda: client.update_album(album, AlbumChanges()),
                lambda: client.delete_album(album),
                lambda: client.add_to_album(album, IMAGE_ID),
                lambda: client.add_to_album(ALBUM_ID, image),
                lambda: client.remove_from_album(album, IMAGE_ID),
                lambda: client.remove_from_album(ALBUM_ID, image),
                lambda: client.update_embed(embed, EmbedFields("n")),
                lambda: client.delete_embed(embed),
                lambda: client.assign_embed(image, None),
                lambda: client.assign_embed(IMAGE_ID, embed),
                lambda: client.assign_embed_bulk([image], None),
                lambda: client.assign_embed_bulk([IMAGE_ID], embed),
            ):
                with pytest.raises(InputError, match="is not the id of"):
                    await attempt()

    run(work())
    assert wire.sent == []


def test_what_is_out_of_the_documented_bounds_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    wire = Wire({})
    file = png_file(tmp_path)

    async def work() -> None:
        async with client_of(BASE, http_transport=wire) as client:
            for attempt in (
                lambda: client.gallery(0),
                lambda: client.gallery(1, 41),
                lambda: client.gallery(1, 0),
                lambda: client.upload_several([], UploadOptions()),
                lambda: client.upload_several([file] * 16, UploadOptions()),
                lambda: client.upload_several([file] * 6, UploadOptions(anonymous=True)),
                lambda: client.assign_embed_bulk([], None),
                lambda: client.assign_embed_bulk([IMAGE_ID] * 101, None),
                lambda: client.create_album("  "),
                lambda: client.update_album(ALBUM_ID, AlbumChanges(title="")),
                lambda: client.create_embed(EmbedFields(" ")),
                lambda: client.update_embed(EMBED_ID, EmbedFields("n", color="red")),
                lambda: client.sign_in("", "pw"),
                lambda: client.sign_in("ada", ""),
            ):
                with pytest.raises(InputError):
                    await attempt()

    run(work())
    assert wire.sent == []


@pytest.mark.parametrize("path", ["", "login", "//host/login", "/a?b", "/a b", "/../x", "https://h/login", "/a//b"])
def test_a_sign_in_path_that_is_none_is_refused(path: str) -> None:
    async def work() -> None:
        async with client_of(BASE, sign_in_path=path):
            pass

    with pytest.raises(InputError, match="sign-in path"):
        run(work())


def one(wire: Wire, name: str, folder: Path) -> object:
    return call(BY_NAME[name], wire, folder)


def test_a_key_check_tells_good_limited_and_bad_apart(tmp_path: Path) -> None:
    assert one(Wire({"error": "Image not found"}, status=404), "check_key", tmp_path) is KeyCheck.GOOD
    assert one(Wire({"error": "Missing scope"}, status=403), "check_key", tmp_path) is KeyCheck.LIMITED
    assert one(Wire({"success": True}), "check_key", tmp_path) is KeyCheck.GOOD
    with pytest.raises(NotAuthenticated, match="API key is not accepted"):
        one(Wire({"error": "Invalid API key"}, status=401), "check_key", tmp_path)


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (403, Forbidden)])
def test_a_web_page_says_nothing_about_a_key(tmp_path: Path, status: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="web page came back"):
        one(Wire("<h1>nginx</h1>", status=status, html=True), "check_key", tmp_path)


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("html", [True, False])
def test_a_server_without_password_sign_in_is_told_with_the_way_to_paste_a_token(
    tmp_path: Path, status: int, html: bool
) -> None:
    with pytest.raises(NoPasswordSignIn, match="offers no sign-in") as caught:
        one(Wire({"error": "Not found"}, status=status, html=html), "sign_in", tmp_path)
    assert "paste" in caught.value.remedy


def test_a_wrong_password_is_told_as_one_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(NotAuthenticated, match="name or the password") as caught:
        one(Wire({"error": "no account ada with pass word"}, status=401), "sign_in", tmp_path)
    assert not isinstance(caught.value, NoPasswordSignIn)
    assert "pass word" not in str(caught.value)


@pytest.mark.parametrize(
    "answer", [{}, {"requires2fa": True}, {"token": ""}, {"token": "a b"}, {"token": "a\r\nb"}, None]
)
def test_a_sign_in_without_a_usable_token_is_unreadable(tmp_path: Path, answer: object) -> None:
    with pytest.raises(UnreadableAnswer):
        one(Wire(answer), "sign_in", tmp_path)


def test_the_sign_in_path_is_the_configured_one() -> None:
    wire = Wire({"token": "t"})

    async def work() -> str:
        async with client_of(BASE, sign_in_path="/auth/v2/sign-in", http_transport=wire) as client:
            return await client.sign_in("ada", "pw")

    assert run(work()) == "t"
    assert wire.sent[0].url.path == "/prefix/auth/v2/sign-in"


def test_a_changed_album_is_read_again_when_the_answer_does_not_hold_it(tmp_path: Path) -> None:
    wire = Wire({"success": True}, {"album": {"id": "_album-1", "title": "New"}})
    assert one(wire, "update_album", tmp_path) == Album(AlbumId("_album-1"), "New")
    assert [request.method for request in wire.sent] == ["PUT", "GET"]


def test_a_created_thing_of_which_only_the_id_comes_back_has_the_fields_that_were_sent(tmp_path: Path) -> None:
    created = one(Wire({"success": True, "id": 9}), "create_album", tmp_path)
    assert created == Album(AlbumId("9"), "Shots", "of games", is_public=False)
    fields = EmbedFields("Brand", title="Look", color="#ff5733")
    assert one(Wire({"success": True, "id": 9}), "create_embed", tmp_path) == EmbedProfile(EmbedId("9"), fields)


def test_success_false_is_an_error_with_the_servers_words(tmp_path: Path) -> None:
    for endpoint in ENDPOINTS:
        with pytest.raises(Rejected, match="disk on fire"):
            call(endpoint, Wire({"success": False, "error": "disk on fire"}), tmp_path)


def test_visibility_and_nsfw_are_sent_only_when_chosen(tmp_path: Path) -> None:
    def body(options: UploadOptions) -> bytes:
        wire = Wire(IMAGE)

        async def work() -> None:
            async with client_of(BASE, http_transport=wire) as client:
                await client.upload(png_file(tmp_path), options)

        run(work())
        return wire.bodies[0]

    assert body(UploadOptions()).count(b"form-data; name=") == 1
    chosen = body(UploadOptions(visibility=Visibility.PRIVATE, nsfw=True))
    assert b'name="visibility"\r\n\r\nprivate\r\n' in chosen
    assert b'name="private"\r\n\r\ntrue\r\n' in chosen
    assert b'name="nsfw"\r\n\r\ntrue\r\n' in chosen


def test_nothing_that_can_be_printed_holds_a_credential(tmp_path: Path) -> None:
    async def work() -> list[str]:
        wire = Wire({"error": f"key {KEY} and token {TOKEN} are bad"}, status=401)
        texts = []
        async with client_of(BASE, http_transport=wire) as client:
            texts.append(repr(client))
            for endpoint in ENDPOINTS:
                with pytest.raises(NotAuthenticated) as caught:
                    await endpoint.call(client, png_file(tmp_path))
                secret = {"key": KEY, "token": TOKEN}.get(endpoint.sends)
                if secret:
                    shown = f"{caught.value}{caught.value!r}{caught.value.details}"
                    assert secret not in shown
                    assert "… " in shown
        return texts

    assert run(work()) == [f"Client('{BASE}')"]
