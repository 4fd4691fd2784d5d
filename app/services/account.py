"""The account: adding, checking and removing the API key and the token, and how things stand. Holds no secret."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from app.core.errors import InputError, UserFacingError
from app.core.imglink import CredentialKind, KeyCheck
from app.core.ports import Clock, ImgLink
from app.core.service_errors import NotAuthenticated, ServiceError
from app.services.credentials import NAMES, VARIABLES, Credentials, clean_secret
from app.services.observers import Observers


class Validity(Enum):
    """What is known of a credential."""

    UNKNOWN = "unknown"
    """The service has not been asked, or could not be."""
    GOOD = "good"
    LIMITED = "limited"
    """The service knows it, and does not let it do everything."""
    BAD = "bad"
    """Refused, or lapsed."""


_UNKNOWN = Validity.UNKNOWN, ""
_ACCEPTED = Validity.GOOD, "ImgLink accepts it."
_MAX_HOLDER = 80
_BEARER = re.compile(r"^\s*(authorization:)?\s*bearer\s+", re.IGNORECASE)


class StoredIn(Enum):
    """Where a credential comes from."""

    KEYRING = "keyring"
    MEMORY = "memory"
    """Forgotten at exit."""
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class CredentialStatus:
    """One credential in words."""

    kind: CredentialKind
    stored_in: StoredIn | None = None
    """None when there is none."""
    validity: Validity = Validity.UNKNOWN
    message: str = ""
    """What the last check said, or why the store could not be read."""
    expires_at: datetime | None = None
    """When a token lapses, as it says itself. Aware, UTC."""
    has_lapsed: bool = False
    """True when that is past."""
    holder: str = ""
    """Whose a token is, as it says itself; empty when it does not."""

    @property
    def is_present(self) -> bool:
        """True when there is one."""
        return self.stored_in is not None


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """How things stand with the account on one server."""

    origin: str
    key: CredentialStatus
    token: CredentialStatus
    store_name: str
    """What keeps the secrets, in words."""
    is_persistent: bool
    notice: str = ""
    """What the person should know about where secrets are kept."""
    session: int = 0
    """A number that grows with every new token."""

    @property
    def has_credential(self) -> bool:
        """False when uploads are anonymous."""
        return self.key.is_present or self.token.is_present


class AccountService:
    """Runs on the asyncio thread."""

    def __init__(self, credentials: Credentials, api: ImgLink, clock: Clock) -> None:
        self._credentials = credentials
        self._api = api
        self._clock = clock
        self._checked: dict[CredentialKind, tuple[Validity, str]] = {}
        self._observers: Observers[AccountStatus] = Observers()

    def subscribe(self, callback: Callable[[AccountStatus], None]) -> Callable[[], None]:
        """Call `callback` with the new status after every change, on the asyncio thread."""
        return self._observers.subscribe(callback)

    @property
    def origin(self) -> str:
        """The server: scheme://host[:port]."""
        return self._credentials.origin

    async def has_credential(self) -> bool:
        """False when uploads are anonymous. Raises UserFacingError when the store cannot be read."""
        return any([await self._credentials.get(kind) for kind in CredentialKind])

    async def status(self) -> AccountStatus:
        """How things stand, without asking the service."""
        key, token = [await self._status_of(kind) for kind in (CredentialKind.API_KEY, CredentialKind.TOKEN)]
        notice = ""
        if StoredIn.MEMORY in (key.stored_in, token.stored_in):
            notice = "There is no keyring to keep it in: it is forgotten when ImgLink Desktop quits."
        credentials = self._credentials
        return AccountStatus(
            credentials.origin,
            key,
            token,
            credentials.store_name,
            credentials.is_persistent,
            notice,
            self.token_revision,
        )

    @property
    def token_revision(self) -> int:
        """A number that grows with every new token: has the person signed in since?"""
        return self._credentials.revision(CredentialKind.TOKEN)

    @property
    def key_revision(self) -> int:
        """The same for the API key."""
        return self._credentials.revision(CredentialKind.API_KEY)

    async def token_refused(self) -> CredentialStatus:
        """Note that the service has refused the token, or missed it; returns how things stand with it.

        Another process may have stored a new one meanwhile: `token_revision` grows then, and nothing is noted. Raises
        UserFacingError when the store cannot be read.
        """
        kind, revision = CredentialKind.TOKEN, self.token_revision
        await self._credentials.reload(kind)
        if self.token_revision != revision:
            return (await self._announce()).token
        if await self._credentials.get(kind) is not None and self._checked.get(kind, _UNKNOWN)[0] is not Validity.BAD:
            self._checked[kind] = Validity.BAD, "ImgLink does not accept it any more: sign in again."
            return (await self._announce()).token
        return await self._status_of(kind)

    async def look_again(self) -> AccountStatus:
        """Another process has changed what is stored. Raises UserFacingError when that cannot be read."""
        for kind in CredentialKind:
            revision = self._credentials.revision(kind)
            await self._credentials.reload(kind)
            if self._credentials.revision(kind) != revision:
                self._checked.pop(kind, None)
        return await self._announce()

    async def set_key(self, text: str) -> AccountStatus:
        """Check a pasted key with the service, then store it.

        Raises NotAuthenticated when it is refused: the former one stays. When the service cannot be asked, the key is
        stored all the same and the status says so.
        """
        key = clean_secret(text, CredentialKind.API_KEY)
        with self._credentials.trying(CredentialKind.API_KEY, key):
            checked = await self._check()
        await self._credentials.set(CredentialKind.API_KEY, key)
        if not self._credentials.is_overridden(CredentialKind.API_KEY):
            self._checked[CredentialKind.API_KEY] = checked
        return await self._announce()

    async def check_key(self) -> AccountStatus:
        """Ask the service about the key. Raises UserFacingError when it cannot be asked; a refused key is a status."""
        self._credentials.reread()
        if not await self._credentials.get(CredentialKind.API_KEY):
            raise NotAuthenticated(
                f"There is no API key for {self._credentials.origin}.",
                remedy="Add one: keys are made in the dashboard of ImgLink.",
            )
        try:
            validity = _VALIDITY[await self._api.check_key()]
            self._checked[CredentialKind.API_KEY] = validity, _WORDS[validity]
        except NotAuthenticated as error:
            self._checked[CredentialKind.API_KEY] = Validity.BAD, str(error)
        return await self._announce()

    async def sign_in(self, user: str, password: str) -> AccountStatus:
        """Trade user name or e-mail and password for a token and store that; the password is forgotten.

        Raises NoPasswordSignIn where the server offers none, NotAuthenticated when it does not accept the two.
        """
        return await self._keep_token(clean_secret(await self._api.sign_in(user, password), CredentialKind.TOKEN))

    async def set_token(self, text: str) -> AccountStatus:
        """Check a pasted token with the service, then store it.

        Raises InputError when it has lapsed already, NotAuthenticated when it is refused: the former one stays. When
        the service cannot be asked, the token is stored all the same and the status says so.
        """
        # As it stands in a request's header, which is where people copy it from.
        token = clean_secret(_BEARER.sub("", text), CredentialKind.TOKEN)
        expires_at = token_claims(token).expires_at
        if expires_at is not None and expires_at <= self._clock.now():
            raise InputError("This token has lapsed.", remedy="Sign in again, or copy a new one.")
        with self._credentials.trying(CredentialKind.TOKEN, token):
            checked = await self._check_token()
        return await self._keep_token(token, checked)

    async def _keep_token(self, token: str, checked: tuple[Validity, str] = _ACCEPTED) -> AccountStatus:
        await self._credentials.set(CredentialKind.TOKEN, token)
        if not self._credentials.is_overridden(CredentialKind.TOKEN):
            self._checked[CredentialKind.TOKEN] = checked
        return await self._announce()

    async def remove(self, kind: CredentialKind) -> AccountStatus:
        """Forget a credential. Raises InputError when it comes from the environment."""
        if self._credentials.is_overridden(kind):
            raise InputError(
                f"The {NAMES[kind]} comes from the variable {VARIABLES[kind]}.", remedy="Unset that variable."
            )
        await self._credentials.delete(kind)
        self._checked.pop(kind, None)
        return await self._announce()

    async def _announce(self) -> AccountStatus:
        status = await self.status()
        self._observers.notify(status)
        return status

    async def _check(self) -> tuple[Validity, str]:
        try:
            validity = _VALIDITY[await self._api.check_key()]
        except NotAuthenticated:
            raise
        except ServiceError as error:
            return Validity.UNKNOWN, f"It could not be checked: {error.message}"
        return validity, _WORDS[validity]

    async def _check_token(self) -> tuple[Validity, str]:
        try:
            # The shortest list that takes a token.
            await self._api.embeds()
        except NotAuthenticated as error:
            if not error.is_page:
                raise
            return Validity.UNKNOWN, f"It could not be checked: {error.message}"
        except ServiceError as error:
            return Validity.UNKNOWN, f"It could not be checked: {error.message}"
        return _ACCEPTED

    async def _status_of(self, kind: CredentialKind) -> CredentialStatus:
        try:
            secret = await self._credentials.get(kind)
        except UserFacingError as error:
            return CredentialStatus(kind, message=str(error))
        if secret is None:
            return CredentialStatus(kind)
        stored_in = StoredIn.KEYRING if self._credentials.is_persistent else StoredIn.MEMORY
        message = ""
        if self._credentials.is_overridden(kind):
            stored_in, message = StoredIn.ENVIRONMENT, f"From the variable {VARIABLES[kind]}."
        validity, words = self._checked.get(kind, _UNKNOWN)
        claims = token_claims(secret) if kind is CredentialKind.TOKEN else TokenClaims()
        has_lapsed = claims.expires_at is not None and claims.expires_at <= self._clock.now()
        if has_lapsed:
            validity, words = Validity.BAD, "It has lapsed: sign in again."
        said = " ".join(filter(None, (message, words)))
        return CredentialStatus(kind, stored_in, validity, said, claims.expires_at, has_lapsed, claims.holder)


