"""Embed profiles: what Discord and others show beside an image. All take the token."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from app.api import parse
from app.api.base import Calls
from app.api.calls import Auth, Call, checked_id, path_of
from app.core.errors import InputError
from app.core.imglink import MAX_BULK_EMBED, EmbedFields, EmbedId, EmbedProfile, ImageId

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


class EmbedCalls(Calls):
    """`/api/embeds`, and the assignment to images."""

    async def embeds(self) -> tuple[EmbedProfile, ...]:
        """List one's embed profiles."""
        call = Call("list the embed profiles", "GET", "/api/embeds", Auth.TOKEN)
        return await self._transport.call(call, parse.embeds)

    async def create_embed(self, fields: EmbedFields) -> EmbedProfile:
        """Create an embed profile; an account has at most 25."""
        json = {name: value for name, value in _checked(fields).items() if value}
        call = Call("create the embed profile", "POST", "/api/embeds", Auth.TOKEN, json=json)
        created = await self._transport.call(call, parse.embed)
        return created if created.fields.name else EmbedProfile(created.id, fields)

    async def update_embed(self, embed_id: EmbedId, fields: EmbedFields) -> EmbedProfile:
        """Replace the fields of an embed profile; empty ones are cleared."""
        path = path_of("api", "embeds", checked_id(embed_id, "embed profile"))
        call = Call("change the embed profile", "PUT", path, Auth.TOKEN, json=_checked(fields))
        await self._transport.call(call, parse.acknowledged)
        return EmbedProfile(embed_id, fields)

    async def delete_embed(self, embed_id: EmbedId) -> None:
        """Delete an embed profile; its images revert to the defaults."""
        path = path_of("api", "embeds", checked_id(embed_id, "embed profile"))
        await self._transport.call(Call("delete the embed profile", "DELETE", path, Auth.TOKEN), parse.acknowledged)

    async def assign_embed(self, image_id: ImageId, embed_id: EmbedId | None) -> None:
        """Give an image an embed profile, or None to remove it."""
        path = path_of("api", "images", checked_id(image_id), "embed")
        fields = {"embed_profile_id": _number(embed_id)}
        call = Call("assign the embed profile", "PATCH", path, Auth.TOKEN, json=fields)
        await self._transport.call(call, parse.acknowledged)

    async def assign_embed_bulk(self, image_ids: Sequence[ImageId], embed_id: EmbedId | None) -> None:
        """The same for 1 to 100 images at once."""
        if not 1 <= len(image_ids) <= MAX_BULK_EMBED:
            raise InputError(f"An embed profile is assigned to 1 to {MAX_BULK_EMBED} images at once.")
        fields = {"image_ids": [checked_id(image_id) for image_id in image_ids], "embed_profile_id": _number(embed_id)}
        call = Call("assign the embed profile", "PATCH", "/api/images/bulk-embed", Auth.TOKEN, json=fields)
        await self._transport.call(call, parse.acknowledged)


def _checked(fields: EmbedFields) -> dict[str, str]:
    if not fields.name.strip():
        raise InputError("An embed profile needs a name.")
    if fields.color and not _COLOR.fullmatch(fields.color):
        raise InputError("A colour is written as # and six digits, such as #ff5733.")
    return dataclasses.asdict(fields)


def _number(embed_id: EmbedId | None) -> int | str | None:
    """The documentation's ids of profiles are integers, and written as such."""
    if embed_id is None:
        return None
    text = checked_id(embed_id, "embed profile")
    return int(text) if text.isdecimal() else text
