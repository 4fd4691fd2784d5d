"""The progress bar of uploads and the countdown of captures: on standard error, only where that is a terminal."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from app.cli.streams import Stream, printable
from app.core.uploads import UploadChanged, UploadEvent, UploadId, UploadItem, UploadState

_WIDTH = 24
_EVERY_S = 0.1
_CLEAR = "\r\x1b[K"
_OVER = (UploadState.DONE, UploadState.FAILED, UploadState.CANCELLED, UploadState.UNCERTAIN)


class ProgressBar:
    """One bar over all files of a command."""

    def __init__(
        self, items: Sequence[UploadItem], stream: Stream | None, *, environ: Mapping[str, str] = os.environ
    ) -> None:
        """`stream` is where it is drawn; nothing is when that is no terminal, or one that knows no control codes."""
        self._stream = stream if stream is not None and stream.isatty() and environ.get("TERM") != "dumb" else None
        self._sent: dict[UploadId, int] = dict.fromkeys((item.id for item in items), 0)
        self._sizes = {item.id: item.size for item in items}
        self._names = {item.id: item.file_name for item in items}
        self._over: set[UploadId] = set()
        self._drawn_at = 0.0
        self._is_shown = False

    def update(self, event: UploadEvent) -> None:
        """Draw how far it is, at most ten times a second."""
        if self._stream is None or not isinstance(event, UploadChanged) or event.item.id not in self._sizes:
            return
        item = event.item
        if item.state in _OVER:
            self._over.add(item.id)
        is_whole = item.state in (UploadState.COMMITTING, *_OVER)
        self._sent[item.id] = item.size if is_whole else item.sent_bytes
        now = time.monotonic()
        if now - self._drawn_at >= _EVERY_S or (is_whole and len(self._over) < len(self._sizes)):
            self._drawn_at = now
            self._draw(item)

    def clear(self) -> None:
        """Take the bar away, so that something else can be printed."""
        if self._is_shown:
            self._write(_CLEAR)
            self._is_shown = False

    def _draw(self, item: UploadItem) -> None:
        total, sent = sum(self._sizes.values()), sum(self._sent.values())
        share = sent / total if total else 1.0
        full, empty = _blocks(self._stream)
        bar = (full * round(share * _WIDTH)).ljust(_WIDTH, empty)
        state = "finishing" if sent >= total else f"{share:4.0%}"
        count = f"  {len(self._over)}/{len(self._sizes)}" if len(self._sizes) > 1 else ""
        line = f"{bar} {state}{count}  {printable(self._names[item.id], self._stream)}"
        self._write(_CLEAR + line[: _columns(self._stream) - 1])
        self._is_shown = True

    def _write(self, text: str) -> None:
        assert self._stream is not None
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # The terminal has gone; the uploads need not.
            self._stream, self._is_shown = None, False


class TerminalCountdown:
    """A `Countdown` (see `app.core.ports`) on standard error; where that is no terminal it only waits."""

    def __init__(self, stream: Stream | None, *, environ: Mapping[str, str] = os.environ) -> None:
        self._stream = stream if stream is not None and stream.isatty() and environ.get("TERM") != "dumb" else None

    async def wait(self, seconds: float) -> bool:
        """Count aloud. Ctrl+C cancels it, as it does everything."""
        ends_at = time.monotonic() + seconds
        try:
            while (left_s := ends_at - time.monotonic()) > 0:
                self._write(f"{_CLEAR}Capture in {math.ceil(left_s)} s")
                await asyncio.sleep(left_s % 1 or 1)
        finally:
            self._write(_CLEAR)
        return True

    def _write(self, text: str) -> None:
        if self._stream is not None:
            # The terminal may have gone; the capture need not.
            with suppress(OSError):
                self._stream.write(text)
                self._stream.flush()


def _blocks(stream: Stream | None) -> tuple[str, str]:
    encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
    return ("█", "░") if encoding == "utf8" else ("#", "-")


def _columns(stream: Stream | None) -> int:
    if isinstance(columns := getattr(stream, "columns", None), int):
        return columns or 80
    try:
        return (os.get_terminal_size(stream.fileno()).columns if stream is not None else 0) or 80
    except (OSError, ValueError):
        return 80
