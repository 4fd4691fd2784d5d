"""Asking on the terminal, or reading standard input: secrets are never arguments."""

from __future__ import annotations

import getpass
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from app.cli.streams import say_part
from app.core.errors import Cancelled, InputError

_MAX_LINE_BYTES = 16_384


def is_interactive() -> bool:
    """True when a person sits at the terminal that standard input and standard error belong to."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def read_secret(prompt: str) -> str:
    """A secret typed without echo on a terminal, else the next line of standard input, with its line break. Blocks.

    Call it before the event loop runs, or inside `prompting`. Raises Cancelled at the end of a terminal's input.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        try:
            return getpass.getpass(prompt)
        except EOFError:
            raise Cancelled from None
    if sys.stdin is None:
        return ""
    # Bytes, because what is no text in this locale must be refused in words.
    return sys.stdin.buffer.readline(_MAX_LINE_BYTES).decode("utf-8", "replace")


def read_password(prompt: str) -> str:
    """The same for a password, which may hold anything but a line break. Raises InputError for what is no text."""
    password = read_secret(prompt).rstrip("\r\n")
    if "\ufffd" in password:
        raise InputError("The password on standard input is not text in UTF-8.")
    return password


def read_line(prompt: str) -> str:
    """A line typed on the terminal, without blanks around it. Blocks. Raises Cancelled at the end of the input."""
    # `input` would put the prompt on standard output, which belongs to results.
    say_part(prompt)
    line = sys.stdin.readline()
    if not line:
        raise Cancelled
    return line.strip()


@contextmanager
def prompting() -> Iterator[None]:
    """Ask inside while an event loop runs on this thread: it stands still, and Ctrl+C becomes Cancelled."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # asyncio's own handlers only tell the loop, which does not run now.
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number, handler in former.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, leave)
    try:
        yield
    except KeyboardInterrupt:
        raise Cancelled from None
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
