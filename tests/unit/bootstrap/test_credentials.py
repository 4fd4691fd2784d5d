"""What a change of the credentials sets going again, and what it does not."""

from __future__ import annotations

import asyncio
from typing import Any

from app.bootstrap.services import _follow_credentials
from app.core.imglink import CredentialKind, KeyCheck
from tests.unit.services.queue_harness import in_loop
from tests.unit.services.test_account import ORIGIN, Desk, jwt


class Going:
    """Counts how often it is told to go on."""

    def __init__(self) -> None:
        self.times = 0

    async def credentials_changed(self) -> None:
        self.times += 1


@in_loop
async def test_only_a_new_credential_lets_what_was_refused_go_on() -> None:
    desk, uploads, assignments, jobs = Desk(), Going(), Going(), Going()
    desk.secrets.kept = {(ORIGIN, CredentialKind.API_KEY): "key", (ORIGIN, CredentialKind.TOKEN): "lapsed"}
    desk.api.answers = {"key": KeyCheck.GOOD}
    desk.api.token = jwt({"name": "me"})
    going: Any = (uploads, assignments, jobs)
    _follow_credentials(desk.account, *going)

    async def times_after(change: Any) -> int:
        await change
        for _ in range(5):
            await asyncio.sleep(0)
        assert uploads.times == assignments.times == jobs.times
        return uploads.times

    # A session that ends is no reason to try again what a key was refused for.
    assert await times_after(desk.account.token_refused()) == 0
    assert await times_after(desk.account.set_key("key")) == 1
    assert await times_after(desk.account.sign_in("me", "secret")) == 2
    assert await times_after(desk.account.token_refused()) == 2
    assert await times_after(desk.account.remove(CredentialKind.TOKEN)) == 2
    assert await times_after(desk.account.sign_in("me", "secret")) == 3
    # The same key, which the service did not let in and does now.
    desk.api.answers = {}
    assert await times_after(desk.account.check_key()) == 3
    desk.api.answers = {"key": KeyCheck.GOOD}
    assert await times_after(desk.account.check_key()) == 4
