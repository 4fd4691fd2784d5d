"""Puts the application together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from app.demo.auth import SignInRoutes
from app.demo.image_routes import ImageRoutes
from app.demo.middleware import LoopbackGuard, RequestLimit
from app.demo.replies import ApiError
from app.demo.upload_routes import UploadRoutes

if TYPE_CHECKING:
    from app.demo.context import Context

_log = logging.getLogger(__name__)


def build_app(context: Context) -> Starlette:
    """The whole service, without the layer of logs and faults."""
    return Starlette(
        routes=[
            *SignInRoutes(context.accounts, context.tokens).routes(),
            *UploadRoutes(context).routes(),
            *ImageRoutes(context).routes(),
        ],
        middleware=[
            Middleware(LoopbackGuard),
            Middleware(RequestLimit, limiter=context.limiter, per_minute=context.limits.requests_per_minute),
        ],
        exception_handlers={
            ApiError: _api_error,
            HTTPException: _http_error,
            ClientDisconnect: _disconnected,
            Exception: _bug,
        },
    )


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return JSONResponse({"error": error.message}, error.status, error.headers)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)


async def _disconnected(_: Request, __: Exception) -> Response:
    # Nobody hears it; the server drops it with the connection.
    return Response(status_code=400)


async def _bug(_: Request, error: Exception) -> Response:
    _log.error("The demo server failed", exc_info=error)
    return JSONResponse({"error": "Internal server error"}, 500)
