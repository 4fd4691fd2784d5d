"""The gate before the calls that take a session token: a missing or lapsed one is asked for once, then they go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import TypeVar

from app.core.errors import Cancelled
from app.core.imglink import CredentialKind
from app.core.service_errors import NotAuthenticated
from app.services.account import AccountService, CredentialStatus, StoredIn
from app.services.credentials import VARIABLES

T = TypeVar("T")


class SignInReason(Enum):
    """Why the person is asked to sign in."""

    MISSING = "missing"
    """What was asked takes an account, and nobody is signed in."""
    LAPSED = "lapsed"
    """The session is over: its time has come."""
    REFUSED = "refused"
    """The service does not accept the token, though its time has not come."""


AskToSignIn = Callable[[SignInReason], Awaitable[bool]]
"""Lets the person sign in. True once a new token is stored, False when they do not want to; cancelled when nobody waits
for it any more. Raises UserFacingError where nobody can be asked."""


class _Outcome(Enum):
    FOUND = auto()
    """Another process has stored a new token: nobody had to be asked."""
    SIGNED_IN = auto()
    DECLINED = auto()


class SignInGate:
    """Runs calls on the asyncio thread; however many of them want a token at a time, the person is asked once."""

    def __init__(self, account: AccountService, ask: AskToSignIn) -> None:
        self._account = account
        self._ask = ask
        self._asking: asyncio.Future[_Outcome] | None = None
        self._waiting = 0
        self._refusals = 0
        """How often the person did not want to."""

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Await `call()`; when the service wants a (new) token for it, let the person sign in and await it once more.

        `call` is one request that was refused before it did anything, so it is safe to repeat; wrap each request of a
        bulk job by itself, not the whole job. Raises Cancelled when the person does not sign in, and otherwise what
        `call` raises: NotAuthenticated also when the service refuses the new token as well.
        """
        has_asked = False
        while True:
            revision, refusals = self._account.token_revision, self._refusals
            try:
                return await call()
            except NotAuthenticated as error:
                if has_asked or not _is_about_token(error):
                    raise
                if revision != self._account.token_revision:
                    continue  # the person signed in while this call was on its way with the old token
                if refusals != self._refusals:
                    raise Cancelled from error  # asked, and answered, meanwhile
                outcome = await self._sign_in(error)
                if outcome is _Outcome.DECLINED:
                    raise Cancelled from error
                has_asked = outcome is _Outcome.SIGNED_IN

    async def _sign_in(self, error: NotAuthenticated) -> _Outcome:
        asking = self._asking
        if asking is None:
            asking = self._asking = asyncio.ensure_future(self._find_token(error))
            asking.add_done_callback(self._answered)
        self._waiting += 1
        try:
            # Whoever gives up takes nobody else's answer away.
            return await asyncio.shield(asking)
        finally:
            self._waiting -= 1
            if not self._waiting and not asking.done():
                asking.cancel()
                self._asking = None

    async def _find_token(self, error: NotAuthenticated) -> _Outcome:
        revision = self._account.token_revision
        status = await self._account.token_refused()
        if revision != self._account.token_revision:
            return _Outcome.FOUND
        if status.stored_in is StoredIn.ENVIRONMENT:
            raise _renew_variable(error) from error  # signing in would not help: that one wins
        return _Outcome.SIGNED_IN if await self._ask(_reason(status)) else _Outcome.DECLINED

    def _answered(self, asking: asyncio.Future[_Outcome]) -> None:
        if self._asking is asking:
            self._asking = None
        # Looked at here, or a failure that nobody waits for any more would be reported as a bug.
        if not asking.cancelled() and asking.exception() is None and asking.result() is _Outcome.DECLINED:
            self._refusals += 1


def _is_about_token(error: NotAuthenticated) -> bool:
    # A page is a firewall's or another server's, which no token of ours satisfies.
    return error.credential is CredentialKind.TOKEN and not error.is_page


def _renew_variable(error: NotAuthenticated) -> NotAuthenticated:
    name = VARIABLES[CredentialKind.TOKEN]
    renewed = NotAuthenticated(
        error.message, safe=error.safe, remedy=f"The token comes from the variable {name}: renew or unset it."
    )
    renewed.status, renewed.credential = error.status, error.credential
    return renewed


def _reason(status: CredentialStatus) -> SignInReason:
    if not status.is_present:
        return SignInReason.MISSING
    return SignInReason.LAPSED if status.has_lapsed else SignInReason.REFUSED
