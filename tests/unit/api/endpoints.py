"""Every endpoint once: how it is called, what must go over the wire, and a fitting answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from app.api import Client
from app.core.imglink import AlbumChanges, AlbumId, EmbedFields, EmbedId, ImageId, UploadOptions
from app.core.ports import UploadFile
from tests.unit.api.harness import IMAGE

ALBUM = {"id": 7, "title": "Shots"}
EMBED = {"id": 5, "name": "Brand"}
IMAGE_ID = ImageId("-RxgFRvwh9")
ALBUM_ID = AlbumId("_album-1")
EMBED_ID = EmbedId("5")
FIELDS = EmbedFields("Brand", title="Look", color="#ff5733")


@dataclass(frozen=True)
class Endpoint:
    name: str
    call: Callable[[Client, UploadFile], Awaitable[object]]
    method: str
    target: str
    sends: Literal["key", "token", ""]
    """The only credential on the wire when both are known."""
    answer: object
    json: object = None
    """The body that must be sent; None for no JSON body."""
    needs: bool = True
    """False when it also works without a credential."""


ENDPOINTS = (
    Endpoint("upload", lambda c, f: c.upload(f, UploadOptions()), "POST", "/api/v1/upload", "key", IMAGE, needs=False),
    Endpoint(
        "upload_several", lambda c, f: c.upload_several([f, f], UploadOptions()),
        "POST", "/api/v1/upload", "key", {"success": True, "images": [IMAGE, IMAGE]}, needs=False,
    ),
    Endpoint(
        "upload anonymously", lambda c, f: c.upload(f, UploadOptions(anonymous=True)),
        "POST", "/api/upload", "", {"images": [IMAGE]}, needs=False,
    ),
    Endpoint(
        "image", lambda c, _: c.image(IMAGE_ID),
        "GET", "/api/v1/image/-RxgFRvwh9", "", {"data": IMAGE}, needs=False,
    ),
    Endpoint(
        "delete_image", lambda c, _: c.delete_image(IMAGE_ID),
        "DELETE", "/api/v1/image/-RxgFRvwh9", "key", {"success": True},
    ),
    Endpoint(
        "gallery", lambda c, _: c.gallery(2, 40),
        "GET", "/api/gallery?page=2&limit=40", "", {"images": [IMAGE]}, needs=False,
    ),
    Endpoint(
        "check_key", lambda c, _: c.check_key(),
        "DELETE", "/api/v1/image/key-check-of-imglink-desktop", "key", {"success": True},
    ),
    Endpoint(
        "sign_in", lambda c, _: c.sign_in("ada", "pass word"), "POST", "/api/auth/login", "", {"token": "abc.def"},
        json={"email": "ada", "username": "ada", "password": "pass word"}, needs=False,
    ),
    Endpoint("albums", lambda c, _: c.albums(), "GET", "/api/albums", "token", {"albums": [ALBUM]}),
    Endpoint("album", lambda c, _: c.album(ALBUM_ID), "GET", "/api/albums/_album-1", "token", ALBUM, needs=False),
    Endpoint(
        "create_album", lambda c, _: c.create_album("Shots", "of games", is_public=False),
        "POST", "/api/albums", "token", ALBUM, json={"title": "Shots", "description": "of games", "isPublic": False},
    ),
    Endpoint(
        "update_album", lambda c, _: c.update_album(ALBUM_ID, AlbumChanges(title="New", password="")),
        "PUT", "/api/albums/_album-1", "token", ALBUM, json={"title": "New", "password": ""},
    ),
    Endpoint("delete_album", lambda c, _: c.delete_album(ALBUM_ID), "DELETE", "/api/albums/_album-1", "token", {}),
    Endpoint(
        "add_to_album", lambda c, _: c.add_to_album(ALBUM_ID, IMAGE_ID),
        "POST", "/api/albums/_album-1/images", "token", {}, json={"imageId": "-RxgFRvwh9"},
    ),
    Endpoint(
        "remove_from_album", lambda c, _: c.remove_from_album(ALBUM_ID, IMAGE_ID),
        "DELETE", "/api/albums/_album-1/images/-RxgFRvwh9", "token", {},
    ),
    Endpoint("embeds", lambda c, _: c.embeds(), "GET", "/api/embeds", "token", [EMBED]),
    Endpoint(
        "create_embed", lambda c, _: c.create_embed(FIELDS),
        "POST", "/api/embeds", "token", EMBED, json={"name": "Brand", "title": "Look", "color": "#ff5733"},
    ),
    Endpoint(
        "update_embed", lambda c, _: c.update_embed(EMBED_ID, FIELDS), "PUT", "/api/embeds/5", "token", EMBED,
        json={
            "name": "Brand", "title": "Look", "color": "#ff5733",
            "description": "", "author_name": "", "author_url": "", "site_name": "",
        },
    ),
    Endpoint("delete_embed", lambda c, _: c.delete_embed(EMBED_ID), "DELETE", "/api/embeds/5", "token", {}),
    Endpoint(
        "assign_embed", lambda c, _: c.assign_embed(IMAGE_ID, EMBED_ID),
        "PATCH", "/api/images/-RxgFRvwh9/embed", "token", {}, json={"embed_profile_id": 5},
    ),
    Endpoint(
        "assign_embed_bulk", lambda c, _: c.assign_embed_bulk([IMAGE_ID, ImageId("b")], None),
        "PATCH", "/api/images/bulk-embed", "token", {},
        json={"image_ids": ["-RxgFRvwh9", "b"], "embed_profile_id": None},
    ),
)  # fmt: skip
BY_NAME = {endpoint.name: endpoint for endpoint in ENDPOINTS}
