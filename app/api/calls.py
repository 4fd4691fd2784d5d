"""What a call is, before it is sent: the part that the modules for each noun describe and the transport carries out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal
from urllib.parse import quote

from app.core.errors import InputError
from app.core.imglink import CredentialKind, parse_image_id
from app.core.service_errors import ServiceError


class Auth(Enum):
    """Which credential an endpoint takes. It never gets another one."""

    NONE = "none"
    KEY = "key"
    TOKEN = "token"  # noqa: S105 - the name of a kind, not a secret
    TOKEN_IF_ANY = "token-if-any"  # noqa: S105

    @property
    def kind(self) -> CredentialKind | None:
        """The credential's kind; None where none is taken."""
        if self is Auth.NONE:
            return None
        return CredentialKind.API_KEY if self is Auth.KEY else CredentialKind.TOKEN


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret on its way into one request's header."""

    kind: CredentialKind
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a status means for a person: the error's class, the reason, and what to do next."""

    error: type[ServiceError]
    reason: str
    """Completes “Could not …: ”, without a full stop."""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API."""

    action: str
    """Completes “Could not …”."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """Below the base URL; begins with a slash, ids quoted."""
    auth: Auth = Auth.NONE
    query: Mapping[str, int] = field(default_factory=dict)
    json: Mapping[str, object] | None = field(default=None, repr=False)
    meanings: Mapping[int, Meaning] = field(default_factory=dict, repr=False)
    """What statuses mean here, where it is not what they mean elsewhere."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values in `json` that no error may repeat."""
    when_refused: str = "Nothing was changed."
    """What a refusal leaves safe."""

    @property
    def changes_something(self) -> bool:
        """False for calls that only read."""
        return self.method != "GET"


def path_of(*segments: str) -> str:
    """Join path segments, of which ids come through `checked_id`, into a path with everything quoted."""
    return "".join("/" + quote(segment, safe="") for segment in segments)


def checked_id(text: str, noun: str = "image") -> str:
    """Let only what can be an id into a URL; it may start with `-` or `_`. Raises InputError."""
    try:
        return parse_image_id(text)
    except ValueError as error:
        raise InputError(
            f"“{text[:80]}” is not the id of an {noun}.",
            remedy="An id has letters, digits, - and _, and nothing else.",
        ) from error
