"""The grammar of `imglink history`, `imglink open` and `imglink copy`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

_HISTORY_EPILOG = """\
also:
  imglink history export [--format csv|json] [--output FILE]
  imglink history import FILE      our own export, or ShareX's History.json or History.db
  imglink history forget ID…       leave images out here; on ImgLink nothing changes

examples:
  imglink history invoice          images with that in their name, title, note, album or id
  imglink history --since 7d --favourite
  imglink history --json | jq -r '.[].url'
"""
SUBCOMMANDS = frozenset({"export", "import", "forget"})
"""After “history”, these words are no search; “imglink history -- export” searches for one."""
_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

P = TypeVar("P", bound=argparse.ArgumentParser)


def joined(words: list[str]) -> list[str]:
    """`history export …` as one command."""
    if len(words) > 1 and words[0] == "history" and words[1] in SUBCOMMANDS:
        return [f"history {words[1]}", *words[2:]]
    return words


def add_history(
    commands: argparse._SubParsersAction[P],
    image_id: Callable[[str], object],
    add_link_option: Callable[[argparse.ArgumentParser], None],
) -> None:
    """Add the commands."""
    history = commands.add_parser(
        "history",
        help="find, export, import and forget what was uploaded",
        description="Show what was uploaded from here, newest first. Nothing is sent.",
        epilog=_HISTORY_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    history.add_argument("query", nargs="*", metavar="QUERY", help="words that must all occur")
    history.add_argument("--limit", type=_limit, default=50, metavar="N", help="at most so many (default: %(default)s)")
    history.add_argument(
        "--since", type=_since, metavar="D", help="a date such as 2026-03-01, or a time such as 24h, 7d or 2w"
    )
    history.add_argument("--album", metavar="ID", help="only those of this album")
    history.add_argument("--favourite", action="store_true", default=None, help="only those with a star")
    history.add_argument("--json", action="store_true", help="print a JSON array instead")
    export = commands.add_parser("history export", prog="imglink history export")
    export.add_argument("--format", choices=("csv", "json"), help="default: as the name after --output ends, else json")
    export.add_argument("--output", type=Path, metavar="FILE", help="write there instead of standard output")
    importing = commands.add_parser("history import", prog="imglink history import")
    importing.add_argument("file", type=Path, metavar="FILE")
    forget = commands.add_parser("history forget", prog="imglink history forget")
    forget.add_argument("ids", nargs="+", type=image_id, metavar="ID")
    opening = commands.add_parser(
        "open", help="open an image of the history in the browser", description="Open an image's page in the browser."
    )
    opening.add_argument("ids", nargs=1, type=image_id, metavar="ID")
    opening.add_argument("--direct", action="store_true", help="the image itself instead of its page")
    copy = commands.add_parser(
        "copy",
        help="copy links of images of the history",
        description="Copy the links of images to the clipboard, one a line, and print them.",
    )
    copy.add_argument("ids", nargs="+", type=image_id, metavar="ID")
    add_link_option(copy)


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number from 1 to 1000000")
    return int(text)


def _since(text: str) -> datetime:
    """A moment in the past; aware."""
    if span := _SPAN.fullmatch(text):
        return datetime.now(UTC) - int(span[1]) * _UNITS[span[2]]
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"“{text}” is no date such as 2026-03-01, and no time such as 7d") from None
