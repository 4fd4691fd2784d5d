"""What the command line prints: links or JSON on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import Image
from app.core.uploads import UploadItem, UploadState


@dataclass(frozen=True, slots=True)
class Result:
    """How one file or image fared. `file` is what the person named."""

    file: str | None
    state: str
    image: Image | None = None
    error: str = ""
    error_kind: ErrorKind | None = None

    @classmethod
    def of_item(cls, file: str | None, item: UploadItem) -> Result:
        """From a queue item that has come to rest."""
        if item.state is UploadState.DONE:
            return cls(file, item.state.value, item.image)
        kind = item.error_kind or ErrorKind.SERVICE
        return cls(file, item.state.value, item.image, item.reason or item.state.value, kind)

    @classmethod
    def of_error(cls, file: str | None, error: UserFacingError) -> Result:
        """From a failure before or instead of an upload."""
        return cls(file, UploadState.FAILED.value, None, str(error), error.kind)

    def as_json(self) -> dict[str, Any]:
        """The object of `--json`; every name is always there."""
        image = self.image
        names = ("id", "url", "viewer", "thumbnail", "width", "height", "size", "mime")
        return {
            **{name: getattr(image, name) if image is not None else None for name in names},
            "file": self.file,
            "state": self.state,
            "error": self.error or None,
        }


def say(text: str) -> None:
    """A sentence for the person, on standard error."""
    print(printable(text), file=sys.stderr, flush=True)


def say_failure(result: Result) -> None:
    """Why one of several failed, on standard error."""
    say(f"{result.file}: {result.error}" if result.file else result.error)


def print_json(value: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> None:
    """One JSON value on standard output. ASCII only, so that no locale can break it."""
    print(json.dumps(value, indent=2), flush=True)


def print_line(text: str) -> None:
    """One line on standard output."""
    print(printable(text), flush=True)


def printable(text: str) -> str:
    """Without control characters: a server's words and file names must not drive the terminal."""
    cleaned = "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)
    encoding = sys.stdout.encoding or "utf-8"
    return cleaned.encode(encoding, "replace").decode(encoding)


class ProgressBar:
    """A bar on standard error, when that is a terminal; silent otherwise."""

    _WIDTH = 24
    _EVERY_S = 0.1

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._enabled = self._stream.isatty()
        self._drawn_at = 0.0
        self._is_shown = False

    def show(self, label: str, sent_bytes: int, total_bytes: int) -> None:
        """Draw how far it is, at most ten times a second."""
        now = time.monotonic()
        if not self._enabled or (now - self._drawn_at < self._EVERY_S and sent_bytes < total_bytes):
            return
        self._drawn_at = now
        share = sent_bytes / total_bytes if total_bytes else 0.0
        bar = "█" * round(share * self._WIDTH)
        state = "finishing" if sent_bytes >= total_bytes else f"{share:4.0%}"
        self._stream.write(f"\r\x1b[K{bar:░<{self._WIDTH}} {state}  {printable(label)[:40]}")
        self._stream.flush()
        self._is_shown = True

    def clear(self) -> None:
        """Take the bar away."""
        if self._is_shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._is_shown = False