def when_signed_out(
    subscribe: Callable[[Callable[[AccountStatus], None]], object], is_signed_in: bool, callback: Callable[[], None]
) -> None:
    """Call `callback` each time that the token goes, on the asyncio thread, before any other answer can come."""

    def changed(status: AccountStatus) -> None:
        nonlocal is_signed_in
        was_signed_in, is_signed_in = is_signed_in, status.token.is_present
        if was_signed_in and not is_signed_in:
            callback()

    subscribe(changed)


_VALIDITY = {KeyCheck.GOOD: Validity.GOOD, KeyCheck.LIMITED: Validity.LIMITED}
_WORDS = {
    Validity.GOOD: "ImgLink accepts it.",
    Validity.LIMITED: "ImgLink accepts it, but does not let it delete images.",
}


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a token says of itself; nothing of it is verified."""

    expires_at: datetime | None = None
    """Aware, UTC."""
    holder: str = ""
    """A name for display."""


def token_claims(token: str) -> TokenClaims:
    """Read a JWT's payload without verifying it; what cannot be told stays empty."""
    parts = token.split(".")
    if len(parts) != 3:
        return TokenClaims()
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return TokenClaims()
    return TokenClaims(_expiry(payload), _holder(payload)) if isinstance(payload, dict) else TokenClaims()


def _expiry(payload: dict[str, object]) -> datetime | None:
    seconds = payload.get("exp")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _holder(payload: dict[str, object]) -> str:
    for name in ("name", "username", "preferred_username", "email"):
        value = payload.get(name)
        if isinstance(value, str) and value.strip():
            return "".join(char for char in value.strip() if char.isprintable())[:_MAX_HOLDER]
    return ""
