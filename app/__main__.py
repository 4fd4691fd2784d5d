"""Choose between the command line and the tray application."""

from __future__ import annotations


def main() -> int:
    """Run the program."""
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
