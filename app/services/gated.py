"""The service with the sign-in gate before every call that takes a token; uploads and keys never pass it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from app.core.imglink import (
    Album,
    AlbumChanges,
    AlbumId,
    EmbedFields,
    EmbedId,
    EmbedProfile,
    GalleryPage,
    Image,
    ImageId,
    KeyCheck,
    UploadOptions,
)
from app.core.ports import ImgLink, UploadFile
from app.services.sign_in import SignInGate


class GatedImgLink:
    """An `ImgLink` for what the person does: its calls for albums and embed profiles may ask them to sign in.

    Such a call raises Cancelled when they do not. What runs in the background, unasked, takes the ungated one.
    """

    def __init__(self, api: ImgLink, gate: SignInGate) -> None:
        self._api = api
        self._gate = gate

    # --- with the key, with nothing, or with whatever there is: never asks --------------------------------------------

    async def upload(
        self,
        file: UploadFile,
        options: UploadOptions,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        before_commit: Callable[[], Awaitable[None]] | None = None,
    ) -> Image:
        """See `ImgLink`."""
        return await self._api.upload(file, options, on_progress=on_progress, before_commit=before_commit)

    async def upload_several(
        self,
        files: Sequence[UploadFile],
        options: UploadOptions,
        *,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> tuple[Image, ...]:
        """See `ImgLink`."""
        return await self._api.upload_several(files, options, on_progress=on_progress)

    async def image(self, image_id: ImageId) -> Image:
        """See `ImgLink`."""
        return await self._api.image(image_id)

    async def delete_image(self, image_id: ImageId) -> None:
        """See `ImgLink`."""
        await self._api.delete_image(image_id)

    async def gallery(self, page: int = 1, limit: int = 20) -> GalleryPage:
        """See `ImgLink`."""
        return await self._api.gallery(page, limit)

    async def check_key(self) -> KeyCheck:
        """See `ImgLink`."""
        return await self._api.check_key()

    async def sign_in(self, user: str, password: str) -> str:
        """See `ImgLink`."""
        return await self._api.sign_in(user, password)

    async def close(self) -> None:
        """See `ImgLink`."""
        await self._api.close()

    # --- with the token -----------------------------------------------------------------------------------------------

    async def albums(self) -> tuple[Album, ...]:
        """See `ImgLink`."""
        return await self._gate.run(self._api.albums)

    async def album(self, album_id: AlbumId) -> Album:
        """See `ImgLink`."""
        return await self._gate.run(lambda: self._api.album(album_id))

    async def create_album(self, title: str, description: str = "", *, is_public: bool = True) -> Album:
        """See `ImgLink`."""
        return await self._gate.run(lambda: self._api.create_album(title, description, is_public=is_public))

    async def update_album(self, album_id: AlbumId, changes: AlbumChanges) -> Album:
        """See `ImgLink`."""
        return await self._gate.run(lambda: self._api.update_album(album_id, changes))

    async def delete_album(self, album_id: AlbumId) -> None:
        """See `ImgLink`."""
        await self._gate.run(lambda: self._api.delete_album(album_id))

    async def add_to_album(self, album_id: AlbumId, image_id: ImageId) -> None:
        """See `ImgLink`."""
        await self._gate.run(lambda: self._api.add_to_album(album_id, image_id))

    async def remove_from_album(self, album_id: AlbumId, image_id: ImageId) -> None:
        """See `ImgLink`."""
        await self._gate.run(lambda: self._api.remove_from_album(album_id, image_id))

    async def embeds(self) -> tuple[EmbedProfile, ...]:
        """See `ImgLink`."""
        return await self._gate.run(self._api.embeds)

    async def create_embed(self, fields: EmbedFields) -> EmbedProfile:
        """See `ImgLink`."""
        return await self._gate.run(lambda: self._api.create_embed(fields))

    async def update_embed(self, embed_id: EmbedId, fields: EmbedFields) -> EmbedProfile:
        """See `ImgLink`."""
        return await self._gate.run(lambda: self._api.update_embed(embed_id, fields))

    async def delete_embed(self, embed_id: EmbedId) -> None:
        """See `ImgLink`."""
        await self._gate.run(lambda: self._api.delete_embed(embed_id))

    async def assign_embed(self, image_id: ImageId, embed_id: EmbedId | None) -> None:
        """See `ImgLink`."""
        await self._gate.run(lambda: self._api.assign_embed(image_id, embed_id))

    async def assign_embed_bulk(self, image_ids: Sequence[ImageId], embed_id: EmbedId | None) -> None:
        """See `ImgLink`."""
        await self._gate.run(lambda: self._api.assign_embed_bulk(image_ids, embed_id))
