"""The account: keys are tried before they are kept, the environment wins, and nothing shows a secret."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import ErrorKind, InputError, UserFacingError
from app.core.imglink import CredentialKind, EmbedProfile, KeyCheck
from app.core.service_errors import NotAuthenticated, Unreachable
from app.services.account import AccountService, AccountStatus, StoredIn, TokenClaims, Validity, token_claims
from app.services.credentials import Credentials
from tests.unit.services.clocks import ManualTimer
from tests.unit.services.queue_harness import in_loop

KEY, TOKEN = CredentialKind.API_KEY, CredentialKind.TOKEN
ORIGIN = "https://imglink.cc"
CANARY = "canary-5b1f0c"


@dataclass
class FakeSecrets:
    name: str = "Test Keyring"
    is_persistent: bool = True
    kept: dict[tuple[str, CredentialKind], str] = field(default_factory=dict)
    reads: int = 0
    trouble: UserFacingError | None = None

    async def get(self, origin: str, kind: CredentialKind) -> str | None:
        self.reads += 1
        await asyncio.sleep(0)
        if self.trouble:
            raise self.trouble
        return self.kept.get((origin, kind))

    async def set(self, origin: str, kind: CredentialKind, secret: str) -> None:
        if self.trouble:
            raise self.trouble
        self.kept[origin, kind] = secret

    async def delete(self, origin: str, kind: CredentialKind) -> None:
        self.kept.pop((origin, kind), None)


class FakeApi:
    """Knows which keys are good; asks for the key as the real client does."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self.answers: Mapping[str, KeyCheck] = {}
        self.trouble: UserFacingError | None = None
        self.gate: asyncio.Event | None = None
        self.token = ""
        self.good_tokens: set[str] = set()

    async def embeds(self) -> tuple[EmbedProfile, ...]:
        if self.trouble is not None:
            raise self.trouble
        if await self.credentials.get(TOKEN) not in self.good_tokens:
            raise NotAuthenticated("The session is over or not accepted.")
        return ()

    async def check_key(self) -> KeyCheck:
        key = await self.credentials.get(KEY)
        if self.gate is not None:
            await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        if key is None or key not in self.answers:
            raise NotAuthenticated("ImgLink does not know this key.")
        return self.answers[key]

    async def sign_in(self, user: str, password: str) -> str:
        return self.token

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the account must not call {name}")


