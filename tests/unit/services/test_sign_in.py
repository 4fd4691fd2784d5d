"""The sign-in gate: asked once, whoever waits goes on, and whoever does not want to is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from app.core.errors import Cancelled, UserFacingError
from app.core.imglink import CredentialKind
from app.core.service_errors import Forbidden, NotAuthenticated
from app.services.account import AccountService
from app.services.credentials import Credentials
from app.services.sign_in import SignInGate, SignInReason
from tests.unit.services.clocks import ManualTimer
from tests.unit.services.queue_harness import in_loop
from tests.unit.services.test_account import ORIGIN, FakeApi, FakeSecrets, jwt

KEY, TOKEN = CredentialKind.API_KEY, CredentialKind.TOKEN


def refusal(credential: CredentialKind | None = TOKEN, *, is_page: bool = False) -> NotAuthenticated:
    error = NotAuthenticated("Could not list the albums: the session is over.")
    error.credential, error.is_page = credential, is_page
    return error


class Desk:
    """A service that takes the token `good` and no other, a gate before it, and a person who is asked."""

    def __init__(self, environ: Mapping[str, str] | None = None, token: str | None = "old") -> None:
        self.secrets = FakeSecrets()
        if token is not None:
            self.secrets.kept[ORIGIN, TOKEN] = token
        self.credentials = Credentials(self.secrets, ORIGIN, environ or {})
        api = FakeApi(self.credentials)
        api.good_tokens = {"good"}
        self.clock = ManualTimer()
        self.account = AccountService(self.credentials, api, self.clock)
        self.gate = SignInGate(self.account, self.ask)
        self.reasons: list[SignInReason] = []
        self.answers: list[asyncio.Future[bool]] = []
        self.withdrawn = 0
        self.sent: list[str | None] = []
        self.on_wire: asyncio.Event | None = None
        """Refusals are held back until this is set."""

    async def ask(self, reason: SignInReason) -> bool:
        self.reasons.append(reason)
        self.answers.append(asyncio.get_running_loop().create_future())
        try:
            return await self.answers[-1]
        except asyncio.CancelledError:
            self.withdrawn += 1
            raise

    async def call(self) -> str:
        token = await self.credentials.get(TOKEN)
        self.sent.append(token)
        if self.on_wire is not None:
            await self.on_wire.wait()
        if token != "good":
            raise refusal()
        return "albums"

    async def sign_in(self, token: str = "good") -> None:
        """What the person does when asked."""
        await self.account.set_token(token)
        self.answers[-1].set_result(True)


async def settle() -> None:
    """Let every task come as far as it can without an answer."""
    for _ in range(200):
        await asyncio.sleep(0)


@in_loop
async def test_a_call_with_a_good_token_asks_nobody() -> None:
    desk = Desk(token="good")
    assert await desk.gate.run(desk.call) == "albums"
    assert (desk.reasons, desk.sent) == ([], ["good"])


@in_loop
async def test_a_lapsed_token_is_asked_for_once_and_every_call_goes_on() -> None:
    desk = Desk()
    calls = [asyncio.create_task(desk.gate.run(desk.call)) for _ in range(30)]
    await settle()
    assert len(desk.reasons) == 1
    assert not any(call.done() for call in calls)
    await desk.sign_in()
    assert await asyncio.gather(*calls) == ["albums"] * 30
    assert desk.sent == ["old"] * 30 + ["good"] * 30
    assert len(desk.reasons) == 1
    # The keyring is slow: the token was read at the beginning and before the question, the key for the status.
    assert desk.secrets.reads == 3


@in_loop
async def test_who_does_not_sign_in_cancels_all_that_wait_silently() -> None:
    desk = Desk()
    calls = [asyncio.create_task(desk.gate.run(desk.call)) for _ in range(5)]
    await settle()
    desk.answers[0].set_result(False)
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(outcome, Cancelled)
    # What is asked for later is another matter.
    later = asyncio.create_task(desk.gate.run(desk.call))
    await settle()
    assert len(desk.reasons) == 2
    await desk.sign_in()
    assert await later == "albums"


@in_loop
async def test_a_refusal_that_comes_after_the_sign_in_asks_no_more() -> None:
    desk = Desk()
    desk.on_wire = asyncio.Event()
    late = asyncio.create_task(desk.gate.run(desk.call))
    await settle()
    held, desk.on_wire = desk.on_wire, None
    first = asyncio.create_task(desk.gate.run(desk.call))
    await settle()
    await desk.sign_in()
    assert await first == "albums"
    held.set()
    assert await late == "albums"
    assert len(desk.reasons) == 1


@in_loop
async def test_a_refusal_that_comes_after_the_person_said_no_is_cancelled_too() -> None:
    desk = Desk()
    desk.on_wire = asyncio.Event()
    late = asyncio.create_task(desk.gate.run(desk.call))
    await settle()
    held, desk.on_wire = desk.on_wire, None
    first = asyncio.create_task(desk.gate.run(desk.call))
    await settle()
    desk.answers[0].set_result(False)
    with pytest.raises(Cancelled):
        await first
    held.set()
    with pytest.raises(Cancelled):
        await late
    assert len(desk.reasons) == 1


@in_loop
async def test_a_call_that_is_given_up_takes_nobody_elses_dialog_away() -> None:
    desk = Desk()
    stays, leaves = (asyncio.create_task(desk.gate.run(desk.call)) for _ in range(2))
    await settle()
    leaves.cancel()
    await settle()
    assert leaves.cancelled()
    assert desk.withdrawn == 0
    await desk.sign_in()
    assert await stays == "albums"


@in_loop
async def test_the_question_is_withdrawn_when_nobody_waits_for_it() -> None:
    desk = Desk()
    calls = [asyncio.create_task(desk.gate.run(desk.call)) for _ in range(3)]
    await settle()
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    # A new one comes in the same breath: it must not fall with the old question.
    new = asyncio.create_task(desk.gate.run(desk.call))
    await settle()
    assert (desk.withdrawn, len(desk.reasons)) == (1, 2)
    await desk.sign_in()
    assert await new == "albums"


@in_loop
async def test_a_new_token_that_is_refused_as_well_is_an_error_not_a_circle() -> None:
    desk = Desk()
    call = asyncio.create_task(desk.gate.run(desk.call))
    await settle()
    await desk.credentials.set(TOKEN, "no better")
    desk.answers[0].set_result(True)
    with pytest.raises(NotAuthenticated):
        await call
    assert len(desk.reasons) == 1


@in_loop
async def test_the_token_may_lapse_again_in_a_later_call_of_the_same_job() -> None:
    desk = Desk()

    async def job() -> list[str]:
        return [await desk.gate.run(desk.call) for _ in range(3)]

    running = asyncio.create_task(job())
    await settle()
    await desk.sign_in()
    assert await running == ["albums"] * 3
    await desk.credentials.set(TOKEN, "lapsed")
    again = asyncio.create_task(job())
    await settle()
    await desk.sign_in()
    assert await again == ["albums"] * 3
    assert len(desk.reasons) == 2


@in_loop
async def test_why_it_asks() -> None:
    desk = Desk()
    lapsed = jwt({"exp": desk.clock.now().timestamp() - 1})
    for token, reason in (
        (None, SignInReason.MISSING),
        (lapsed, SignInReason.LAPSED),
        ("old", SignInReason.REFUSED),
    ):
        desk = Desk(token=token)
        call = asyncio.create_task(desk.gate.run(desk.call))
        await settle()
        assert desk.reasons == [reason]
        desk.answers[0].set_result(False)
        with pytest.raises(Cancelled):
            await call


@in_loop
async def test_a_new_token_of_another_process_goes_on_without_a_question() -> None:
    desk = Desk()
    assert await desk.credentials.get(TOKEN) == "old"
    desk.secrets.kept[ORIGIN, TOKEN] = "good"
    calls = [asyncio.create_task(desk.gate.run(desk.call)) for _ in range(4)]
    assert await asyncio.gather(*calls) == ["albums"] * 4
    assert desk.reasons == []


@in_loop
async def test_a_token_of_another_process_that_is_no_better_is_asked_for() -> None:
    desk = Desk()
    assert await desk.credentials.get(TOKEN) == "old"
    desk.secrets.kept[ORIGIN, TOKEN] = "no better"
    call = asyncio.create_task(desk.gate.run(desk.call))
    await settle()
    assert desk.sent == ["old", "no better"]
    await desk.sign_in()
    assert await call == "albums"


@pytest.mark.parametrize(
    "error", [refusal(KEY), refusal(None), refusal(is_page=True), Forbidden("Not allowed."), Cancelled()]
)
@in_loop
async def test_what_no_token_would_help_with_asks_nobody(error: Exception) -> None:
    desk = Desk()

    async def call() -> None:
        raise error

    with pytest.raises(type(error)):
        await desk.gate.run(call)
    assert desk.reasons == []


@in_loop
async def test_a_token_of_the_environment_is_the_persons_own_to_renew() -> None:
    desk = Desk({"IMGLINK_TOKEN": "bad"})
    with pytest.raises(NotAuthenticated, match="IMGLINK_TOKEN"):
        await desk.gate.run(desk.call)
    assert desk.reasons == []


@in_loop
async def test_where_nobody_can_be_asked_every_call_says_what_to_do() -> None:
    desk = Desk()

    async def cannot_ask(reason: SignInReason) -> bool:
        raise NotAuthenticated("You are not signed in.", remedy="Sign in with: imglink account login")

    gate = SignInGate(desk.account, cannot_ask)
    for outcome in await asyncio.gather(*(gate.run(desk.call) for _ in range(3)), return_exceptions=True):
        assert isinstance(outcome, UserFacingError)
        assert "imglink account login" in str(outcome)
