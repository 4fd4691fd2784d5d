"""Which calls pass the sign-in gate, and a bulk action that outlives its session, against the demo server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar, cast

import pytest

from app.api import Client
from app.core.base_url import parse_base_url
from app.core.errors import Cancelled
from app.core.imglink import CredentialKind, EmbedFields, ImageId, UploadOptions
from app.demo import DEMO_API_KEY, DEMO_PASSWORD, DEMO_USER, DemoServer, ManualClock
from app.services.account import AccountService
from app.services.credentials import Credentials
from app.services.gated import GatedImgLink
from app.services.sign_in import SignInGate, SignInReason
from tests.unit.api.endpoints import ENDPOINTS, Endpoint
from tests.unit.api.harness import client_of, credentials, png_file
from tests.unit.api.test_endpoints import BASE, Wire
from tests.unit.services.queue_harness import in_loop
from tests.unit.services.test_account import FakeSecrets

T = TypeVar("T")
WEEK_S = 7 * 24 * 3600


class CountingGate:
    """Lets everything through, and counts."""

    def __init__(self) -> None:
        self.passed = 0

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        self.passed += 1
        return await call()


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
@in_loop
async def test_what_takes_a_token_passes_the_gate_and_nothing_else(endpoint: Endpoint, tmp_path: Path) -> None:
    gate = CountingGate()
    async with client_of(BASE, credentials(), http_transport=Wire(endpoint.answer)) as client:
        gated = GatedImgLink(client, cast(SignInGate, gate))
        # The endpoints are called by name, as those of a client.
        await endpoint.call(cast(Client, gated), png_file(tmp_path))
    assert gate.passed == (endpoint.sends == "token")


class Person:
    """Signed in to a demo server whose clock a test holds; asked to sign in again, does what `answer` says."""

    def __init__(self, server: DemoServer, clock: ManualClock, answer: bool = True) -> None:
        self.answer = answer
        self.reasons: list[SignInReason] = []
        self.secrets = FakeSecrets()
        base_url = parse_base_url(server.base_url)
        kept = Credentials(self.secrets, base_url.origin, {"IMGLINK_API_KEY": DEMO_API_KEY})
        self.client = Client(base_url, kept.get, now=clock.now)
        self.account = AccountService(kept, self.client, clock)
        self.gated = GatedImgLink(self.client, SignInGate(self.account, self._ask))

    async def _ask(self, reason: SignInReason) -> bool:
        self.reasons.append(reason)
        # Whoever else is refused meanwhile comes to wait, too.
        await asyncio.sleep(0)
        if self.answer:
            await self.account.sign_in(DEMO_USER, DEMO_PASSWORD)
        return self.answer


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server(clock: ManualClock) -> Iterator[DemoServer]:
    with DemoServer(clock=clock) as running:
        yield running


@in_loop
async def test_a_session_that_lapses_in_the_middle_of_a_bulk_action_is_renewed_once_and_all_is_done(
    server: DemoServer, clock: ManualClock, tmp_path: Path
) -> None:
    person = Person(server, clock)
    ids: list[ImageId] = []
    await person.account.sign_in(DEMO_USER, DEMO_PASSWORD)
    for _ in range(12):
        ids.append((await person.client.upload(png_file(tmp_path), UploadOptions())).id)
    album = await person.gated.create_album("Shots")
    embed = await person.gated.create_embed(EmbedFields("Brand"))
    for image_id in ids[:5]:
        await person.gated.add_to_album(album.id, image_id)
    clock.advance(WEEK_S)
    await asyncio.gather(
        *(person.gated.add_to_album(album.id, image_id) for image_id in ids[5:]),
        person.gated.assign_embed_bulk(ids, embed.id),
    )
    assert person.reasons == [SignInReason.LAPSED]
    assert {image.id for image in (await person.gated.album(album.id)).images} == set(ids)
    assert {image.embed_id for image in server.images()} == {int(embed.id)}
    added = [request for request in server.requests if request.path == f"/api/albums/{album.id}/images"]
    assert len([each for each in added if each.status == 401]) == 7
    assert len([each for each in added if each.status != 401]) == 12
    # Neither credential has strayed.
    for request in server.requests:
        headers = dict(request.headers)
        assert ("x-api-key" in headers) == request.path.startswith("/api/v1/")
        assert ("authorization" in headers) == (not request.path.startswith(("/api/v1/", "/api/auth/")))
    await person.client.close()


@in_loop
async def test_who_does_not_sign_in_again_cancels_and_signing_in_later_works(
    server: DemoServer, clock: ManualClock
) -> None:
    person = Person(server, clock, answer=False)
    with pytest.raises(Cancelled):
        await person.gated.albums()
    assert person.reasons == [SignInReason.MISSING]
    person.answer = True
    assert await person.gated.albums() == ()
    status = await person.account.status()
    assert status.token.holder == DEMO_USER
    assert status.token.expires_at is not None
    assert (status.token.expires_at - clock.now()).total_seconds() == WEEK_S
    await person.account.remove(CredentialKind.TOKEN)
    assert person.secrets.kept == {}
    await person.client.close()


@in_loop
async def test_a_pasted_token_is_tried_against_the_service(server: DemoServer, clock: ManualClock) -> None:
    person = Person(server, clock)
    token = server.add_token(server.user(DEMO_USER))
    status = await person.account.set_token(f"Authorization: Bearer {token}\n")
    assert (status.token.holder, await person.gated.embeds()) == (DEMO_USER, ())
    assert person.reasons == []
    await person.client.close()