class Desk:
    """An account with everything around it."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.secrets = FakeSecrets()
        self.credentials = Credentials(self.secrets, ORIGIN, environ or {})
        self.api = FakeApi(self.credentials)
        self.clock = ManualTimer()
        self.account = AccountService(self.credentials, self.api, self.clock)
        self.told: list[AccountStatus] = []
        self.account.subscribe(self.told.append)


def jwt(payload: object) -> str:
    parts = [json.dumps({"alg": "none"}), json.dumps(payload), "signature"]
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts)


@in_loop
async def test_a_good_key_is_kept_and_said_to_be_good() -> None:
    desk = Desk()
    desk.api.answers = {CANARY: KeyCheck.GOOD}
    status = await desk.account.set_key(f"  {CANARY}\n")
    assert desk.secrets.kept == {(ORIGIN, KEY): CANARY}
    assert (status.key.is_present, status.key.validity, status.key.stored_in) == (
        True,
        Validity.GOOD,
        StoredIn.KEYRING,
    )
    assert (status.store_name, status.notice, status.has_credential) == ("Test Keyring", "", True)
    assert desk.told == [status]
    assert await desk.credentials.get(KEY) == CANARY


@in_loop
async def test_a_limited_key_says_what_it_may_not_do() -> None:
    desk = Desk()
    desk.api.answers = {CANARY: KeyCheck.LIMITED}
    status = await desk.account.set_key(CANARY)
    assert status.key.validity is Validity.LIMITED
    assert "delete" in status.key.message


@in_loop
async def test_a_refused_key_leaves_the_former_one() -> None:
    desk = Desk()
    desk.secrets.kept[ORIGIN, KEY] = "former"
    with pytest.raises(NotAuthenticated):
        await desk.account.set_key("wrong")
    assert desk.secrets.kept == {(ORIGIN, KEY): "former"}
    assert await desk.credentials.get(KEY) == "former"
    assert desk.told == []


@in_loop
async def test_a_key_that_is_tried_is_seen_by_the_check_alone() -> None:
    desk = Desk()
    desk.secrets.kept[ORIGIN, KEY] = "former"
    desk.api.answers, desk.api.gate = {"new": KeyCheck.GOOD}, asyncio.Event()
    setting = asyncio.create_task(desk.account.set_key("new"))
    await asyncio.sleep(0.01)
    assert await desk.credentials.get(KEY) == "former"
    desk.api.gate.set()
    await setting
    assert await desk.credentials.get(KEY) == "new"


@in_loop
async def test_a_key_that_cannot_be_checked_now_is_kept_and_that_is_said() -> None:
    desk = Desk()
    desk.api.trouble = Unreachable("ImgLink cannot be reached.")
    status = await desk.account.set_key(CANARY)
    assert (status.key.is_present, status.key.validity) == (True, Validity.UNKNOWN)
    assert "could not be checked: ImgLink cannot be reached." in status.key.message


@pytest.mark.parametrize("text", ["", "  \n", "two words", "line\nbreak", "schlüssel", "x" * 9000])
@in_loop
async def test_what_cannot_be_a_key_is_refused_without_being_repeated(text: str) -> None:
    desk = Desk()
    with pytest.raises(InputError) as caught:
        await desk.account.set_key(text)
    assert not text.strip() or text not in str(caught.value)
    assert desk.secrets.kept == {}


@in_loop
async def test_checking_tells_and_asks_the_store_anew() -> None:
    desk = Desk()
    with pytest.raises(NotAuthenticated, match="There is no API key"):
        await desk.account.check_key()
    desk.secrets.kept[ORIGIN, KEY] = CANARY  # Set by another process.
    assert (await desk.account.check_key()).key.validity is Validity.BAD
    desk.api.answers = {CANARY: KeyCheck.GOOD}
    assert (await desk.account.check_key()).key.validity is Validity.GOOD
    desk.api.trouble = Unreachable("No.")
    with pytest.raises(Unreachable):
        await desk.account.check_key()


@in_loop
async def test_removing_forgets_the_key_and_what_was_known_of_it() -> None:
    desk = Desk()
    desk.api.answers = {CANARY: KeyCheck.GOOD}
    await desk.account.set_key(CANARY)
    status = await desk.account.remove(KEY)
    assert (status.has_credential, status.key.validity) == (False, Validity.UNKNOWN)
    assert desk.secrets.kept == {}
    assert await desk.account.has_credential() is False


@in_loop
async def test_the_environment_wins_and_cannot_be_removed() -> None:
    desk = Desk({"IMGLINK_API_KEY": f" {CANARY} ", "IMGLINK_TOKEN": ""})
    desk.secrets.kept = {(ORIGIN, KEY): "kept", (ORIGIN, TOKEN): "kept token"}
    assert await desk.credentials.get(KEY) == CANARY
    assert await desk.credentials.get(TOKEN) == "kept token"
    status = await desk.account.status()
    assert (status.key.stored_in, status.token.stored_in) == (StoredIn.ENVIRONMENT, StoredIn.KEYRING)
    assert "IMGLINK_API_KEY" in status.key.message
    with pytest.raises(InputError, match="IMGLINK_API_KEY"):
        await desk.account.remove(KEY)


@in_loop
async def test_memory_is_said_to_be_forgotten_at_exit() -> None:
    desk = Desk()
    desk.secrets.is_persistent = False
    assert (await desk.account.status()).notice == ""
    desk.secrets.kept[ORIGIN, TOKEN] = "t"
    desk.credentials.reread()
    status = await desk.account.status()
    assert status.token.stored_in is StoredIn.MEMORY
    assert "forgotten" in status.notice


@in_loop
async def test_a_keyring_that_refuses_is_a_status_and_a_failed_upload_but_not_an_anonymous_one() -> None:
    desk = Desk()
    desk.secrets.trouble = UserFacingError("The keyring is locked.", kind=ErrorKind.CREDENTIAL)
    status = await desk.account.status()
    assert (status.key.is_present, status.key.message) == (False, "The keyring is locked.")
    with pytest.raises(UserFacingError, match="locked"):
        await desk.account.has_credential()
    desk.secrets.trouble = None
    desk.secrets.kept[ORIGIN, KEY] = CANARY
    assert await desk.account.has_credential() is True


@in_loop
async def test_the_keyring_is_asked_once_however_many_uploads_ask() -> None:
    desk = Desk()
    await asyncio.gather(*(desk.credentials.get(KEY) for _ in range(20)))
    assert desk.secrets.reads == 1


@in_loop
async def test_nothing_shows_a_secret() -> None:
    desk = Desk({"IMGLINK_TOKEN": f"{CANARY}-token"})
    desk.api.answers = {CANARY: KeyCheck.GOOD}
    status = await desk.account.set_key(CANARY)
    for thing in (status, desk.credentials, desk.account, desk.told):
        assert "canary" not in repr(thing)


@in_loop
async def test_signing_in_keeps_the_token_and_tells_when_it_lapses() -> None:
    desk = Desk()
    lapses = desk.clock.now() + timedelta(days=7)
    desk.api.token = jwt({"exp": lapses.timestamp()})
    status = await desk.account.sign_in("me", "secret")
    assert (status.token.expires_at, status.token.validity) == (lapses, Validity.GOOD)
    assert desk.secrets.kept == {(ORIGIN, TOKEN): desk.api.token}
    desk.clock.advance(7 * 24 * 3600)
    late = await desk.account.status()
    assert late.token.validity is Validity.BAD
    with pytest.raises(InputError, match="lapsed"):
        await desk.account.set_token(desk.api.token)


@in_loop
async def test_a_pasted_token_is_tried_before_it_is_kept() -> None:
    desk = Desk()
    desk.secrets.kept[ORIGIN, TOKEN] = "former"
    with pytest.raises(NotAuthenticated):
        await desk.account.set_token(CANARY)
    assert (desk.secrets.kept, desk.told) == ({(ORIGIN, TOKEN): "former"}, [])
    desk.api.good_tokens = {CANARY}
    status = await desk.account.set_token(f" {CANARY}\n")
    assert (status.token.validity, desk.secrets.kept) == (Validity.GOOD, {(ORIGIN, TOKEN): CANARY})


@in_loop
async def test_a_token_that_cannot_be_checked_now_is_kept_and_that_is_said() -> None:
    desk = Desk()
    page = NotAuthenticated("A web page came back.")
    page.is_page = True
    for trouble in (Unreachable("ImgLink cannot be reached."), page):
        desk.api.trouble = trouble
        status = await desk.account.set_token(CANARY)
        assert (status.token.is_present, status.token.validity) == (True, Validity.UNKNOWN)
        assert f"could not be checked: {trouble.message}" in status.token.message


@in_loop
async def test_signing_out_wipes_the_token() -> None:
    desk = Desk()
    desk.api.token = jwt({"name": "me"})
    await desk.account.sign_in("me", "secret")
    status = await desk.account.remove(TOKEN)
    assert (status.token.is_present, desk.secrets.kept, await desk.credentials.get(TOKEN)) == (False, {}, None)


@in_loop
async def test_a_refused_token_is_a_status() -> None:
    desk = Desk()
    desk.api.token = jwt({"name": "me"})
    await desk.account.sign_in("me", "secret")
    refused = await desk.account.token_refused()
    assert (refused.validity, refused.has_lapsed, refused.holder) == (Validity.BAD, False, "me")
    assert desk.told[-1].token == refused
    # Said once, however often it is refused.
    count = len(desk.told)
    await desk.account.token_refused()
    assert len(desk.told) == count
    await desk.account.sign_in("me", "secret")
    assert desk.told[-1].token.validity is Validity.GOOD


@in_loop
async def test_a_new_token_of_another_process_is_found_when_the_old_one_is_refused() -> None:
    desk = Desk()
    desk.api.token = jwt({"name": "me"})
    await desk.account.sign_in("me", "secret")
    revision = desk.account.token_revision
    desk.secrets.kept[ORIGIN, TOKEN] = "from another process"
    status = await desk.account.token_refused()
    assert desk.account.token_revision > revision
    assert status.validity is not Validity.BAD
    assert await desk.credentials.get(TOKEN) == "from another process"


@in_loop
async def test_a_new_key_of_another_process_is_found_when_it_is_told() -> None:
    desk = Desk()
    desk.api.answers = {CANARY: KeyCheck.GOOD}
    await desk.account.set_key(CANARY)
    desk.api.answers = {}
    assert (await desk.account.check_key()).key.validity is Validity.BAD
    assert await desk.credentials.get(KEY) == CANARY
    revision = desk.account.key_revision
    # Told without reason, nothing is forgotten.
    assert (await desk.account.look_again()).key.validity is Validity.BAD
    assert desk.account.key_revision == revision
    desk.secrets.kept[ORIGIN, KEY] = "from another process"
    status = await desk.account.look_again()
    assert desk.account.key_revision > revision
    assert status.key.validity is Validity.UNKNOWN
    assert desk.told[-1] == status
    assert await desk.credentials.get(KEY) == "from another process"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c",
        "a.!!.c",
        jwt([]),
        jwt({}),
        jwt({"exp": "soon", "name": 7}),
        jwt({"exp": 1e99, "email": "  "}),
        jwt({"exp": None}),
        jwt({"exp": True}),
    ],
)
def test_a_token_that_does_not_tell_when_it_lapses_or_whose_it_is(token: str) -> None:
    assert token_claims(token) == TokenClaims()


def test_a_token_tells_when_it_lapses() -> None:
    assert token_claims(jwt({"exp": 1_800_000_000})).expires_at == datetime.fromtimestamp(1_800_000_000, UTC)


@pytest.mark.parametrize(
    ("payload", "holder"),
    [
        ({"sub": "7", "username": "mia"}, "mia"),
        ({"email": "mia@example.com"}, "mia@example.com"),
        ({"name": " Mia\u202e ", "username": "mia"}, "Mia"),
        ({"name": "x" * 500}, "x" * 80),
    ],
)
def test_a_token_tells_whose_it_is(payload: object, holder: str) -> None:
    assert token_claims(jwt(payload)).holder == holder


@given(st.text() | st.binary().map(lambda data: "a." + base64.urlsafe_b64encode(data).decode() + ".c"))
def test_no_token_breaks_the_reading(token: str) -> None:
    expiry = token_claims(token).expires_at
    assert expiry is None or expiry.tzinfo is UTC
