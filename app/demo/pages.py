"""What a browser or a chat program sees: gallery, viewer and album pages, and oEmbed."""

from __future__ import annotations

import asyncio
import math
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from app.demo.album_routes import check_may_view
from app.demo.context import is_id, page_number
from app.demo.endpoint import Endpoint
from app.demo.image_routes import MAX_PAGE
from app.demo.markup import Markup, element
from app.demo.openapi import openapi_document
from app.demo.page_parts import (
    SITE_NAME,
    Preview,
    embed_card,
    facts,
    page,
    pager,
    password_form,
    preview_of,
    preview_tags,
    sign_in_help,
    tiles,
)
from app.demo.replies import ApiError, read_body
from app.demo.sign_in_page import PATH as SIGN_IN_PATH

if TYPE_CHECKING:
    from app.demo.context import Context
    from app.demo.image_store import StoredImage

_PAGE_SIZE = 24
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    # Not no-referrer: browsers then send "Origin: null" with a form, which the guard must refuse.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#2456d6"/>'
    '<path d="M3 12l3.5-5 2.5 3 1.5-2L13 12z" fill="#fff"/><circle cx="11" cy="5" r="1.5" fill="#fff"/></svg>'
)


class PageRoutes:
    """Everything that is not `/api` or `/cdn`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._style = resources.files("app.demo").joinpath("style.css").read_text("utf-8")

    def endpoints(self) -> list[Endpoint]:
        """The endpoints of this module."""
        return [
            Endpoint("GET", "/", self._gallery),
            Endpoint("GET", "/i/{image_id}", self._viewer),
            Endpoint("GET", "/a/{album_id}", self._album),
            Endpoint("POST", "/a/{album_id}", self._album),
            Endpoint("GET", "/oembed", self._oembed),
            Endpoint("GET", "/style.css", self._stylesheet),
            Endpoint("GET", "/icon.svg", self._icon),
            Endpoint("GET", "/openapi.json", self._openapi),
        ]

    async def _gallery(self, request: Request) -> Response:
        number = page_number(request.query_params, "page", 1, MAX_PAGE)
        images, total = await asyncio.to_thread(self._context.images.gallery, number, _PAGE_SIZE)
        title = element("h1", "Gallery")
        count = element("p", f"{total} public image{'' if total == 1 else 's'}, newest first", class_="quiet")
        sign_in = element("p", element("a", "Sign in", href=SIGN_IN_PATH))
        navigation = pager(number, math.ceil(total / _PAGE_SIZE)) or Markup()
        return _html(page(f"Gallery · {SITE_NAME}", title, count, sign_in, sign_in_help(), tiles(images), navigation))

    async def _viewer(self, request: Request) -> Response:
        image_id = request.path_params["image_id"]
        image = await asyncio.to_thread(self._context.images.view, image_id) if is_id(image_id) else None
        if image is None:
            raise ApiError(404, "Image not found")
        preview = await self._preview(image)
        links = self._context.links(image)
        path = urlsplit(links["url"]).path
        picture = element("img", src=path, alt=preview.title, width=image.width, height=image.height)
        return _html(
            page(
                f"{preview.title} · {preview.site_name}",
                element("h1", preview.title),
                element("div", element("a", picture, href=path), class_="card picture"),
                facts(image, links),
                embed_card(preview),
                head=preview_tags(image, preview, links, self._context.base_url),
            )
        )

    async def _preview(self, image: StoredImage) -> Preview:
        store = self._context.collections
        embed = await asyncio.to_thread(store.embed, image.embed_id) if image.embed_id is not None else None
        return preview_of(image, embed)

    async def _album(self, request: Request) -> Response:
        album_id = request.path_params["album_id"]
        album = await asyncio.to_thread(self._context.collections.album, album_id) if is_id(album_id) else None
        # Pages know no sign-in, so a private album is as good as absent.
        if album is None or not album.is_public:
            raise ApiError(404, "Album not found")
        password = request.query_params.get("password", "")
        if request.method == "POST":
            form = parse_qs((await read_body(request)).decode("utf-8", "replace"))
            password = form.get("password", [""])[0]
        try:
            await check_may_view(album, None, password)
        except ApiError as error:
            message = error.message if password else ""
            return _html(page(f"Album · {SITE_NAME}", element("h1", "Album"), password_form(message)), error.status)
        images = await asyncio.to_thread(self._context.collections.album_images, album.id)
        return _html(
            page(
                f"{album.title} · {SITE_NAME}",
                element("h1", album.title),
                element("p", album.description, class_="quiet"),
                tiles(images),
            )
        )

    async def _oembed(self, request: Request) -> Response:
        if request.query_params.get("format", "json") != "json":
            raise ApiError(501, "Only the json format is offered")
        image = await self._context.image(self._viewer_id(request.query_params.get("url", "")))
        preview = await self._preview(image)
        links = self._context.links(image)
        body: dict[str, object] = {
            "version": "1.0",
            "type": "link",
            "title": preview.title,
            "provider_name": preview.site_name,
            "provider_url": self._context.base_url,
        }
        if image.width is not None:
            body |= {"type": "photo", "url": links["url"], "width": image.width, "height": image.height}
        if preview.author_name:
            body["author_name"] = preview.author_name
        if preview.author_url:
            body["author_url"] = preview.author_url
        return JSONResponse(body)

    def _viewer_id(self, url: str) -> str:
        prefix = f"{self._context.base_url}/i/"
        if not url.startswith(prefix):
            raise ApiError(404, "The url is no viewer page of this server")
        return url.removeprefix(prefix)

    async def _stylesheet(self, _: Request) -> Response:
        return Response(self._style, media_type="text/css")

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(openapi_document(self._context.base_url))

    async def _icon(self, _: Request) -> Response:
        return Response(_ICON, media_type="image/svg+xml")


def error_page(status: int, message: str) -> Response:
    """An error for people."""
    content = [element("h1", message), element("p", element("a", "To the gallery", href="/"))]
    return _html(page(f"{message} · {SITE_NAME}", *content), status)


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, _HEADERS)
