"""`imglink info` and `imglink delete`."""

from __future__ import annotations

import argparse

from app.cli.desk import Desk
from app.cli.exit_codes import ExitCode, exit_code
from app.cli.output import Result, print_json, print_line, say_failure
from app.core.errors import UserFacingError


async def info(arguments: argparse.Namespace, desk: Desk) -> ExitCode:
    """Show what ImgLink knows of an image."""
    image = await desk.images.image(arguments.ids[0])
    facts = {
        "id": image.id,
        "url": image.url,
        "viewer": image.viewer,
        "thumbnail": image.thumbnail,
        "width": image.width,
        "height": image.height,
        "size": image.size,
        "mime": image.mime,
        "views": image.views,
        "uploaded_at": None if image.uploaded_at is None else image.uploaded_at.isoformat(),
    }
    if arguments.json:
        print_json(facts)
    else:
        for name, value in facts.items():
            if value is not None:
                print_line(f"{name.replace('_', ' '):<12}{value}")
    return ExitCode.DONE


async def delete(arguments: argparse.Namespace, desk: Desk) -> ExitCode:
    """Delete images one by one; one that cannot be deleted does not stop the others."""
    results = []
    for image_id in arguments.ids:
        try:
            await desk.history.delete_on_service(image_id)
            results.append(Result(image_id, "deleted"))
            if not arguments.json:
                print_line(image_id)
        except UserFacingError as error:
            results.append(Result.of_error(image_id, error))
            say_failure(results[-1])
    if arguments.json:
        print_json([{"id": each.file, "state": each.state, "error": each.error or None} for each in results])
    return exit_code(result.error_kind for result in results)
