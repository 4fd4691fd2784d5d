"""What goes over the wire: errors as the documentation shows them, and JSON bodies read with care."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request

JSON_BODY_BYTES = 64 * 1024
"""More than any request of the API needs."""


class ApiError(Exception):
    """An answer `{"error": message}` with its status and headers."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


async def read_body(request: Request, limit: int = JSON_BODY_BYTES) -> bytes:
    """The request's body. Raises ApiError 413 when it is longer than `limit` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ApiError(413, "Request body too large")
    return bytes(body)


async def read_json(request: Request) -> dict[str, object]:
    """The request's JSON object. Raises ApiError 400 when it is anything else."""
    body = await read_body(request)
    try:
        value = json.loads(body)
    # Very deep nesting ends in RecursionError, and is as wrong as a missing brace.
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "The request body is not valid JSON") from error
    if not isinstance(value, dict):
        raise ApiError(400, "The request body must be a JSON object")
    return value


def text_field(body: Mapping[str, object], name: str, max_length: int, *, required: bool = False) -> str | None:
    """A text of a JSON body: None when it is missing, "" for null. Raises ApiError 400 when it is not usable."""
    if name not in body:
        if required:
            raise ApiError(400, f"{name} is required")
        return None
    value = body[name]
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise ApiError(400, f"{name} must be text")
    try:
        value.encode()
    except UnicodeEncodeError as error:  # JSON can spell half of a surrogate pair
        raise ApiError(400, f"{name} is not valid Unicode") from error
    if len(value) > max_length:
        raise ApiError(400, f"{name} must be at most {max_length} characters")
    if required and not value.strip():
        raise ApiError(400, f"{name} is required")
    return value


def bool_field(body: Mapping[str, object], name: str) -> bool | None:
    """A boolean of a JSON body, None when it is missing. Raises ApiError 400 when it is anything else."""
    value = body.get(name)
    if name in body and not isinstance(value, bool):
        raise ApiError(400, f"{name} must be true or false")
    return value if isinstance(value, bool) else None
