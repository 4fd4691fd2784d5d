"""Signing in on the terminal: `imglink account login`, and whenever a command finds the session over."""

from __future__ import annotations

from app.cli.prompts import is_interactive, prompting, read_line, read_password, read_secret
from app.cli.streams import say
from app.core.errors import InputError
from app.core.service_errors import NoPasswordSignIn, NotAuthenticated
from app.services.account import AccountService, AccountStatus
from app.services.sign_in import SignInReason

_TRIES = 3
_WHY = {
    SignInReason.MISSING: "This needs you to be signed in to {server}.",
    SignInReason.LAPSED: "The session on {server} is over.",
    SignInReason.REFUSED: "{server} does not accept the session any more.",
}
TOKEN_REMEDY = "Copy the session token of your browser and give it to: imglink account token set"  # noqa: S105 - a sentence


def read_login(user: str | None) -> tuple[str, str]:
    """User name or e-mail, and password. Blocks: call it before the event loop runs. Raises InputError, Cancelled."""
    if user is None:
        if not is_interactive():
            raise InputError(
                "Whose account is it?", remedy="Add --user NAME; the password is read from standard input."
            )
        user = read_line("User name or e-mail: ")
    return user, read_password(f"Password for {user}: ")


async def sign_in(account: AccountService, user: str, password: str) -> AccountStatus:
    """Sign in; where that is not offered, say what else there is on a command line."""
    try:
        return await account.sign_in(user, password)
    except NoPasswordSignIn as error:
        raise NoPasswordSignIn(error.message, remedy=TOKEN_REMEDY) from error


class TerminalSignIn:
    """An `AskToSignIn` for a command that stands alone: asks on the terminal, and elsewhere says how to sign in."""

    def __init__(self, account: AccountService) -> None:
        self._account = account

    async def __call__(self, reason: SignInReason) -> bool:
        """Ask for user name and password, or for a token; Ctrl+C cancels. Raises UserFacingError."""
        why = _WHY[reason].format(server=(await self._account.status()).origin)
        if not is_interactive():
            raise NotAuthenticated(why, remedy="Sign in with: imglink account login")
        say(why)
        for tries_left in reversed(range(_TRIES)):
            try:
                return await self._try()
            except NotAuthenticated as error:
                if not tries_left:
                    raise
                say(str(error))
        raise AssertionError("the last try returns or raises")

    async def _try(self) -> bool:
        with prompting():
            user = read_line("User name or e-mail: ")
            password = read_password("Password: ")
        try:
            await self._account.sign_in(user, password)
        except NoPasswordSignIn as error:
            say(error.message)
            with prompting():
                token = read_secret("Session token: ")
            await self._account.set_token(token)
        return True
