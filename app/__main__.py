"""Choose between the command line and the tray application. Qt is imported for the latter only."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from app.system.flags import KEEPER_FLAG, SECRETS_FLAG

DEMO_FLAG = "--demo"
_GC_THRESHOLD = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == [KEEPER_FLAG]:
        from app.ui.clipboard import keep_clipboard

        return keep_clipboard()

    if words == [SECRETS_FLAG]:
        from app.secrets.child import answer_requests

        return answer_requests()

    if words in ([], [DEMO_FLAG]):
        # Told apart here, because the grammar costs more than all that a start has to do before its icon shows.
        from app.bootstrap.tray import run_application

        return run_application(use_demo_server=bool(words))

    return _run_command(words)


def _run_command(words: list[str]) -> int:
    """Every way out of a command ends in an exit code, and with nothing left unwritten."""
    import gc

    # Most of what a command makes is modules: looking for garbage among them would take a fifth of its time.
    gc.set_threshold(_GC_THRESHOLD)
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
    is_written = flush_output()
    # And so would the interpreter's last look, before everything goes away anyhow.
    gc.freeze()
    return code if is_written else ExitCode.FAILED


if __name__ == "__main__":
    raise SystemExit(main())
