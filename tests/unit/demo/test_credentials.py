"""Which endpoint takes which credential: every endpoint of the table, with every credential."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

import pytest

from app.demo import DEMO_API_KEY, DEMO_EMAIL, DEMO_PASSWORD, DEMO_USER, DemoServer, ManualClock
from tests.unit.demo.conftest import Site
from tests.unit.demo.plain_http import Answer, PlainHttp, multipart, picture

ABSENT = "_absent-00"
KEY, TOKEN = "key", "token"


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str
    needs: str | None
    """The credential without which it answers 401."""
    success: int
    """What a good request with the right credential is answered, for things that do not exist."""
    body: object = None
    is_form: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


ENDPOINTS = [
    Endpoint("POST", "/api/v1/upload", KEY, 200, is_form=True),
    Endpoint("GET", f"/api/v1/image/{ABSENT}", None, 404),
    Endpoint("DELETE", f"/api/v1/image/{ABSENT}", KEY, 404),
    Endpoint("POST", "/api/upload", None, 200, is_form=True),
    Endpoint("GET", "/api/gallery", None, 200),
    Endpoint("GET", "/api/albums", TOKEN, 200),
    Endpoint("POST", "/api/albums", TOKEN, 201, {"title": "A", "description": "B", "isPublic": True}),
    Endpoint("GET", f"/api/albums/{ABSENT}", None, 404),
    Endpoint("PUT", f"/api/albums/{ABSENT}", TOKEN, 404, {"title": "A"}),
    Endpoint("DELETE", f"/api/albums/{ABSENT}", TOKEN, 404),
    Endpoint("POST", f"/api/albums/{ABSENT}/images", TOKEN, 404, {"imageId": ABSENT}),
    Endpoint("DELETE", f"/api/albums/{ABSENT}/images/{ABSENT}", TOKEN, 404),
    Endpoint("GET", "/api/embeds", TOKEN, 200),
    Endpoint("POST", "/api/embeds", TOKEN, 201, {"name": "A"}),
    Endpoint("PUT", "/api/embeds/999999", TOKEN, 404, {"name": "A"}),
    Endpoint("DELETE", "/api/embeds/999999", TOKEN, 404),
    Endpoint("PATCH", f"/api/images/{ABSENT}/embed", TOKEN, 404, {"embed_profile_id": None}),
    Endpoint("PATCH", "/api/images/bulk-embed", TOKEN, 404, {"image_ids": [ABSENT], "embed_profile_id": None}),
]
every_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)


def ask(http: PlainHttp, endpoint: Endpoint, headers: dict[str, str]) -> Answer:
    if endpoint.is_form:
        body, content_type = multipart([("a.png", picture())])
        return http(endpoint.method, endpoint.path, {**headers, "Content-Type": content_type}, body=body)
    return http(endpoint.method, endpoint.path, headers, json_body=endpoint.body)


@every_endpoint
def test_without_credential(site: Site, endpoint: Endpoint) -> None:
    answer = ask(site.http, endpoint, {})

    assert answer.status == (401 if endpoint.needs else endpoint.success)
    if answer.status >= 400:
        assert answer.error


@every_endpoint
def test_with_key(site: Site, endpoint: Endpoint) -> None:
    answer = ask(site.http, endpoint, site.key)

    assert answer.status == (401 if endpoint.needs == TOKEN else endpoint.success)


@every_endpoint
def test_with_token(site: Site, endpoint: Endpoint) -> None:
    answer = ask(site.http, endpoint, site.token)

    assert answer.status == (401 if endpoint.needs == KEY else endpoint.success)


@every_endpoint
def test_with_wrong_values(site: Site, endpoint: Endpoint) -> None:
    wrong = {KEY: {"X-API-Key": "wrong"}, TOKEN: {"Authorization": "Bearer a.b.c"}, None: {}}[endpoint.needs]

    assert ask(site.http, endpoint, wrong).status == (401 if endpoint.needs else endpoint.success)


@every_endpoint
def test_a_banned_account_may_do_nothing(site: Site, endpoint: Endpoint) -> None:
    user = site.server.add_user("banned")
    credentials = {KEY: site.key_of(user), TOKEN: site.token_of(user), None: {}}[endpoint.needs]
    site.server.set_banned(user)

    assert ask(site.http, endpoint, credentials).status == (403 if endpoint.needs else endpoint.success)


def test_a_key_that_may_only_upload_is_forbidden_to_delete(site: Site) -> None:
    headers = {"X-API-Key": site.server.add_key(site.demo, scopes={"upload:create"})}

    uploaded = site.http.upload([("a.png", picture())], headers)
    deleted = site.http("DELETE", f"/api/v1/image/{uploaded.json()['id']}", headers)

    assert uploaded.status == 200
    assert (deleted.status, deleted.error) == (403, "This API key lacks the scope image:delete")


def test_a_key_that_may_only_delete_is_forbidden_to_upload(site: Site) -> None:
    headers = {"X-API-Key": site.server.add_key(site.demo, scopes={"image:delete"})}

    assert site.http.upload([("a.png", picture())], headers).status == 403
    assert site.server.commits == 0


def test_a_revoked_key_is_refused(site: Site) -> None:
    key = site.server.add_key(site.demo)
    site.server.revoke_key(key)

    assert site.http.upload([("a.png", picture())], {"X-API-Key": key}).error == "Missing or invalid API key"


def test_a_key_is_checked_by_deleting_what_cannot_exist(site: Site) -> None:
    path = f"/api/v1/image/{ABSENT}"

    assert site.http("DELETE", path, site.key).status == 404
    assert site.http("DELETE", path, {"X-API-Key": "wrong"}).status == 401


def test_a_wrong_token_is_refused_where_a_token_is_optional(site: Site) -> None:
    wrong = {"Authorization": "Bearer wrong"}

    assert site.http.upload([("a.png", picture())], wrong, path="/api/upload").status == 401
    assert site.http("GET", f"/api/albums/{site.album()}", wrong).status == 401


@pytest.mark.parametrize("field", ["login", "email", "username"])
@pytest.mark.parametrize("name", [DEMO_USER, DEMO_EMAIL])
def test_signing_in(site: Site, field: str, name: str) -> None:
    answer = site.http("POST", "/api/auth/login", json_body={field: name, "password": DEMO_PASSWORD})

    assert answer.status == 200
    body = answer.json()
    assert body["user"] == {"id": site.demo.id, "username": DEMO_USER, "email": DEMO_EMAIL, "verified": True}
    assert site.http("GET", "/api/albums", {"Authorization": f"Bearer {body['token']}"}).status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"login": DEMO_USER, "password": "wrong"}, 401),
        ({"login": "nobody", "password": DEMO_PASSWORD}, 401),
        ({"login": DEMO_USER}, 400),
        ({"password": DEMO_PASSWORD}, 400),
        ({"login": "", "password": DEMO_PASSWORD}, 400),
        ({"login": 5, "password": DEMO_PASSWORD}, 400),
        ({"login": "\ud800", "password": DEMO_PASSWORD}, 400),
        (["login"], 400),
    ],
)
def test_signing_in_wrongly(site: Site, body: object, status: int) -> None:
    answer = site.http("POST", "/api/auth/login", json_body=body)

    assert answer.status == status
    assert answer.error


def test_a_banned_account_cannot_sign_in(site: Site) -> None:
    site.server.set_banned(site.server.add_user("banned", "password"))

    answer = site.http("POST", "/api/auth/login", json_body={"login": "banned", "password": "password"})

    assert answer.status == 403


def test_the_token_is_a_jwt_that_says_when_it_lapses() -> None:
    clock = ManualClock()
    with DemoServer(clock=clock) as server:
        token = server.add_token(server.user(DEMO_USER))
        payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        headers, http = {"Authorization": f"Bearer {token}"}, PlainHttp(server.base_url)

        assert payload["exp"] - clock.now().timestamp() == 7 * 24 * 3600
        clock.advance(7 * 24 * 3600 - 1)
        assert http("GET", "/api/albums", headers).status == 200
        clock.advance(1)
        answer = http("GET", "/api/albums", headers)

    assert (answer.status, answer.error) == (401, "Token expired")


def test_the_lifetime_of_tokens_can_be_set() -> None:
    clock = ManualClock()
    with DemoServer(clock=clock, token_lifetime_s=60) as server:
        http = PlainHttp(server.base_url)
        body = {"login": DEMO_USER, "password": DEMO_PASSWORD}
        token = http("POST", "/api/auth/login", json_body=body).json()["token"]
        clock.advance(61)

        assert http("GET", "/api/albums", {"Authorization": f"Bearer {token}"}).status == 401


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_forged_token_is_refused(site: Site, part: int) -> None:
    parts = site.server.add_token(site.demo).split(".")
    forged = {
        0: base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("="),
        1: base64.urlsafe_b64encode(b'{"sub":"1","exp":99999999999}').decode().rstrip("="),
        2: "",
    }
    parts[part] = forged[part]

    answer = site.http("GET", "/api/albums", {"Authorization": f"Bearer {'.'.join(parts)}"})

    assert (answer.status, answer.error) == (401, "Invalid token")


def test_a_token_of_another_server_is_refused(site: Site) -> None:
    with DemoServer() as other:
        token = other.add_token(other.user(DEMO_USER))

    assert site.http("GET", "/api/albums", {"Authorization": f"Bearer {token}"}).status == 401


def test_basic_authentication_is_refused(site: Site) -> None:
    value = base64.b64encode(f"{DEMO_USER}:{DEMO_PASSWORD}".encode()).decode()

    assert site.http("GET", "/api/albums", {"Authorization": f"Basic {value}"}).status == 401


def test_the_key_in_the_address_is_no_credential(site: Site) -> None:
    assert site.http.upload([("a.png", picture())], path=f"/api/v1/upload?key={DEMO_API_KEY}").status == 401
