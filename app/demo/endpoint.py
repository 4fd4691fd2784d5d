"""How the modules name their endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

Handler = Callable[[Request], Awaitable[Response]]


class Endpoint(NamedTuple):
    """A method, a path with `{parameters}`, and who answers."""

    method: str
    path: str
    handler: Handler
