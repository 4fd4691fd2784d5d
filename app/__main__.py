"""Choose between the command line and the tray application. Qt is imported for the latter only."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from app.system.flags import KEEPER_FLAG

DEMO_FLAG = "--demo"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == [KEEPER_FLAG]:
        from app.ui.clipboard import keep_clipboard

        return keep_clipboard()

    if words in ([], [DEMO_FLAG]):
        # Told apart here, because the grammar costs more than all that a start has to do before its icon shows.
        from app.bootstrap.tray import run_application

        return run_application(use_demo_server=bool(words))

    from app.cli.parser import parse

    arguments = parse(words)
    if arguments.command is None:
        from app.bootstrap.tray import run_application

        return run_application(use_demo_server=arguments.demo)
    from app.bootstrap.command import run_command

    return run_command(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
