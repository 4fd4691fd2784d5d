"""Embed profiles: the four endpoints, and giving them to images."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.demo.collection_store import StoredEmbed
from app.demo.endpoint import Endpoint
from app.demo.replies import ApiError, read_json, text_field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.demo.context import Context

MAX_LENGTHS = {
    "name": 100,
    "title": 256,
    "description": 2048,
    "color": 7,
    "author_name": 256,
    "author_url": 2048,
    "site_name": 256,
}
COLOR = r"#[0-9a-fA-F]{6}"
LARGEST_ID = 2**63 - 1


class EmbedRoutes:
    """`/api/embeds` and the assignments under `/api/images`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.collections

    def endpoints(self) -> list[Endpoint]:
        """The endpoints of this module."""
        return [
            Endpoint("GET", "/api/embeds", self._list),
            Endpoint("POST", "/api/embeds", self._create),
            Endpoint("PUT", "/api/embeds/{embed_id}", self._update),
            Endpoint("DELETE", "/api/embeds/{embed_id}", self._delete),
            Endpoint("PATCH", "/api/images/bulk-embed", self._assign_many),
            Endpoint("PATCH", "/api/images/{image_id}/embed", self._assign),
        ]

    async def _list(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        embeds = await asyncio.to_thread(self._store.embeds, user)
        return JSONResponse({"embeds": [_json(embed) for embed in embeds]})

    async def _create(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        fields = _fields(await read_json(request), needs_name=True)
        limit = self._context.limits.max_embed_profiles
        embed = await asyncio.to_thread(self._store.create_embed, user, fields, limit)
        return JSONResponse({"embed": _json(embed)}, 201)

    async def _update(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        body = await read_json(request)
        fields = _fields(body, needs_name="name" in body)
        embed = await asyncio.to_thread(self._store.update_embed, user, _embed_id(request), fields)
        return JSONResponse({"embed": _json(embed)})

    async def _delete(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        await asyncio.to_thread(self._store.delete_embed, user, _embed_id(request))
        return JSONResponse({"success": True})

    async def _assign(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        embed_id = _profile(await read_json(request))
        image_id = request.path_params["image_id"]
        await asyncio.to_thread(self._store.assign_embed, user, [image_id], embed_id)
        return JSONResponse({"success": True})

    async def _assign_many(self, request: Request) -> Response:
        user = await self._context.auth.token_user(request)
        body = await read_json(request)
        embed_id = _profile(body)
        image_ids = _image_ids(body, self._context.limits.max_bulk_embed)
        await asyncio.to_thread(self._store.assign_embed, user, image_ids, embed_id)
        return JSONResponse({"success": True, "updated": len(image_ids)})


def _json(embed: StoredEmbed) -> dict[str, object]:
    return {"id": embed.id, **embed.fields}


def _embed_id(request: Request) -> int:
    text = request.path_params["embed_id"]
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ApiError(404, "Embed profile not found")
    return int(text)


def _fields(body: Mapping[str, object], *, needs_name: bool) -> dict[str, str]:
    fields = {}
    for name, max_length in MAX_LENGTHS.items():
        value = text_field(body, name, max_length, required=needs_name and name == "name")
        if value is not None:
            fields[name] = value
    if fields.get("color") and not re.fullmatch(COLOR, fields["color"]):
        raise ApiError(400, "color must look like #rrggbb")
    # The author's name becomes a link on other people's pages.
    if fields.get("author_url") and not fields["author_url"].startswith(("https://", "http://")):
        raise ApiError(400, "author_url must begin with https:// or http://")
    return fields


def _profile(body: Mapping[str, object]) -> int | None:
    if "embed_profile_id" not in body:
        raise ApiError(400, "embed_profile_id is required")
    value = body["embed_profile_id"]
    if value is None:
        return None
    # bool is an int to Python, not to JSON.
    if not isinstance(value, int) or isinstance(value, bool):
        raise ApiError(400, "embed_profile_id must be a whole number or null")
    if not 0 < value <= LARGEST_ID:
        raise ApiError(404, "Embed profile not found")
    return value


def _image_ids(body: Mapping[str, object], limit: int) -> list[str]:
    value = body.get("image_ids")
    if not isinstance(value, list) or not value:
        raise ApiError(400, "image_ids must be a list of at least one id")
    if len(value) > limit:
        raise ApiError(400, f"image_ids must hold at most {limit} ids")
    return [text_field({"image_ids": item}, "image_ids", 64, required=True) or "" for item in value]
