"""The command line's grammar. Imports nothing heavy, so that `--help` is instant."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from app import __version__
from app.cli.exit_codes import ExitCode
from app.cli.parser_albums import WITH_IDS as ALBUMS_WITH_IDS
from app.cli.parser_albums import add_albums, problem_with_albums
from app.cli.parser_embeds import WITH_IDS, add_embeds, add_gallery
from app.cli.parser_history import add_history, joined
from app.cli.streams import print_line, say
from app.core.geometry import Rect, parse_size
from app.core.imglink import ImageId, parse_image_id
from app.core.links import LinkForm

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_EPILOG = """\
Without a command, the tray application starts. “imglink COMMAND --help” tells more of each.

exit codes:
  0    done
  1    failed, or some of several failed (the others still go)
  2    wrong usage
  3    a credential is missing or was refused
  4    rate-limited or offline: the same call may succeed later
  130  cancelled

environment:
  IMGLINK_BASE_URL  another server than https://imglink.cc
  IMGLINK_API_KEY   used instead of the stored API key
  IMGLINK_TOKEN     used instead of the stored session token
"""
_CAPTURE_EPILOG = """\
examples:
  imglink capture                            drag a region, get its link
  imglink capture window --delay 3 --copy    three seconds to open that menu
  imglink capture monitor 2 --save shot.png --no-upload
  imglink capture --geometry 0,0,800,600 --link markdown

The format of the picture follows the name after --save (.png, .webp, .jpg), and else the settings.
"""
_UPLOAD_EPILOG = """\
examples:
  imglink upload a.png b.jpg
  imglink upload --private --link direct --copy photo.jpg
  imglink upload --json *.png | jq -r '.[].viewer'

A file that cannot be sent is refused with its reason, and the others still go. A name that begins with a dash goes
after “--”.
"""

_QUEUE_EPILOG = """\
actions:
  retry    send what failed, is paused, or may be there already, and print its link
  cancel   send it no more
  discard  forget it, and its file
  done     take an uncertain one for uploaded, because you have seen it on ImgLink
"""

_ACCOUNT_DESCRIPTION = """\
Two credentials, for two halves of ImgLink:
  API key   uploads to your account and deletes your images; it is good until you revoke it
  session   manages albums and embed profiles; signing in gets one for a week
"""

_ID_COMMANDS = frozenset({"info", "delete", "open", "copy", "history forget"})
QUEUE_ACTIONS = ("retry", "cancel", "discard", "done")
CAPTURE_MODES = ("region", "screen", "monitor", "window", "last", "same-window", "fixed")
MAX_DELAY_S = 3600


class _Parser(argparse.ArgumentParser):
    """Says the error first, then how to get help; argparse prints the whole usage, and minds no locale."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        (print_line if file is sys.stdout else say)(message.rstrip("\n"))

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"{self.prog}: {message}\nTry “{self.prog} --help”.\n")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the arguments after the program's name. Exits with 2 on wrong usage, with 0 after `--help`."""
    parser = build_parser()
    arguments = parser.parse_args(_shield(argv))
    if arguments.demo and arguments.command not in (None, "quit"):
        # What the running demo can do was handed over to it.
        parser.error(f"--demo does not go with “{arguments.command}”")
    if (check := _CHECKS.get(arguments.command)) is not None and (problem := check(arguments)):
        # By the name of the command, whose help has the answer.
        parser.prog = f"{parser.prog} {arguments.command}"
        parser.error(problem)
    return arguments


def _problem_with_capture(arguments: argparse.Namespace) -> str:
    if arguments.number is not None and arguments.mode != "monitor":
        return "a number only goes with “monitor”, as in: imglink capture monitor 2"
    if arguments.geometry is not None and arguments.mode != "region":
        return f"--geometry is a region of its own; it does not go with “{arguments.mode}”"
    if arguments.size is not None and (arguments.mode not in ("region", "fixed") or arguments.geometry is not None):
        return "--size is for a region that is still to be placed"
    if arguments.no_upload and arguments.save is None:
        return "with --no-upload the picture needs a place: add --save PATH"
    if arguments.no_upload and arguments.copy:
        return "with --no-upload there is no link for --copy"
    suffix = "" if arguments.save is None else arguments.save.suffix.lower()
    if suffix in _OTHER_FORMATS:
        return f"a capture cannot be saved as {suffix}: name it .png, .webp or .jpg"
    return _problem_with_waiting(arguments)


def _problem_with_waiting(arguments: argparse.Namespace) -> str:
    for name in ("album", "embed"):
        if getattr(arguments, name, None) and arguments.anonymous:
            return f"--{name} takes an account; it does not go with --anonymous"
    if not arguments.wait and (arguments.copy or arguments.link):
        return "with --no-wait there is no link yet for --copy or --link"
    return ""


