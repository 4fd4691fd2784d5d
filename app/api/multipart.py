"""A multipart/form-data body (RFC 7578), written by ourselves because libraries either hold the file in memory or give
no say over its last bytes.

The length is known beforehand, the file is read in blocks while it goes out, and the closing boundary is withheld until
the caller has put on record that the request is about to be complete.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import InputError
from app.core.ports import UploadFile

MIN_BLOCK_BYTES = 64 * 1024
MAX_BLOCK_BYTES = 1024 * 1024
"""Read and sent at a time: little on a slow line, for progress and time-outs; much on a fast one, where each block
costs a turn of the event loop. Plain reads: measured, a thread for each costs more than the read, and closing a file
under a thread that reads it is not safe."""
_QUICK_S, _SLOW_S = 0.05, 0.2

_MIME = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+")
# What would end the quoted name, or be taken for an escape in it; and other control characters.
_ESCAPED = {'"': "%22", "\\": "%5C", "\r": "%0D", "\n": "%0A"}
_UNSAFE_IN_NAME = re.compile(r'["\\\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A regular file, open for reading, as it was when it was opened."""

    fd: int
    shown_name: str
    upload_name: str
    mime: str
    size: int
    modified_ns: int

    def read(self, limit: int) -> bytes:
        """Up to `limit` of the bytes that must still come. Raises InputError when there are none."""
        try:
            block = os.read(self.fd, limit)
        except OSError as error:
            raise _unreadable(self.shown_name, error) from error
        if not block:
            raise self._changed()
        return block

    def check_unchanged(self) -> None:
        """Raise InputError when the file is another than it was when it was opened."""
        status = os.fstat(self.fd)
        if (status.st_size, status.st_mtime_ns) != (self.size, self.modified_ns):
            raise self._changed()

    def _changed(self) -> InputError:
        return InputError(
            f"“{self.shown_name}” changed while it was being sent.",
            safe="Nothing was uploaded.",
            remedy="Wait until it is written completely, then send it again.",
        )


@contextlib.contextmanager
def open_files(files: Sequence[UploadFile]) -> Iterator[tuple[OpenFile, ...]]:
    """Open all of them for the length of a request. Raises InputError for what is not a readable file with content."""
    with contextlib.ExitStack() as stack:
        opened = []
        for file in files:
            fd = _open(file.path)
            stack.callback(os.close, fd)
            opened.append(_checked(fd, file))
        yield tuple(opened)


def _open(path: Path) -> int:
    try:
        # O_NONBLOCK: a FIFO must be refused, not waited for.
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _unreadable(_shown(path), error) from error


def _checked(fd: int, file: UploadFile) -> OpenFile:
    status, name = os.fstat(fd), _shown(file.path)
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"“{name}” is not a file.", remedy="Choose an image file.")
    if status.st_size == 0:
        raise InputError(f"“{name}” is empty.", remedy="Choose an image file.")
    return OpenFile(fd, name, file.upload_name, file.mime, status.st_size, status.st_mtime_ns)


def _unreadable(name: str, error: Exception) -> InputError:
    reason = (error.strerror if isinstance(error, OSError) else None) or "its name cannot be used"
    return InputError(f"“{name}” cannot be read: {reason}.", remedy="Choose another file.")


def _shown(path: Path) -> str:
    return path.name.encode("utf-8", "replace").decode("utf-8")


class MultipartBody:
    """The body of one upload request: form fields, then each file under the name `file`."""

    def __init__(
        self,
        files: Sequence[OpenFile],
        fields: Mapping[str, str],
        *,
        on_progress: Callable[[int, int], None] | None = None,
        before_commit: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._files = files
        self._on_progress = on_progress
        self._before_commit = before_commit
        # 128 random bits do not occur in a file by chance.
        self._boundary = f"imglink-{secrets.token_hex(16)}"
        self._fields = b"".join(self._field(name, value) for name, value in fields.items())
        self._heads = [self._head(file) for file in files]
        self._closing = f"\r\n--{self._boundary}--\r\n".encode()
        self.content_type = f"multipart/form-data; boundary={self._boundary}"
        self.file_bytes = sum(file.size for file in files)
        self.length = (
            len(self._fields)
            + sum(len(head) for head in self._heads)
            + self.file_bytes
            + len(b"\r\n") * (len(files) - 1)
            + len(self._closing)
        )
        """Of the whole body, in bytes."""
        self.is_complete = False
        """True from the moment that the closing boundary may be on its way."""

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body's bytes. A block counts as sent when the next one is asked for."""
        sent = 0
        before = self._fields
        block_bytes = MIN_BLOCK_BYTES
        for file, head in zip(self._files, self._heads, strict=True):
            before += head
            left = file.size
            while left:
                block = file.read(min(block_bytes, left))
                began_s = time.monotonic()
                yield before + block
                block_bytes = next_block_bytes(block_bytes, time.monotonic() - began_s)
                before = b""
                left -= len(block)
                sent += len(block)
                if self._on_progress is not None:
                    self._on_progress(sent, self.file_bytes)
            file.check_unchanged()
            before = b"\r\n"
        if self._before_commit is not None:
            await self._before_commit()
        self.is_complete = True
        yield self._closing

    def _field(self, name: str, value: str) -> bytes:
        return f'--{self._boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()

    def _head(self, file: OpenFile) -> bytes:
        mime = file.mime if _MIME.fullmatch(file.mime) else "application/octet-stream"
        return (
            f"--{self._boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{_quoted(file.upload_name)}"\r\n'
            f"Content-Type: {mime}\r\n\r\n"
        ).encode()


def next_block_bytes(block_bytes: int, took_s: float) -> int:
    """How much to send next, after a block of this size took so long to be handed to the network."""
    if took_s < _QUICK_S:
        return min(block_bytes * 2, MAX_BLOCK_BYTES)
    return max(block_bytes // 2, MIN_BLOCK_BYTES) if took_s > _SLOW_S else block_bytes


def _quoted(name: str) -> str:
    """A file name as browsers write it between quotes: UTF-8, and what would break out of them percent-encoded."""
    escaped = _UNSAFE_IN_NAME.sub(lambda match: _ESCAPED.get(match[0], ""), name)
    return escaped.encode("utf-8", "replace").decode("utf-8") or "image"
