"""Hand a command over to the running application. Light: with Python's own start, this is what such a command costs.

No argument parser, no dataclasses, no asyncio: the words go over as they are, and what comes back is printed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from app import __version__
from app.core.errors import UserFacingError
from app.system.ipc import wire
from app.system.ipc.client import Connection, NoAnswer, connect
from app.system.ipc.context import activation_token_of, context_of, display_of
from app.system.runtime import runtime_folder

COMMANDS = frozenset({"capture", "upload", "queue", "pause", "resume", "history", "open", "copy"})
"""Those that are better done by the running application: it has the queue, the screen and the connections."""

DEMO_FLAG = "--demo"
DEMO_SUFFIX = "-demo"
"""As in `app.bootstrap.profile`: the demo has folders of its own."""

_FAILED = 1
_CANCELLED = 130
_GIVE_UP_S = 10.0
_WHAT_NOW = "Nothing that was captured is lost; “imglink queue” tells what became of it."


def hand_over(words: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """Have the running application do it; returns the exit code, or None when this process has to do it itself.

    That is when none runs, when it is for another server, account, folder or display, and when it does not answer.
    Raises UserFacingError when someone else has planted something in its place, and when the demo is asked for and
    does not run: nothing else may do its work.
    """
    is_demo = bool(words) and words[0] == DEMO_FLAG
    words = words[1:] if is_demo else words
    if not words or words[0] not in COMMANDS or "--help" in words or "-h" in words:
        return None
    code = _hand_over(words, environ, own_runtime_folder(environ) + (DEMO_SUFFIX if is_demo else ""))
    if code is None and is_demo:
        raise UserFacingError("The demo does not run, or not with these settings.", remedy="Start it: imglink --demo")
    return code


def tell_credentials_changed(environ: Mapping[str, str]) -> None:
    """Have the running application look at the keyring again, if there is one and it answers."""
    try:
        connection = connect(own_runtime_folder(environ))
        if connection is None:
            return
        try:
            if ask(connection, {"verb": "credentials"}, environ):
                # Whoever hangs up withdraws it.
                connection.receive(_GIVE_UP_S)
        finally:
            connection.close()
    except UserFacingError:
        return


def _hand_over(words: Sequence[str], environ: Mapping[str, str], folder: str) -> int | None:
    try:
        connection = connect(folder)
    except NoAnswer:
        _print("err", "imglink: The running ImgLink does not answer, so this is done without it.\n")
        return None
    if connection is None:
        return None
    try:
        if not _is_accepted(connection, words, environ):
            return None
        return _follow_to_end(connection)
    finally:
        connection.close()


def own_runtime_folder(environ: Mapping[str, str]) -> str:
    """Where the application of these variables has its lock and its socket."""
    home = os.path.expanduser("~")  # noqa: PTH111 - pathlib would cost as much as all the rest here
    return runtime_folder(environ, home=home, platform=sys.platform)


def ask(connection: Connection, message: dict[str, object], environ: Mapping[str, str]) -> bool:
    """Send a request, with where it comes from; True once it is accepted. Raises NoAnswer and ProtocolError."""
    nonce = str(connection.hello.get("nonce"))
    whence = {"context": context_of(environ, nonce), "display": display_of(environ)}
    connection.send({**message, **whence, "activation_token": activation_token_of(environ)})
    answer = connection.receive(wire.DEADLINE_S)
    return answer is not None and answer.get("event") == "accepted"


def follow(connection: Connection, *, timeout_s: float | None = None, is_withdrawn: bool = False) -> int:
    """Print what comes, until the exit code does; returns that. `timeout_s` is for each event."""
    has_lost = False
    while True:
        try:
            event = connection.receive(timeout_s)
        except NoAnswer:
            event = None
        match event:
            case {"event": "out", "text": str(text)}:
                # When nobody reads it, the work goes on all the same.
                has_lost = not _print("out", text) or has_lost
            case {"event": "err", "text": str(text)}:
                _print("err", text)
            case {"event": "exit", "code": int(code)}:
                return code or _check(has_lost=has_lost)
            case {"event": "withdrawn"} if is_withdrawn:
                return _CANCELLED
            case {"event": "withdrawn"}:
                _print("err", f"imglink: ImgLink was quit before this was done. {_WHAT_NOW}\n")
                return _FAILED
            case _:
                _print("err", f"imglink: ImgLink ended unexpectedly before this was done. {_WHAT_NOW}\n")
                return _FAILED


def _is_accepted(connection: Connection, words: Sequence[str], environ: Mapping[str, str]) -> bool:
    # Another version may mean another thing by the same words.
    if connection.hello.get("version") != __version__:
        return False
    try:
        return ask(connection, _request(words, environ), environ)
    except (NoAnswer, wire.ProtocolError, FileNotFoundError):
        # Silent after all, more words than a frame holds, or called from a folder that is no more.
        return False


def _request(words: Sequence[str], environ: Mapping[str, str]) -> dict[str, object]:
    columns = 0
    if sys.stderr is not None and sys.stderr.isatty() and environ.get("TERM") != "dumb":
        columns = os.get_terminal_size(sys.stderr.fileno()).columns or 80
    return {
        "verb": "run",
        "version": __version__,
        "words": list(words),
        "folder": os.getcwd(),  # noqa: PTH109 - pathlib would cost as much as all the rest here
        "is_terminal": columns > 0,
        "columns": columns,
        "encoding": getattr(sys.stdout, "encoding", None) or "utf-8",
    }


def _follow_to_end(connection: Connection) -> int:
    try:
        return follow(connection)
    except KeyboardInterrupt:
        connection.withdraw()
        follow(connection, timeout_s=_GIVE_UP_S, is_withdrawn=True)
        return _CANCELLED


def _check(*, has_lost: bool) -> int:
    if not has_lost:
        return 0
    from app.cli.streams import OutputClosed

    _print("err", f"{OutputClosed()}\n")
    return _FAILED


def _print(name: str, text: str) -> bool:
    stream = sys.stdout if name == "out" else sys.stderr
    if stream is None:
        return False
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        from app.cli.streams import discard

        discard(stream)
        return False
    return True