def _problem_with_queue(arguments: argparse.Namespace) -> str:
    if arguments.action is not None and not arguments.ids:
        return f"“queue {arguments.action}” needs an ID; see them with: imglink queue"
    if arguments.action != "retry" and (arguments.copy or arguments.link or not arguments.wait):
        return "--copy, --link and --no-wait only go with “queue retry”"
    return _problem_with_waiting(arguments)


_CHECKS = {
    "capture": _problem_with_capture,
    "upload": _problem_with_waiting,
    "queue": _problem_with_queue,
    "albums": problem_with_albums,
}
_OTHER_FORMATS = frozenset({".gif", ".bmp", ".tif", ".tiff", ".avif", ".svg", ".ico", ".pdf", ".jxl", ".heic"})


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
        "--demo",
        action="store_true",
        help="start the tray application against a demo server of its own; with a command, have that one do it",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser, title="commands")
    _add_capture(commands)
    _add_upload(commands)
    _add_queue(commands)
    _add_images(commands)
    add_albums(commands, _image_id)
    add_embeds(commands, _image_id)
    add_gallery(commands, _add_link_option)
    add_history(commands, _image_id, _add_link_option)
    _add_account(commands)
    doctor = commands.add_parser(
        "doctor",
        help="say what works on this desktop",
        description="Say what works on this desktop, and the one thing to do about the rest. Nothing is sent.",
    )
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.add_argument(
        "--ask-again",
        action="store_true",
        help="have a Wayland desktop ask again whether ImgLink may take pictures of the screen, where you declined",
    )
    demo = commands.add_parser(
        "demo",
        help="run a small ImgLink of your own, to try things out",
        description="Run an ImgLink-compatible server on this computer, to try things out without an account.",
    )
    demo.add_argument("--port", type=_port, default=8086, help="port on 127.0.0.1 (default: %(default)s; 0: any)")
    demo.add_argument("--dir", type=Path, help="where images and accounts are kept (default: a temporary folder)")
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"


