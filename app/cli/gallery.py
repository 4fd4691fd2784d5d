"""`imglink gallery`: a page of everybody's public images. No credential is sent."""

from __future__ import annotations

import argparse

from app.cli.desk import Desk
from app.cli.exit_codes import ExitCode
from app.cli.links import chosen_form
from app.cli.output import Result, print_json
from app.cli.streams import Lines, say
from app.core.links import format_link


async def gallery(arguments: argparse.Namespace, desk: Desk) -> ExitCode:
    """Print a link for each image of the page, newest first."""
    page = await desk.images.gallery(arguments.page, arguments.limit)
    if arguments.json:
        images = [
            {**Result(None, "there", image).as_json(), "views": image.views, "nsfw": image.nsfw}
            for image in page.images
        ]
        print_json({"page": page.page, "total_pages": page.total_pages, "total": page.total, "images": images})
        return ExitCode.DONE
    lines, form = Lines(), chosen_form(arguments, desk)
    for image in page.images:
        lines.add(" ".join(format_link(image, form, template=desk.link_template).splitlines()))
    lines.check()
    say(f"Page {page.page} of {max(page.page, page.total_pages)}, {page.total} images in all")
    return ExitCode.DONE
