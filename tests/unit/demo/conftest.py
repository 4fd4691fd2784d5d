from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.demo import DEMO_API_KEY, DEMO_USER, DemoLimits, DemoServer, DemoUser
from tests.unit.demo.plain_http import PlainHttp, picture

NO_RATE_LIMITS = DemoLimits(requests_per_minute=10**9, uploads_per_hour=10**9, anonymous_interval_s=0)


@dataclass(frozen=True)
class Site:
    """A running server, plain HTTP to it, and headers of its users."""

    server: DemoServer
    http: PlainHttp

    @property
    def demo(self) -> DemoUser:
        return self.server.user(DEMO_USER)

    @property
    def key(self) -> dict[str, str]:
        return {"X-API-Key": DEMO_API_KEY}

    @property
    def token(self) -> dict[str, str]:
        return self.token_of(self.demo)

    def token_of(self, user: DemoUser) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.server.add_token(user)}"}

    def key_of(self, user: DemoUser) -> dict[str, str]:
        return {"X-API-Key": self.server.add_key(user)}

    def upload(self, headers: dict[str, str] | None = None, **fields: str) -> str:
        """Upload a small image and return its id."""
        answer = self.http.upload([("a.png", picture())], headers or self.key, fields=fields)
        assert answer.status == 200, answer.body
        image_id = answer.json()["id"]
        assert isinstance(image_id, str)
        return image_id

    def album(self, **body: object) -> str:
        """Create an album of the demo user and return its id."""
        answer = self.http("POST", "/api/albums", self.token, json_body={"title": "Album", **body})
        assert answer.status == 201, answer.body
        album_id = answer.json()["album"]["id"]
        assert isinstance(album_id, str)
        return album_id

    def embed(self, **body: object) -> int:
        """Create an embed profile of the demo user and return its id."""
        answer = self.http("POST", "/api/embeds", self.token, json_body={"name": "Profile", **body})
        assert answer.status == 201, answer.body
        embed_id = answer.json()["embed"]["id"]
        assert isinstance(embed_id, int)
        return embed_id


@pytest.fixture
def site() -> Iterator[Site]:
    """A fresh server without rate limits."""
    with DemoServer(limits=NO_RATE_LIMITS) as server:
        yield Site(server, PlainHttp(server.base_url))
