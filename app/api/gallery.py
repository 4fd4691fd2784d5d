"""The public gallery."""

from __future__ import annotations

from app.api import parse
from app.api.base import Calls
from app.api.calls import Call
from app.core.errors import InputError
from app.core.imglink import MAX_GALLERY_PAGE, GalleryPage


class GalleryCalls(Calls):
    """`/api/gallery`."""

    async def gallery(self, page: int = 1, limit: int = 20) -> GalleryPage:
        """Read a page (from 1) of `limit` images (1 to 40); no credential is sent."""
        if page < 1 or not 1 <= limit <= MAX_GALLERY_PAGE:
            raise InputError(f"The gallery has pages from 1, with 1 to {MAX_GALLERY_PAGE} images each.")
        call = Call("read the gallery", "GET", "/api/gallery", query={"page": page, "limit": limit})
        return await self._transport.call(call, lambda answer: parse.gallery(answer, page, limit))
