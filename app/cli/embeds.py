"""`imglink embeds`: the profiles that decide what Discord shows of an image, and giving them to images."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from app.cli.exit_codes import ExitCode, exit_code
from app.cli.jobs import finish_job
from app.cli.output import print_json
from app.cli.streams import Lines, print_line, say
from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import MAX_EMBED_PROFILES, EmbedFields, EmbedId, EmbedProfile, ImageId

if TYPE_CHECKING:
    from app.cli.desk import StoreDesk
    from app.services.embeds import EmbedService

FLAGS = {
    "title": "title",
    "description": "description",
    "color": "color",
    "author": "author_name",
    "author_url": "author_url",
    "site_name": "site_name",
}
"""Flag (with _ for -) → field of `EmbedFields`; the name is a flag of its own."""


async def embeds(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """Carry out one of the sub-commands."""
    service = desk.embeds
    match arguments.embeds_command:
        case "list":
            return await _list(arguments, service, desk)
        case "create":
            return _tell(arguments, await service.create(_changed(EmbedFields(arguments.name), arguments)), "Created")
        case "edit":
            profile = await service.find(arguments.profile)
            fields = profile.fields if arguments.name is None else replace(profile.fields, name=arguments.name)
            return _tell(arguments, await service.edit(profile.id, _changed(fields, arguments)), "Changed")
        case "delete":
            return await _delete(arguments, service)
        case "assign":
            profile = await service.find(arguments.profile)
            return await _assign(arguments, desk, service, profile.id)
        case _:
            return await _assign(arguments, desk, service, None)


async def _list(arguments: argparse.Namespace, service: EmbedService, desk: StoreDesk) -> ExitCode:
    profiles = await service.list()
    default = desk.options.embed
    if arguments.json:
        print_json([_as_json(profile) | {"default": profile.id == default} for profile in profiles])
        return ExitCode.DONE
    lines = Lines()
    for profile in profiles:
        marker = "  (for new uploads)" if profile.id == default else ""
        lines.add(f"{profile.id:<6}{' '.join(profile.fields.name.split())}{marker}")
    lines.check()
    say(f"{len(profiles)} of {MAX_EMBED_PROFILES} profiles")
    return ExitCode.DONE


async def _delete(arguments: argparse.Namespace, service: EmbedService) -> ExitCode:
    """One by one; one that cannot be deleted does not stop the others."""
    kinds: list[ErrorKind | None] = []
    results: list[dict[str, object]] = []
    for text in arguments.profiles:
        try:
            profile = await service.find(text)
            uses = await service.known_uses(profile.id)
            await service.delete(profile.id)
        except UserFacingError as error:
            kinds.append(error.kind)
            results.append({"id": None, "profile": text, "state": "failed", "error": str(error)})
            say(f"{text}: {error}")
        else:
            kinds.append(None)
            results.append({"id": profile.id, "profile": text, "state": "deleted", "error": None, "images": uses})
            if not arguments.json:
                images = f", which {uses} known image{'' if uses == 1 else 's'} had" if uses else ""
                print_line(f"Deleted {profile.id}  {profile.fields.name}{images}")
    if arguments.json:
        print_json(results)
    return exit_code(kinds)


async def _assign(
    arguments: argparse.Namespace, desk: StoreDesk, service: EmbedService, embed_id: EmbedId | None
) -> ExitCode:
    """Through a durable job: what is not done when the command is broken off is done by the application."""
    image_ids: Sequence[ImageId] = list(dict.fromkeys(arguments.ids))
    job = await service.assign(image_ids, embed_id)
    return await finish_job(arguments, desk, job, "embed")


def _changed(fields: EmbedFields, arguments: argparse.Namespace) -> EmbedFields:
    given = {field: getattr(arguments, flag) for flag, field in FLAGS.items()}
    return replace(fields, **{field: value for field, value in given.items() if value is not None})


def _tell(arguments: argparse.Namespace, profile: EmbedProfile, what: str) -> ExitCode:
    if arguments.json:
        print_json(_as_json(profile))
    else:
        print_line(f"{what} {profile.id}  {' '.join(profile.fields.name.split())}")
    return ExitCode.DONE


def _as_json(profile: EmbedProfile) -> dict[str, object]:
    return {"id": profile.id, **asdict(profile.fields)}
