"""Finding session tokens among what a web page holds. No Qt, no network: what is found is checked by the service."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import unquote

from app.services.account import token_claims

_BEARER = re.compile(r"bearer\s+(\S+)", re.IGNORECASE)
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}")
_MAX_CHARS = 100_000
MAX_TOKEN = 8192


def in_header(value: str) -> str | None:
    """The token of an `Authorization` header; None for anything else."""
    match = _BEARER.fullmatch(value.strip())
    return match[1] if match is not None and len(match[1]) <= MAX_TOKEN else None


def in_text(text: str) -> Iterator[str]:
    """What could be a session's JWT in a value of the page's storage or of a cookie: it must say when it lapses."""
    for match in _JWT.finditer(unquote(text[:_MAX_CHARS])):
        if len(match[0]) <= MAX_TOKEN and token_claims(match[0]).expires_at is not None:
            yield match[0]


def in_storage(stored: object) -> Iterator[str]:
    """The same for what the page's own storage was written as: a JSON list of texts."""
    try:
        values = json.loads(stored) if isinstance(stored, str) else None
    except (ValueError, RecursionError):
        return
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str):
            yield from in_text(value)
