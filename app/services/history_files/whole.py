"""A file that is there when all of it is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from types import TracebackType


class WholeFile:
    """Text is written beside the file, and takes its place at the end. Blocks, and raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> WholeFile:
        # Private: it has the links that delete.
        fd, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        self._part = Path(name)
        self._file = os.fdopen(fd, "w", encoding="utf-8", newline="")
        return self

    def write(self, text: str) -> None:
        """Append text."""
        self._file.write(text)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._file:
                if kind is None:
                    self._file.flush()
                    os.fsync(self._file.fileno())
            if kind is None:
                self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)
