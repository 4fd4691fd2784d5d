"""Standard output and standard error, which may be closed, full, or in a narrow encoding."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from app.core.errors import UserFacingError


class OutputClosed(UserFacingError):
    """Nobody reads standard output any more, or it cannot be written."""

    def __init__(self, details: str = "") -> None:
        super().__init__("Not everything could be printed: standard output is closed or full.", details=details)


def print_line(text: str) -> None:
    """One line on standard output. Raises OutputClosed."""
    _write(printable(text, sys.stdout))


def print_ascii(text: str) -> None:
    """The same for text that is known to be ASCII, such as JSON. Raises OutputClosed."""
    _write(text)


class Lines:
    """Lines on standard output whose loss does not stop the work: it is raised when the work is done."""

    def __init__(self) -> None:
        self._problem: OutputClosed | None = None

    def add(self, text: str) -> None:
        """Print one line, or remember that it could not be."""
        try:
            print_line(text)
        except OutputClosed as problem:
            self._problem = self._problem or problem

    def check(self) -> None:
        """Raises OutputClosed when a line was lost."""
        if self._problem is not None:
            raise self._problem


def say(text: str) -> None:
    """A sentence for the person, on standard error. When that is closed, there is nobody to tell."""
    stream = sys.stderr
    # Asked for by name: `print` takes standard output when it is told None.
    if stream is None:
        return
    try:
        stream.write(printable(text, stream) + "\n")
        stream.flush()
    except OSError:
        _discard(stream)


def flush_output() -> bool:
    """Write what is still buffered; False when that failed, and then the interpreter's own attempt at exit is quiet."""
    stream = sys.stdout
    if stream is None:
        return True
    try:
        stream.flush()
    except OSError:
        _discard(stream)
        return False
    return True


def printable(text: str, stream: TextIO | None) -> str:
    """Without control characters (a server's words and file names must not drive the terminal), fit for `stream`."""
    cleaned = "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return cleaned.encode(encoding, "replace").decode(encoding)


def _write(text: str) -> None:
    stream = sys.stdout
    if stream is None:
        raise OutputClosed
    try:
        stream.write(text + "\n")
        stream.flush()
    except OSError as error:
        _discard(stream)
        raise OutputClosed(repr(error)) from error


def _discard(stream: TextIO) -> None:
    """Let whatever else is written go nowhere, or the interpreter complains about it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)
