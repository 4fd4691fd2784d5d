"""`imglink info` and `imglink delete`."""

from __future__ import annotations

import argparse

from app.cli.desk import Desk, StoreDesk
from app.cli.exit_codes import ExitCode, exit_code
from app.cli.links import chosen_form, copy_links
from app.cli.output import Result, print_json, say_failure
from app.cli.streams import Lines, print_line
from app.core.errors import UserFacingError
from app.core.imglink import Image
from app.core.links import format_link


async def info(arguments: argparse.Namespace, desk: Desk) -> ExitCode:
    """Show what ImgLink knows of an image; with `--link`, its link alone."""
    image = await desk.images.image(arguments.ids[0])
    link = format_link(image, chosen_form(arguments, desk), template=desk.link_template)
    if arguments.json:
        print_json([{**Result(None, "there", image).as_json(), **_more_facts(image)}])
    elif arguments.link:
        print_line(link)
    else:
        facts = {name: value for name, value in Result(None, "", image).as_json().items() if value}
        for name, value in (facts | _more_facts(image)).items():
            if value is not None:
                print_line(f"{name.replace('_', ' '):<12}{value}")
    return await copy_links([link], desk) if arguments.copy else ExitCode.DONE


async def delete(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """Delete images one by one; one that cannot be deleted does not stop the others."""
    results, lines = [], Lines()
    for image_id in arguments.ids:
        try:
            await desk.history.delete_on_service(image_id)
        except UserFacingError as error:
            results.append(Result.of_error(None, error))
            say_failure(Result.of_error(image_id, error))
        else:
            results.append(Result(None, "deleted"))
            if not arguments.json:
                lines.add(image_id)
    if arguments.json:
        print_json([result.as_json() | {"id": each} for each, result in zip(arguments.ids, results, strict=True)])
    lines.check()
    return exit_code(result.error_kind for result in results)


def _more_facts(image: Image) -> dict[str, object]:
    return {
        "views": image.views,
        "uploaded_at": None if image.uploaded_at is None else image.uploaded_at.isoformat(),
    }
