"""Single images: read, delete. (Sending them is in `uploads`.)"""

from __future__ import annotations

from app.api import parse
from app.api.base import Calls
from app.api.calls import Auth, Call, checked_id, path_of
from app.core.imglink import Image, ImageId


class ImageCalls(Calls):
    """`/api/v1/image/:id`."""

    async def image(self, image_id: ImageId) -> Image:
        """Read an image's data, with views and time; no credential is sent."""
        path = path_of("api", "v1", "image", checked_id(image_id))
        return await self._transport.call(Call("read the image's data", "GET", path), parse.image)

    async def delete_image(self, image_id: ImageId) -> None:
        """Delete one of one's own images, with the API key. Raises NotFound when it is gone, or not one's own."""
        path = path_of("api", "v1", "image", checked_id(image_id))
        call = Call("delete the image", "DELETE", path, Auth.KEY, when_refused="Nothing was deleted.")
        await self._transport.call(call, parse.acknowledged)
