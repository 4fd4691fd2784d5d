"""Puts the application together."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.demo.album_routes import AlbumRoutes
from app.demo.auth import SignInRoutes
from app.demo.embed_routes import EmbedRoutes
from app.demo.endpoint import Endpoint, Handler
from app.demo.image_routes import ImageRoutes
from app.demo.middleware import LoopbackGuard, RequestLimit
from app.demo.pages import PageRoutes, error_page
from app.demo.replies import ApiError
from app.demo.sign_in_page import SignInPage
from app.demo.upload_routes import UploadRoutes

if TYPE_CHECKING:
    from app.demo.context import Context

_log = logging.getLogger(__name__)


def build_app(context: Context) -> Starlette:
    """The whole service, without the layer of logs and faults."""
    return Starlette(
        routes=_routes(
            [
                *SignInRoutes(context.accounts, context.tokens).endpoints(),
                *UploadRoutes(context).endpoints(),
                *ImageRoutes(context).endpoints(),
                *AlbumRoutes(context).endpoints(),
                *EmbedRoutes(context).endpoints(),
                *PageRoutes(context).endpoints(),
                *SignInPage().endpoints(),
            ]
        ),
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


def _routes(endpoints: Iterable[Endpoint]) -> list[Route]:
    """One route for each path, so that a 405 names all methods which the path knows."""
    handlers: dict[str, dict[str, Handler]] = {}
    for method, path, handler in endpoints:
        handlers.setdefault(path, {})[method] = handler
    return [Route(path, _by_method(methods), methods=list(methods)) for path, methods in handlers.items()]


def _by_method(handlers: Mapping[str, Handler]) -> Handler:
    async def handle(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return handle


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    if request.url.path == "/" or request.url.path.startswith(("/i/", "/a/")):
        return error_page(error.status, error.message)
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
