"""Choose between the command line and the tray application. Qt is imported for the latter only."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from app.system.flags import KEEPER_FLAG, SECRETS_FLAG, SIGN_IN_FLAG

DEMO_FLAG = "--demo"
_GC_THRESHOLD = 100_000
# As in `app.cli.exit_codes`, which a command that is handed over has no need of.
_FAILED = 1
_CANCELLED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == [KEEPER_FLAG]:
        from app.ui.clipboard import keep_clipboard

        return keep_clipboard()

    if words == [SECRETS_FLAG]:
        from app.secrets.child import answer_requests

        return answer_requests()

    if words == [SIGN_IN_FLAG]:
        from app.ui.sign_in.page import show_sign_in_page

        return show_sign_in_page()

    if words in ([], [DEMO_FLAG]):
        # Told apart here, because the grammar costs more than all that a start has to do before its icon shows.
        return _run_application(use_demo_server=bool(words))

    return _run_command(words)


def _run_application(*, use_demo_server: bool) -> int:
    from app.bootstrap.start import start_application
    from app.core.errors import UserFacingError

    try:
        return start_application(os.environ, use_demo_server=use_demo_server)
    except UserFacingError as error:
        from app.cli.streams import say

        say(f"imglink: {error}")
        return _FAILED


def _run_command(words: list[str]) -> int:
    """Have the running application do it, or else do it here."""
    import gc

    # Most of what a command makes is modules: looking for garbage among them would take a fifth of its time.
    gc.set_threshold(_GC_THRESHOLD)
    from app.bootstrap.handover import hand_over
    from app.core.errors import UserFacingError

    try:
        code = hand_over(words, os.environ)
    except KeyboardInterrupt:
        return _CANCELLED
    except UserFacingError as error:
        from app.cli.streams import say

        say(f"imglink: {error}")
        return _FAILED
    if code is None:
        code = _run_here(words)
    # And so would the interpreter's last look, before everything goes away anyhow.
    gc.freeze()
    return code


def _run_here(words: list[str]) -> int:
    """Every way out of a command ends in an exit code, and with nothing left unwritten."""
    from app.cli.exit_codes import ExitCode
    from app.cli.streams import OutputClosed, flush_output, say

    try:
        from app.cli.parser import parse

        arguments = parse(words)
        from app.bootstrap.command import run_command

        code = run_command(arguments)
    except KeyboardInterrupt:
        code = ExitCode.CANCELLED
    except SystemExit as stop:  # argparse's, after `--help` and wrong usage
        code = stop.code if isinstance(stop.code, int) else ExitCode.FAILED
    except OutputClosed as problem:
        say(str(problem))
        code = ExitCode.FAILED
    return code if flush_output() else ExitCode.FAILED


if __name__ == "__main__":
    raise SystemExit(main())
