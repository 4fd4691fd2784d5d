"""The command line's grammar. Imports nothing heavy, so that `--help` is instant."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

from app import __version__
from app.cli.exit_codes import ExitCode
from app.core.geometry import Rect
from app.core.imglink import ImageId, parse_image_id
from app.core.links import LinkForm

_EPILOG = """\
Without a command, the tray application starts. Exit codes: 0 done, 1 failed (also when some of several failed; the
others still go), 2 wrong usage, 3 credential missing or refused, 4 rate-limited or offline, 130 cancelled.
Environment: IMGLINK_BASE_URL, IMGLINK_API_KEY, IMGLINK_TOKEN."""

_ID_COMMANDS = frozenset({"info", "delete"})
CAPTURE_MODES = ("region", "screen", "monitor", "window", "last")
MAX_DELAY_S = 3600


class _Parser(argparse.ArgumentParser):
    """Says the error first, then how to get help; argparse prints the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"{self.prog}: {message}\nTry “{self.prog} --help”.\n")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the arguments after the program's name. Exits with 2 on wrong usage, with 0 after `--help`."""
    parser = build_parser()
    arguments = parser.parse_args(_shield(argv))
    if arguments.command == "capture":
        if arguments.number is not None and arguments.mode != "monitor":
            parser.error("a number only goes with “monitor”, as in: imglink capture monitor 2")
        if arguments.no_upload and arguments.save is None:
            parser.error("with --no-upload the picture needs a place: add --save PATH")
    return arguments


def build_parser() -> argparse.ArgumentParser:
    """The whole grammar; `command` is None for the tray application."""
    parser = _Parser(
        prog="imglink",
        description="Screenshots that become ImgLink links: press a key, drag, and a link is on the clipboard.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"imglink {__version__}")
    parser.add_argument(
        "--demo", action="store_true", help="start the tray application against the built-in demo server"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser, title="commands")
    _add_capture(commands)
    _add_upload(commands)
    _add_images(commands)
    _add_account(commands)
    doctor = commands.add_parser("doctor", help="say what works on this desktop, and what to do about the rest")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    demo = commands.add_parser("demo", help="run an ImgLink-compatible server on this computer, to try things out")
    demo.add_argument("--port", type=_port, default=8086, help="port on 127.0.0.1 (default: %(default)s; 0: any)")
    demo.add_argument("--dir", type=Path, help="where images and accounts are kept (default: a temporary folder)")
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


def _add_capture(commands: _Commands) -> None:
    capture = commands.add_parser(
        "capture",
        help="take a picture of the screen and upload it",
        description="Take a picture of the screen, upload it, and print its link.",
    )
    capture.add_argument("mode", nargs="?", choices=CAPTURE_MODES, default="region", help="default: %(default)s")
    capture.add_argument("number", nargs="?", type=_monitor_number, help="which monitor, counted from 1, left to right")
    capture.add_argument("--geometry", type=_geometry, metavar="X,Y,W,H", help="this region, in physical pixels")
    capture.add_argument("--delay", type=_delay, default=0.0, metavar="S", help="wait this many seconds before")
    capture.add_argument("--cursor", action="store_true", default=None, help="include the mouse pointer")
    capture.add_argument("--save", type=Path, metavar="PATH", help="also save the picture to this file")
    capture.add_argument("--no-upload", action="store_true", help="do not upload; needs --save")
    _add_upload_options(capture)
    _add_output_options(capture)


def _add_upload(commands: _Commands) -> None:
    upload = commands.add_parser(
        "upload",
        help="upload image files and print their links",
        description="Upload image files. Prints one link per line, in the order given.",
    )
    upload.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    _add_upload_options(upload)
    _add_output_options(upload)


def _add_images(commands: _Commands) -> None:
    info = commands.add_parser("info", help="show what ImgLink knows of an image")
    info.add_argument("ids", nargs=1, type=_image_id, metavar="ID")
    info.add_argument("--json", action="store_true", help="print JSON")
    delete = commands.add_parser("delete", help="delete images of one's own from ImgLink")
    delete.add_argument("ids", nargs="+", type=_image_id, metavar="ID")
    delete.add_argument("--json", action="store_true", help="print JSON")


def _add_account(commands: _Commands) -> None:
    account = commands.add_parser("account", help="manage the API key")
    parts = account.add_subparsers(dest="account_command", metavar="COMMAND", required=True, parser_class=_Parser)
    key = parts.add_parser(
        "key",
        help="set, check or remove the API key",
        description="The key is asked for, or read from standard input; it is never an argument.",
    )
    key.add_argument("key_command", choices=("set", "check", "remove"))
    status = parts.add_parser("status", help="say which credentials there are, and where they are kept")
    status.add_argument("--json", action="store_true", help="print JSON")


def _add_upload_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--anonymous", action="store_true", help="upload without the account")
    parser.add_argument("--private", action="store_true", help="keep it out of the public gallery")
    parser.add_argument("--nsfw", action="store_true", help="mark it as not safe for work")


def _add_output_options(parser: argparse.ArgumentParser) -> None:
    forms = [form.value for form in LinkForm if form is not LinkForm.CUSTOM]
    parser.add_argument("--link", choices=forms, help="form of the link (default: as in the settings)")
    parser.add_argument("--copy", action="store_true", help="copy the links to the clipboard, too")
    parser.add_argument("--json", action="store_true", help="print a JSON array instead of links")


def _shield(argv: Sequence[str]) -> list[str]:
    """Keep values that begin with `-` from being taken for options: ids, and places left of or above the origin."""
    words = list(argv)
    if words and words[0] in _ID_COMMANDS and "--" not in words:
        options = {"--json", "--help", "-h"}
        flags = [word for word in words[1:] if word in options]
        return [words[0], *flags, "--", *(word for word in words[1:] if word not in options)]
    if "--geometry" in words[:-1]:
        at = words.index("--geometry")
        words[at : at + 2] = [f"--geometry={words[at + 1]}"]
    return words


def _image_id(text: str) -> ImageId:
    try:
        return parse_image_id(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not an image id such as aBcDeFgHiJ") from None


def _geometry(text: str) -> Rect:
    try:
        return Rect.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _delay(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_DELAY_S:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of seconds from 0 to {MAX_DELAY_S}")
    return seconds


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"“{text}” is not a port from 0 to 65535")
    return int(text)


def _monitor_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a monitor's number")
    return int(text)
