"""The two credentials of one server: from the environment, or from wherever secrets are kept."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from app.core.doctor import Part
from app.core.errors import InputError
from app.core.imglink import CredentialKind
from app.core.ports import Secrets
from app.services.doctor import failing

VARIABLES = {CredentialKind.API_KEY: "IMGLINK_API_KEY", CredentialKind.TOKEN: "IMGLINK_TOKEN"}
NAMES = {CredentialKind.API_KEY: "API key", CredentialKind.TOKEN: "token"}
_USABLE = re.compile(r"[\x21-\x7e]{1,8192}")


class Credentials:
    """What the API client asks for secrets, each time that it needs one."""

    def __init__(self, secrets: Secrets, origin: str, environ: Mapping[str, str]) -> None:
        """`origin` is the server's `scheme://host[:port]`; `environ` the variables that win over the store."""
        self.origin = origin
        self._secrets = secrets
        self._overrides = {
            kind: environ[name].strip() for kind, name in VARIABLES.items() if environ.get(name, "").strip()
        }
        self._known: dict[CredentialKind, str | None] = {}
        self._revisions = dict.fromkeys(CredentialKind, 0)
        self._reading = asyncio.Lock()
        # Seen only by the task that tries a new secret: an upload that runs meanwhile keeps the old one.
        self._candidate: ContextVar[tuple[CredentialKind, str] | None] = ContextVar("candidate", default=None)

    @property
    def store_name(self) -> str:
        """What keeps the secrets, in words for the person."""
        return self._secrets.name

    @property
    def is_persistent(self) -> bool:
        """False when they are forgotten at exit."""
        return self._secrets.is_persistent

    def is_overridden(self, kind: CredentialKind) -> bool:
        """True when the environment decides."""
        return kind in self._overrides

    def revision(self, kind: CredentialKind) -> int:
        """A number that grows with every new one: has there been another since?"""
        return self._revisions[kind]

    async def get(self, kind: CredentialKind) -> str | None:
        """The secret, or None. Raises UserFacingError with ErrorKind.CREDENTIAL when the store refuses."""
        candidate = self._candidate.get()
        if candidate is not None and candidate[0] is kind:
            return candidate[1]
        if kind in self._overrides:
            return self._overrides[kind]
        async with self._reading:
            if kind not in self._known:
                with failing(Part.KEYRING):
                    self._known[kind] = await self._secrets.get(self.origin, kind)
            return self._known[kind]

    async def set(self, kind: CredentialKind, secret: str) -> None:
        """Store or replace it."""
        async with self._reading:
            with failing(Part.KEYRING):
                await self._secrets.set(self.origin, kind, secret)
            self._known[kind] = secret
            self._revisions[kind] += 1

    async def delete(self, kind: CredentialKind) -> None:
        """Forget it."""
        async with self._reading:
            self._known.pop(kind, None)
            with failing(Part.KEYRING):
                await self._secrets.delete(self.origin, kind)

    async def reload(self, kind: CredentialKind) -> None:
        """Ask the store again: when another process has changed it, the revision grows. Raises as `get` does."""
        if kind in self._overrides:
            return
        async with self._reading:
            with failing(Part.KEYRING):
                secret = await self._secrets.get(self.origin, kind)
            if kind in self._known and self._known[kind] != secret:
                self._revisions[kind] += 1
            self._known[kind] = secret

    def reread(self) -> None:
        """Ask the store again the next time: another process may have changed it."""
        self._known.clear()

    @contextmanager
    def trying(self, kind: CredentialKind, secret: str) -> Iterator[None]:
        """Let the calls made inside, and only those, use `secret`."""
        token = self._candidate.set((kind, secret))
        try:
            yield
        finally:
            self._candidate.reset(token)


def clean_secret(text: str, kind: CredentialKind) -> str:
    """A pasted secret without what came along around it. Raises InputError, which does not repeat it."""
    secret = text.strip()
    if not secret:
        raise InputError(f"The {NAMES[kind]} is empty.")
    if not _USABLE.fullmatch(secret):
        raise InputError(
            f"This cannot be the {NAMES[kind]}: it holds a blank, a line break or an accent.",
            remedy="Copy it again, without anything around it.",
        )
    return secret
