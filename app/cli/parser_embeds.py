"""The grammar of `imglink embeds` and `imglink gallery`, a part of `app.cli.parser`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from app.core.imglink import MAX_GALLERY_PAGE, ImageId

WITH_IDS = frozenset({"assign", "clear"})
"""Sub-commands of `embeds` that end with image ids, which may begin with a dash."""
_EPILOG = """\
A PROFILE is the id of one, or its very name.

examples:
  imglink embeds create "My brand" --title "Look at this" --color "#ff5733"
  imglink embeds assign "My brand" aBcDeFgHiJ _RxgFRvwh9
  imglink upload --embed "My brand" photo.jpg
"""

# A type of argparse that is not public.
Commands = Any


def add_embeds(commands: Commands, image_id: Callable[[str], ImageId]) -> None:
    """Add `embeds` and what stands below it."""
    embeds = commands.add_parser(
        "embeds",
        help="manage embed profiles, and give them to images",
        description="Embed profiles decide what Discord and others show of a linked image. They take a session: "
        "imglink account login.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = embeds.add_subparsers(dest="embeds_command", metavar="COMMAND", required=True)
    found = parts.add_parser("list", help="show the profiles with their ids")
    create = parts.add_parser("create", help="make a profile")
    create.add_argument("name", metavar="NAME")
    _add_fields(create)
    edit = parts.add_parser("edit", help="change a profile; what is not given stays as it is")
    edit.add_argument("profile", metavar="PROFILE")
    edit.add_argument("--name", metavar="NAME")
    _add_fields(edit)
    delete = parts.add_parser("delete", help="delete profiles; their images go back to what ImgLink shows by itself")
    delete.add_argument("profiles", nargs="+", metavar="PROFILE")
    assign = parts.add_parser("assign", help="give images a profile")
    assign.add_argument("profile", metavar="PROFILE")
    clear = parts.add_parser("clear", help="take images' profiles away")
    for parser in (assign, clear):
        parser.add_argument("ids", nargs="+", type=image_id, metavar="ID")
    for parser in (found, create, edit, delete, assign, clear):
        parser.add_argument("--json", action="store_true", help="print JSON")


def add_gallery(commands: Commands, add_link: Callable[[Any], None]) -> None:
    """Add `gallery`; `add_link` adds the option `--link`."""
    gallery = commands.add_parser(
        "gallery",
        help="print links of the public gallery",
        description="Print a link for each image of a page of the public gallery, newest first.",
    )
    gallery.add_argument("--page", type=_page, default=1, metavar="N", help="which page (default: 1)")
    gallery.add_argument(
        "--limit",
        type=_limit,
        default=MAX_GALLERY_PAGE,
        metavar="N",
        help=f"images on a page, at most {MAX_GALLERY_PAGE} (default: %(default)s)",
    )
    add_link(gallery)
    gallery.add_argument("--json", action="store_true", help="print JSON")


def _add_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--title", metavar="TEXT", help="the line that leads to the image")
    parser.add_argument("--description", metavar="TEXT", help="the text below it")
    parser.add_argument("--color", metavar="#RRGGBB", help="of the bar at the left")
    parser.add_argument("--author", metavar="NAME", help="above the title")
    parser.add_argument("--author-url", metavar="URL", help="where the author's name leads")
    parser.add_argument("--site-name", metavar="TEXT", help="the small line at the top")


def _page(text: str) -> int:
    return _number(text, 1_000_000, "a page's number, from 1")


def _limit(text: str) -> int:
    return _number(text, MAX_GALLERY_PAGE, f"a number from 1 to {MAX_GALLERY_PAGE}")


def _number(text: str, most: int, what: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"“{text}” is not {what}")
    return int(text)
