"""Who is asking: API keys on `/api/v1/*`, session tokens elsewhere, and signing in."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.ports import Clock
from app.demo.accounts import DemoUser
from app.demo.endpoint import Endpoint
from app.demo.replies import ApiError, read_json, text_field

if TYPE_CHECKING:
    from app.demo.accounts import Accounts

_HEADER = {"alg": "HS256", "typ": "JWT"}
_LOGIN_FIELDS = ("login", "email", "username", "user", "identifier")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and checks session tokens (JWT, HS256)."""

    secret: bytes
    clock: Clock
    lifetime_s: float

    def issue(self, user: DemoUser, lifetime_s: float | None = None) -> str:
        """A token for this user. `lifetime_s` replaces the usual lifetime; a negative one has lapsed already."""
        now = self.clock.now().timestamp()
        payload = {
            "sub": str(user.id),
            "name": user.name,
            "iat": int(now),
            "exp": int(now + (self.lifetime_s if lifetime_s is None else lifetime_s)),
        }
        parts = (json.dumps(part, separators=(",", ":")).encode() for part in (_HEADER, payload))
        signed = ".".join(map(_encode, parts))
        return f"{signed}.{_encode(self._sign(signed))}"

    def user_id(self, token: str) -> int:
        """Whose token it is. Raises ApiError 401 when it is forged, malformed or lapsed."""
        signed, _, signature = token.rpartition(".")
        try:
            header, payload = (json.loads(_decode(part)) for part in signed.split("."))
            genuine = hmac.compare_digest(_decode(signature), self._sign(signed))
            # The algorithm is ours to choose, never the token's: "none" is not a signature.
            if not genuine or header != _HEADER:
                raise ApiError(401, "Invalid token")
            user_id, expires = int(payload["sub"]), float(payload["exp"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ApiError(401, "Invalid token") from error
        if expires <= self.clock.now().timestamp():
            raise ApiError(401, "Token expired")
        return user_id

    def _sign(self, text: str) -> bytes:
        return hmac.digest(self.secret, text.encode(), hashlib.sha256)


class Authenticator:
    """Finds the user of a request. A key is good for key routes only, a token for token routes only."""

    def __init__(self, accounts: Accounts, tokens: Tokens) -> None:
        self._accounts = accounts
        self._tokens = tokens

    async def key_user(self, request: Request, scope: str) -> DemoUser:
        """The API key's user. Raises ApiError 401 without a good key, 403 when it or its user may not do this."""
        key = request.headers.get("x-api-key", "")
        holder = await asyncio.to_thread(self._accounts.key_holder, key) if key else None
        if holder is None:
            raise ApiError(401, "Missing or invalid API key")
        if scope not in holder.scopes:
            raise ApiError(403, f"This API key lacks the scope {scope}")
        return _not_banned(holder.user)

    async def token_user(self, request: Request) -> DemoUser:
        """The token's user. Raises ApiError 401 without a good token, 403 when the user is banned."""
        user = await self.token_user_if_any(request)
        if user is None:
            raise ApiError(401, "Not authenticated")
        return user

    async def token_user_if_any(self, request: Request) -> DemoUser | None:
        """The same where a token is optional: None when there is none; a bad one is still refused."""
        header = request.headers.get("authorization", "")
        if not header:
            return None
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise ApiError(401, "Not authenticated")
        user = await asyncio.to_thread(self._accounts.by_id, self._tokens.user_id(token.strip()))
        if user is None:
            raise ApiError(401, "Invalid token")
        return _not_banned(user)


def _not_banned(user: DemoUser) -> DemoUser:
    if user.is_banned:
        raise ApiError(403, "This account is banned")
    return user


class SignInRoutes:
    """`POST /api/auth/login`."""

    def __init__(self, accounts: Accounts, tokens: Tokens) -> None:
        self._accounts = accounts
        self._tokens = tokens

    def endpoints(self) -> list[Endpoint]:
        """The endpoints of this module."""
        return [Endpoint("POST", "/api/auth/login", self._sign_in)]

    async def _sign_in(self, request: Request) -> Response:
        body = await read_json(request)
        name = next((field for field in _LOGIN_FIELDS if field in body), "login")
        login = text_field(body, name, 256, required=True) or ""
        password = text_field(body, "password", 256, required=True) or ""
        user = await asyncio.to_thread(self._accounts.sign_in, login, password)
        if user is None:
            raise ApiError(401, "Wrong user name or password")
        _not_banned(user)
        return JSONResponse(
            {
                "token": self._tokens.issue(user),
                "user": {"id": user.id, "username": user.name, "email": user.email, "verified": user.is_verified},
            }
        )
