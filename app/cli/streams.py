"""Standard output and standard error, which may be closed, full, in a narrow encoding, or another process's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from app.core.errors import UserFacingError


class Stream(Protocol):
    """What is needed of a text stream."""

    @property
    def encoding(self) -> str:
        """What text is encoded as."""

    def write(self, text: str, /) -> int:
        """Write all of it. Raises OSError."""

    def flush(self) -> None:
        """See that it is out. Raises OSError."""

    def isatty(self) -> bool:
        """Whether a person is looking."""

    def fileno(self) -> int:
        """Its descriptor. Raises OSError when there is none in this process."""


_redirected: ContextVar[tuple[Stream, Stream] | None] = ContextVar("streams", default=None)


@contextmanager
def printing_to(output: Stream, errors: Stream) -> Iterator[None]:
    """Let what is printed inside, by this task and those it starts, go to these: a command that was handed over."""
    token = _redirected.set((output, errors))
    try:
        yield
    finally:
        _redirected.reset(token)


def standard_output() -> Stream | None:
    """Where links go; None when it was closed before the start."""
    redirected = _redirected.get()
    return sys.stdout if redirected is None else redirected[0]


def standard_error() -> Stream | None:
    """Where everything else goes; None when it was closed before the start."""
    redirected = _redirected.get()
    return sys.stderr if redirected is None else redirected[1]


class OutputClosed(UserFacingError):
    """Nobody reads standard output any more, or it cannot be written."""

    def __init__(self, details: str = "") -> None:
        super().__init__("Not everything could be printed: standard output is closed or full.", details=details)


def print_line(text: str) -> None:
    """One line on standard output. Raises OutputClosed."""
    _write(printable(text, standard_output()))


def print_ascii(text: str) -> None:
    """The same for text that is known to be ASCII, such as JSON. Raises OutputClosed."""
    _write(text)


def print_text(text: str) -> None:
    """A piece of a file on standard output, with its own line ends. Raises OutputClosed."""
    stream = standard_output()
    # Only control characters that could drive a terminal are replaced.
    cleaned = "".join(char if char.isprintable() or char in "\r\n\t" else "\ufffd" for char in text)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    _write(cleaned.encode(encoding, "replace").decode(encoding), end="")


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
    stream = standard_error()
    # Asked for by name: `print` takes standard output when it is told None.
    if stream is None:
        return
    try:
        stream.write(printable(text, stream) + "\n")
        stream.flush()
    except OSError:
        discard(stream)


def say_part(text: str) -> None:
    """The beginning of a line on standard error, such as a prompt."""
    stream = standard_error()
    if stream is not None:
        stream.write(printable(text, stream))
        stream.flush()


def flush_output() -> bool:
    """Write what is still buffered; False when that failed, and then the interpreter's own attempt at exit is quiet."""
    stream = sys.stdout
    if stream is None:
        return True
    try:
        stream.flush()
    except OSError:
        discard(stream)
        return False
    return True


def printable(text: str, stream: Stream | None) -> str:
    """Without control characters (a server's words and file names must not drive the terminal), fit for `stream`."""
    cleaned = "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return cleaned.encode(encoding, "replace").decode(encoding)


def _write(text: str, *, end: str = "\n") -> None:
    stream = standard_output()
    if stream is None:
        raise OutputClosed
    try:
        stream.write(text + end)
        stream.flush()
    except OSError as error:
        discard(stream)
        raise OutputClosed(repr(error)) from error


def discard(stream: Stream) -> None:
    """Let whatever else is written go nowhere, or the interpreter complains about it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)
