"""Choose between the command line and the tray application. Qt is imported for the latter only."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from app.system.clipboard_keeper import KEEPER_FLAG


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == [KEEPER_FLAG]:
        from app.ui.clipboard import keep_clipboard

        return keep_clipboard()

    from app.cli.parser import parse

    arguments = parse(words)
    if arguments.command is None:
        from app.bootstrap.tray import run_application

        return run_application(use_demo_server=arguments.demo)
    from app.bootstrap.command import run_command

    return run_command(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