def _add_capture(commands: _Commands) -> None:
    capture = commands.add_parser(
        "capture",
        help="take a picture of the screen and upload it",
        description="Take a picture of the screen, upload it, and print its link.",
        epilog=_CAPTURE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    capture.add_argument(
        "mode",
        nargs="?",
        choices=CAPTURE_MODES,
        default="region",
        metavar="MODE",
        help="region (default; also a window or a monitor may be chosen), screen, monitor, window, last: the last "
        "region again, same-window: the last window again, or fixed: a region of the size in the settings",
    )
    capture.add_argument(
        "number", nargs="?", type=_monitor_number, metavar="N", help="which monitor, from left to right (default: 1)"
    )
    capture.add_argument("--geometry", type=_geometry, metavar="X,Y,W,H", help="this region, in physical pixels")
    capture.add_argument("--size", type=_size, metavar="WxH", help="place a region of this size, in physical pixels")
    capture.add_argument(
        "--no-decorations",
        dest="decorations",
        action="store_false",
        default=None,
        help="leave out the title bar and borders of a window",
    )
    capture.add_argument("--delay", type=_delay, default=0.0, metavar="S", help="wait so many seconds first")
    capture.add_argument("--cursor", action="store_true", default=None, help="include the mouse pointer")
    capture.add_argument("--save", type=Path, metavar="PATH", help="also save the picture there: a file or a folder")
    capture.add_argument("--no-upload", action="store_true", help="do not upload; needs --save")
    _add_upload_options(capture)
    _add_wait_option(capture)
    _add_output_options(capture)


def _add_upload(commands: _Commands) -> None:
    upload = commands.add_parser(
        "upload",
        help="upload image files and print their links",
        description="Upload image files, and print one link per line, in the order given.",
        epilog=_UPLOAD_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    upload.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    upload.add_argument(
        "--skip-duplicates", action="store_true", help="print the existing link of a file that was uploaded before"
    )
    _add_upload_options(upload)
    _add_wait_option(upload)
    _add_output_options(upload)


def _add_queue(commands: _Commands) -> None:
    queue = commands.add_parser(
        "queue",
        help="show what waits to be sent, and do something about it",
        description="Show what is not sent yet, with its ids; or do something about it. An id may be cut short.",
        epilog=_QUEUE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    queue.add_argument("action", nargs="?", choices=QUEUE_ACTIONS, metavar="ACTION", help=", ".join(QUEUE_ACTIONS))
    queue.add_argument("ids", nargs="*", metavar="ID")
    _add_wait_option(queue)
    _add_output_options(queue)
    commands.add_parser("pause", help="send nothing more until “resume”, also after a restart")
    commands.add_parser("resume", help="go on sending")
    commands.add_parser("quit", help="end the tray application")


def _add_images(commands: _Commands) -> None:
    info = commands.add_parser(
        "info",
        help="show what ImgLink knows of an image",
        description="Show what ImgLink knows of an image; with --link, print its link alone.",
    )
    info.add_argument("ids", nargs=1, type=_image_id, metavar="ID")
    _add_output_options(info)
    delete = commands.add_parser("delete", help="delete images of your own from ImgLink")
    delete.add_argument("ids", nargs="+", type=_image_id, metavar="ID")
    delete.add_argument("--json", action="store_true", help="print JSON")


def _add_account(commands: _Commands) -> None:
    account = commands.add_parser(
        "account",
        help="sign in and out, and manage the API key",
        description=_ACCOUNT_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = account.add_subparsers(dest="account_command", metavar="COMMAND", required=True, parser_class=_Parser)
    key = parts.add_parser(
        "key",
        help="set, check or remove the API key",
        description="The key is asked for, or read from standard input; it is never an argument.",
    )
    key.add_argument("key_command", choices=("set", "check", "remove"))
    login = parts.add_parser(
        "login",
        help="sign in with user name or e-mail, and password",
        description="The password is asked for, or read from standard input; it is never an argument, and not kept.",
    )
    login.add_argument("--user", metavar="U", help="user name or e-mail (default: it is asked for)")
    token = parts.add_parser(
        "token",
        help="sign in with a session token that you have copied",
        description="The token is asked for, or read from standard input; it is never an argument.",
    )
    token.add_argument("token_command", choices=("set",))
    parts.add_parser("logout", help="sign out: forget the session token")
    status = parts.add_parser("status", help="say which credentials there are, and where they are kept")
    status.add_argument("--json", action="store_true", help="print JSON")


def _add_upload_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--anonymous", action="store_true", help="upload without the account")
    parser.add_argument("--private", action="store_true", help="keep it out of the public gallery")
    parser.add_argument("--nsfw", action="store_true", help="mark it as not safe for work")
    parser.add_argument("--album", metavar="ALBUM", help="put it into this album: an id, or the very title")
    parser.add_argument("--embed", metavar="PROFILE", help="give it this embed profile: an id, or the very name")


def _add_wait_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wait", action="store_true", default=True, help="wait until it is sent (default)")
    parser.add_argument(
        "--no-wait", action="store_false", dest="wait", help="end as soon as it is safe on the disk; no link is printed"
    )


def _add_link_option(parser: argparse.ArgumentParser) -> None:
    forms = [form.value for form in LinkForm if form is not LinkForm.CUSTOM]
    parser.add_argument(
        "--link", choices=forms, metavar="FORM", help=f"{', '.join(forms)} (default: as in the settings)"
    )


def _add_output_options(parser: argparse.ArgumentParser) -> None:
    _add_link_option(parser)
    parser.add_argument("--copy", action="store_true", help="copy the link to the clipboard, too")
    parser.add_argument("--json", action="store_true", help="print JSON instead")


def _shield(argv: Sequence[str]) -> list[str]:
    """Keep values that begin with `-` from being taken for options: ids, and places left of or above the origin."""
    words = joined(list(argv))
    if words and words[0] in _ID_COMMANDS and "--" not in words:
        return _ids_last(words)
    if words[:1] in (["albums"], ["embeds"]) and (ALBUMS_WITH_IDS | WITH_IDS) & set(words[1:2]) and "--" not in words:
        flags = [word for word in words[2:] if word in ("--json", "--help", "-h")]
        return [*words[:2], *flags, "--", *(word for word in words[2:] if word not in flags)]
    if "--geometry" in words[:-1]:
        at = words.index("--geometry")
        words[at : at + 2] = [f"--geometry={words[at + 1]}"]
    return words


def _ids_last(words: Sequence[str]) -> list[str]:
    flags, ids = [words[0]], list[str]()
    rest = iter(words[1:])
    for word in rest:
        if word == "--link":
            flags += [word, *(value for value in [next(rest, None)] if value is not None)]
        elif word in ("--json", "--copy", "--direct", "--help", "-h") or word.startswith("--link="):
            flags.append(word)
        else:
            ids.append(word)
    return [*flags, "--", *ids]


def _image_id(text: str) -> ImageId:
    try:
        return parse_image_id(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not an image id such as aBcDeFgHiJ") from None


def _size(text: str) -> tuple[int, int]:
    try:
        return parse_size(text)
    except ValueError:
        raise argparse.ArgumentTypeError("write WIDTHxHEIGHT in pixels, such as 1280x720") from None


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
