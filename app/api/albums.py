"""Albums. All take the token; reading one works without, if it is public."""

from __future__ import annotations

import dataclasses

from app.api import parse
from app.api.base import Calls
from app.api.calls import Auth, Call, checked_id, path_of
from app.core.errors import InputError
from app.core.imglink import Album, AlbumChanges, AlbumId, ImageId


class AlbumCalls(Calls):
    """`/api/albums` and below."""

    async def albums(self) -> tuple[Album, ...]:
        """List one's albums."""
        return await self._transport.call(Call("list the albums", "GET", "/api/albums", Auth.TOKEN), parse.albums)

    async def album(self, album_id: AlbumId) -> Album:
        """Read one album with its images."""
        call = Call("read the album", "GET", _path(album_id), Auth.TOKEN_IF_ANY)
        return await self._transport.call(call, parse.album)

    async def create_album(self, title: str, description: str = "", *, is_public: bool = True) -> Album:
        """Create an album."""
        fields = {"title": _checked_title(title), "description": description, "isPublic": is_public}
        call = Call("create the album", "POST", "/api/albums", Auth.TOKEN, json=fields)
        album = await self._transport.call(call, parse.album)
        # Some answers to a change hold the id and little else.
        return (
            album
            if album.title
            else dataclasses.replace(album, title=title, description=description, is_public=is_public)
        )

    async def update_album(self, album_id: AlbumId, changes: AlbumChanges) -> Album:
        """Change an album, and return it as it is then."""
        fields = {
            "title": None if changes.title is None else _checked_title(changes.title),
            "description": changes.description,
            "isPublic": changes.is_public,
            "password": changes.password,
        }
        call = Call(
            "change the album",
            "PUT",
            _path(album_id),
            Auth.TOKEN,
            json={name: value for name, value in fields.items() if value is not None},
            secrets=(changes.password,) if changes.password else (),
        )
        album = await self._transport.call(call, parse.changed_album)
        return await self.album(album_id) if album is None else album

    async def delete_album(self, album_id: AlbumId) -> None:
        """Delete an album (soft: the images stay)."""
        call = Call("delete the album", "DELETE", _path(album_id), Auth.TOKEN)
        await self._transport.call(call, parse.acknowledged)

    async def add_to_album(self, album_id: AlbumId, image_id: ImageId) -> None:
        """Put an image into an album."""
        path = path_of("api", "albums", checked_id(album_id, "album"), "images")
        fields = {"imageId": checked_id(image_id)}
        call = Call("add the image to the album", "POST", path, Auth.TOKEN, json=fields)
        await self._transport.call(call, parse.acknowledged)

    async def remove_from_album(self, album_id: AlbumId, image_id: ImageId) -> None:
        """Take an image out of an album."""
        path = path_of("api", "albums", checked_id(album_id, "album"), "images", checked_id(image_id))
        call = Call("take the image out of the album", "DELETE", path, Auth.TOKEN)
        await self._transport.call(call, parse.acknowledged)


def _path(album_id: AlbumId) -> str:
    return path_of("api", "albums", checked_id(album_id, "album"))


def _checked_title(title: str) -> str:
    if not title.strip():
        raise InputError("An album needs a title.")
    return title
