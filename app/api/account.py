"""The account: is the key good, and a password for a token."""

from __future__ import annotations

import re

from app.api import parse
from app.api.base import Calls
from app.api.calls import Auth, Call, Meaning
from app.api.transport import HEADER_SAFE, Transport
from app.core.errors import InputError
from app.core.imglink import KeyCheck
from app.core.service_errors import Forbidden, NoPasswordSignIn, NotAuthenticated, NotFound

DEFAULT_SIGN_IN_PATH = "/api/auth/login"
# Ids have 10 characters: this can be none, so nothing is ever deleted by it.
_NO_IMAGE = "key-check-of-imglink-desktop"
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")
_NO_SIGN_IN = Meaning(
    NoPasswordSignIn,
    "this server offers no sign-in with a password",
    "Sign in to ImgLink in your browser, copy the session token from there and paste it in the account settings.",
)
_WRONG_PASSWORD = Meaning(
    NotAuthenticated, "the name or the password is not right", "Check both; a token can be pasted instead."
)


class AccountCalls(Calls):
    """The key and the token."""

    def __init__(self, transport: Transport, sign_in_path: str) -> None:
        super().__init__(transport)
        if not _PATH.fullmatch(sign_in_path) or {".", ".."} & set(sign_in_path.split("/")):
            raise InputError("The sign-in path cannot be used.", remedy=f"Write a path such as {DEFAULT_SIGN_IN_PATH}.")
        self._sign_in_path = sign_in_path

    async def check_key(self) -> KeyCheck:
        """Check the API key by deleting what cannot exist: 404 says good, 403 good but limited, 401 not good."""
        call = Call("check the API key", "DELETE", f"/api/v1/image/{_NO_IMAGE}", Auth.KEY)
        try:
            await self._transport.call(call, parse.acknowledged)
        except NotFound as error:
            if error.is_page:  # a web server's own 404: this may not be ImgLink at all
                raise
        except Forbidden as error:
            if error.is_page:
                raise
            return KeyCheck.LIMITED
        return KeyCheck.GOOD

    async def sign_in(self, user: str, password: str) -> str:
        """Trade a user name or e-mail and a password for a token, at the configured path.

        The documentation names no fields, so the name goes under both of the usual ones.
        """
        if not user or not password:
            raise InputError("Signing in takes a user name or e-mail, and a password.")
        call = Call(
            "sign in",
            "POST",
            self._sign_in_path,
            json={"email": user, "username": user, "password": password},
            meanings={401: _WRONG_PASSWORD, 404: _NO_SIGN_IN, 405: _NO_SIGN_IN},
            secrets=(password,),
            when_refused="",
        )
        return await self._transport.call(call, _usable_token)


def _usable_token(answer: object) -> str:
    token = parse.token(answer)
    if not HEADER_SAFE.fullmatch(token):
        raise parse.Unreadable("a token that cannot be sent")
    return token
