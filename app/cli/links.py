"""Links as the person wants them: in which form, and onto the clipboard."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from app.cli.desk import Desk
from app.cli.exit_codes import ExitCode
from app.cli.streams import say
from app.core.doctor import CLIPBOARD_REMEDY
from app.core.errors import UserFacingError
from app.core.links import LinkForm


def chosen_form(arguments: argparse.Namespace, desk: Desk) -> LinkForm:
    """What `--link` says, else the settings."""
    return LinkForm(arguments.link) if arguments.link else desk.link_form


async def copy_links(links: Sequence[str], desk: Desk) -> ExitCode:
    """Put them on the clipboard, one a line. A failure is said, and is not the upload's."""
    try:
        if await desk.clipboard.copy_text("\n".join(links)):
            return ExitCode.DONE
        say(f"The link was not copied: something else took the clipboard, or it does not answer. {CLIPBOARD_REMEDY}")
    except UserFacingError as error:
        say(str(error))
    return ExitCode.FAILED
