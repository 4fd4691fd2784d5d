"""`imglink albums`: albums, and putting images into them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.cli.exit_codes import ExitCode, exit_code
from app.cli.jobs import finish_job
from app.cli.output import print_json
from app.cli.streams import Lines, print_line, say
from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import Album, AlbumChanges, Image
from app.core.jobs import JobKind
from app.core.links import format_link

if TYPE_CHECKING:
    from app.cli.desk import StoreDesk
    from app.services.albums import AlbumsService


async def albums(arguments: argparse.Namespace, desk: StoreDesk, password: str = "") -> ExitCode:
    """Carry out one of the sub-commands; `password` was asked for already."""
    service = desk.albums
    match arguments.albums_command:
        case "list":
            return await _list(arguments, service, desk)
        case "show":
            album = await service.find(arguments.album)
            return _show(arguments, await service.show(album.id), desk)
        case "create":
            is_public = arguments.is_public is not False
            made = await service.create(
                arguments.title, arguments.description or "", is_public=is_public, password=password
            )
            return _tell(arguments, made, desk, "Created")
        case "edit":
            album = await service.find(arguments.album)
            new = "" if arguments.no_password else password or None
            changes = AlbumChanges(arguments.title, arguments.description, arguments.is_public, new)
            return _tell(arguments, await service.edit(album.id, changes), desk, "Changed")
        case "delete":
            return await _delete(arguments, service)
        case "add":
            return await _change(arguments, desk, JobKind.ADD_TO_ALBUM)
        case _:
            return await _change(arguments, desk, JobKind.REMOVE_FROM_ALBUM)


async def _list(arguments: argparse.Namespace, service: AlbumsService, desk: StoreDesk) -> ExitCode:
    found = await service.list()
    if arguments.json:
        print_json([_as_json(album, desk) for album in found])
        return ExitCode.DONE
    lines = Lines()
    for album in found:
        marker = "  (for new uploads)" if album.id == desk.options.album else ""
        lines.add(f"{album.id:<12}{_count(album):>5}  {_visibility(album):<9}{_title(album)}{marker}")
    lines.check()
    say(f"{len(found)} album{'' if len(found) == 1 else 's'}")
    return ExitCode.DONE


def _show(arguments: argparse.Namespace, album: Album, desk: StoreDesk) -> ExitCode:
    if arguments.json:
        images = [_image_as_json(image) for image in album.images]
        print_json(_as_json(album, desk) | {"images": images})
        return ExitCode.DONE
    say(f"{_title(album)} ({album.id}), {_visibility(album)}, {len(album.images)} images")
    if album.url:
        say(album.url)
    lines = Lines()
    for image in album.images:
        link = format_link(image, desk.link_form, template=desk.link_template)
        lines.add(" ".join(link.splitlines()))
    lines.check()
    return ExitCode.DONE


async def _delete(arguments: argparse.Namespace, service: AlbumsService) -> ExitCode:
    """One by one; one that cannot be deleted does not stop the others."""
    kinds: list[ErrorKind | None] = []
    results: list[dict[str, object]] = []
    for text in arguments.albums:
        try:
            album = await service.find(text)
            await service.delete(album.id)
        except UserFacingError as error:
            kinds.append(error.kind)
            results.append({"id": None, "album": text, "state": "failed", "error": str(error)})
            say(f"{text}: {error}")
        else:
            kinds.append(None)
            results.append({"id": album.id, "album": text, "state": "deleted", "error": None})
            if not arguments.json:
                print_line(f"Deleted {album.id}  {_title(album)}; its images stay")
    if arguments.json:
        print_json(results)
    return exit_code(kinds)


async def _change(arguments: argparse.Namespace, desk: StoreDesk, kind: JobKind) -> ExitCode:
    """Through a durable job: what is not done when the command is broken off is done by the application."""
    album = await desk.albums.find(arguments.album)
    job = await desk.jobs.start(kind, album.id, arguments.ids, target_name=_title(album))
    return await finish_job(arguments, desk, job, "album")


def _tell(arguments: argparse.Namespace, album: Album, desk: StoreDesk, what: str) -> ExitCode:
    if arguments.json:
        print_json(_as_json(album, desk))
    else:
        print_line(f"{what} {album.id}  {_title(album)}")
        if album.url:
            say(album.url)
    return ExitCode.DONE


def _as_json(album: Album, desk: StoreDesk) -> dict[str, object]:
    return {
        "id": album.id,
        "title": album.title,
        "description": album.description,
        "public": album.is_public,
        "password": album.has_password,
        "count": album.image_count,
        "cover": album.cover,
        "url": album.url,
        "default": album.id == desk.options.album,
    }


def _image_as_json(image: Image) -> dict[str, object]:
    return {"id": image.id, "url": image.url, "viewer": image.viewer, "thumbnail": image.thumbnail}


def _title(album: Album) -> str:
    return " ".join(album.title.split()) or "(untitled)"


def _count(album: Album) -> str:
    return "?" if album.image_count is None else str(album.image_count)


def _visibility(album: Album) -> str:
    if not album.is_public:
        return "private"
    return "password" if album.has_password else "public"
