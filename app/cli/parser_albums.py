"""The grammar of `imglink albums`, a part of `app.cli.parser`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from app.core.imglink import ImageId

WITH_IDS = frozenset({"add", "remove"})
"""Sub-commands that end with image ids, which may begin with a dash."""
_EPILOG = """\
An ALBUM is the id of one, or its very title. A password is asked for, or read from standard input; it is never an
argument.

examples:
  imglink albums create "Holiday" --private
  imglink albums add "Holiday" aBcDeFgHiJ _RxgFRvwh9
  imglink upload --album "Holiday" *.jpg
"""

# A type of argparse that is not public.
Commands = Any


def add_albums(commands: Commands, image_id: Callable[[str], ImageId]) -> None:
    """Add `albums` and what stands below it."""
    albums = commands.add_parser(
        "albums",
        help="manage albums, and put images into them",
        description="Albums put images together under one link. They take a session: imglink account login.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = albums.add_subparsers(dest="albums_command", metavar="COMMAND", required=True)
    found = parts.add_parser("list", help="show the albums with their ids")
    show = parts.add_parser("show", help="show an album and the links of its images")
    create = parts.add_parser("create", help="make an album")
    create.add_argument("title", metavar="TITLE")
    edit = parts.add_parser("edit", help="change an album; what is not given stays as it is")
    delete = parts.add_parser("delete", help="delete albums; their images stay")
    delete.add_argument("albums", nargs="+", metavar="ALBUM")
    add = parts.add_parser("add", help="put images into an album")
    remove = parts.add_parser("remove", help="take images out of an album")
    for parser in (show, edit, add, remove):
        parser.add_argument("album", metavar="ALBUM")
    edit.add_argument("--title", metavar="TEXT")
    for parser in (create, edit):
        _add_fields(parser)
    edit.add_argument("--no-password", action="store_true", help="take the password away")
    for parser in (add, remove):
        parser.add_argument("ids", nargs="+", type=image_id, metavar="ID")
    for parser in (found, show, create, edit, delete, add, remove):
        parser.add_argument("--json", action="store_true", help="print JSON")


def problem_with_albums(arguments: argparse.Namespace) -> str:
    """What contradicts itself, in words; empty when nothing does."""
    if arguments.albums_command != "edit":
        return ""
    if arguments.password and arguments.no_password:
        return "--password and --no-password contradict each other"
    given = (arguments.title, arguments.description, arguments.is_public)
    if all(value is None for value in given) and not (arguments.password or arguments.no_password):
        return "say what to change: --title, --description, --public, --private, --password or --no-password"
    return ""


def _add_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--description", metavar="TEXT")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--public", dest="is_public", action="store_true", default=None, help="whoever has the link")
    who.add_argument("--private", dest="is_public", action="store_false", help="only you")
    parser.add_argument("--password", action="store_true", help="ask for a password that opens it")
