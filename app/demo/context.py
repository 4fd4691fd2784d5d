"""What the routes share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.demo.replies import ApiError

if TYPE_CHECKING:
    from app.core.ports import Clock
    from app.demo.accounts import Accounts
    from app.demo.auth import Authenticator, Tokens
    from app.demo.collection_store import Collections
    from app.demo.image_store import ImageStore, StoredImage
    from app.demo.limits import DemoLimits, RateLimiter

_ID = re.compile(r"[A-Za-z0-9_-]{10}")


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one running server."""

    base_url: str
    limits: DemoLimits
    clock: Clock
    limiter: RateLimiter
    accounts: Accounts
    tokens: Tokens
    auth: Authenticator
    images: ImageStore
    collections: Collections

    async def image(self, image_id: str) -> StoredImage:
        """An image by its id. Raises ApiError 404."""
        image = await asyncio.to_thread(self.images.get, image_id) if is_id(image_id) else None
        if image is None:
            raise ApiError(404, "Image not found")
        return image

    def links(self, image: StoredImage) -> dict[str, str]:
        """The links of an image: `url`, `viewer`, and `thumbnail` when it has one."""
        links = {"url": f"{self.base_url}/cdn/{image.id}{image.format.extension}"}
        if image.has_thumbnail:
            links["thumbnail"] = f"{self.base_url}/cdn/medium/{image.id}.webp"
        links["viewer"] = f"{self.base_url}/i/{image.id}"
        return links

    def image_json(self, image: StoredImage, *, with_delete: bool = False) -> dict[str, object]:
        """The documentation's image object; what is not known of an image is left out."""
        body: dict[str, object] = {"id": image.id, **self.links(image)}
        if with_delete:
            body["delete"] = f"{self.base_url}/api/v1/image/{image.id}"
        if image.width is not None:
            body |= {"width": image.width, "height": image.height}
        return body | {"size": image.size, "mime": image.format.mime}

    def image_details_json(self, image: StoredImage) -> dict[str, object]:
        """The same with what changes later: views, and when it was uploaded."""
        return self.image_json(image) | {
            "views": image.views,
            "uploadedAt": image.uploaded_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "nsfw": image.is_nsfw,
        }


def is_id(text: str) -> bool:
    """Whether it looks like an id of an image or album."""
    return _ID.fullmatch(text) is not None


def page_number(query: Mapping[str, str], name: str, default: int, maximum: int) -> int:
    """A whole number of the query string, 1 to `maximum`. Raises ApiError 400."""
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= maximum:
        raise ApiError(400, f"{name} must be a number from 1 to {maximum}")
    return int(text)
