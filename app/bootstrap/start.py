"""The one tray application: become it, bring it to the front, end it."""

from __future__ import annotations

import time
from collections.abc import Mapping

from app.bootstrap.handover import DEMO_SUFFIX, ask, follow, own_runtime_folder
from app.core.errors import UserFacingError
from app.system.instance import Instance, is_claimed
from app.system.ipc.client import Connection, NoAnswer, connect

_FAILED = 1
_DEADLINE_S = 10.0
"""How long one that is just starting or ending is waited for, in seconds."""
_POLL_S = 0.02


def start_application(environ: Mapping[str, str], *, use_demo_server: bool) -> int:
    """Run the tray application until the person quits, or bring the one that runs to the front; returns the exit code.

    Raises UserFacingError.
    """
    folder = own_runtime_folder(environ) + (DEMO_SUFFIX if use_demo_server else "")
    deadline = time.monotonic() + _DEADLINE_S
    while (instance := Instance.claim(folder)) is None:
        if (code := _show_running(folder, environ)) is not None:
            return code
        if time.monotonic() > deadline:
            raise UserFacingError(
                "ImgLink is already running, and does not answer.",
                remedy=f"End its process; its number is in {folder}/instance.lock.",
            )
        time.sleep(_POLL_S)
    try:
        from app.bootstrap.tray import run_application

        return run_application(instance, use_demo_server=use_demo_server)
    finally:
        instance.release()


def quit_application(environ: Mapping[str, str], *, is_demo: bool = False) -> int:
    """End the one that runs, as its menu does, and wait until it has gone; returns the exit code.

    It may ask the person first; then that is said, and their answer waited for. Raises UserFacingError when it does
    not go.
    """
    folder = own_runtime_folder(environ) + (DEMO_SUFFIX if is_demo else "")
    connection = connect(folder)
    if connection is None and not is_claimed(folder):
        _say("The demo is not running." if is_demo else "ImgLink is not running.")
        return 0
    if connection is not None:
        try:
            if ask(connection, {"verb": "quit"}, environ) and not _is_agreed(connection):
                return _FAILED
        finally:
            connection.close()
    deadline = time.monotonic() + _DEADLINE_S
    while is_claimed(folder):
        if time.monotonic() > deadline:
            raise NoAnswer
        time.sleep(_POLL_S)
    return 0


def _is_agreed(connection: Connection) -> bool:
    """False when the person has decided to go on; what comes until then is printed. Raises NoAnswer."""
    timeout_s: float | None = _DEADLINE_S
    while True:
        match connection.receive(timeout_s):
            case {"event": "err", "text": str(text)}:
                _say(text.rstrip("\n"))
                # The person is being asked, and may take their time.
                timeout_s = None
            case {"event": "exit", "code": int(code)}:
                return code == 0
            case _:  # Gone, or about to go.
                return True


def _say(text: str) -> None:
    from app.cli.streams import say

    say(text)


def _show_running(folder: str, environ: Mapping[str, str]) -> int | None:
    """The exit code; None when nobody answers, because it is just starting or ending."""
    try:
        connection = connect(folder)
        if connection is None:
            return None
        try:
            return follow(connection, timeout_s=_DEADLINE_S) if ask(connection, {"verb": "show"}, environ) else None
        finally:
            connection.close()
    except NoAnswer:
        return None
