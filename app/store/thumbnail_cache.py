"""Thumbnails on the disk: small files that may vanish at any time, up to a limit, the longest unused making room.

Several programs may share the folder, and so may anything else: a file counts only when it is a regular one with the
right name, size and checksum. Nothing is synced, because everything here can be made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from app.core.doctor import Part
from app.core.errors import UserFacingError
from app.store.durable import private_folder, read_small, remove, write_all

MAX_FILE_BYTES = 1024 * 1024
"""Of one thumbnail; a usual one has 20 kB."""
_CHECKSUM_BYTES = 32
_NAME = re.compile(r"[0-9a-f]{64}")
_PART = re.compile(r"\.[0-9a-f]{16}\.part")
_OLD_PART_S = 3600
_TOUCH_S = 3600
"""The time of a file's last use is this exact, so that looking at a picture does not write to the disk each time."""
_LOOK_AGAIN_BYTES = 8 * 1024 * 1024
"""After writing so much, the folder is counted again: another program may have written too."""
_ROOM = 0.9
"""Down to which part of the limit room is made, so that it need not be made each time."""
_NEW_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class ThumbnailFiles:
    """See `app.core.thumbnails.ThumbnailCache`. The folder is made when something is kept."""

    def __init__(
        self, folder: Path, limit_bytes: Callable[[], int], *, wall_clock: Callable[[], float] = time.time
    ) -> None:
        """`limit_bytes` is asked each time; with 0 nothing is kept. `wall_clock` gives seconds since 1970."""
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._known_bytes: int | None = None
        """What the folder held when it was last counted, and what was written since."""
        self._written_bytes = 0

    def get(self, key: str) -> bytes | None:
        """See `ThumbnailCache`."""
        name = _name_of(key)
        try:
            with self._open() as folder:
                try:
                    data = read_small(folder, name, MAX_FILE_BYTES + _CHECKSUM_BYTES)
                except FileNotFoundError:
                    return None
                except OSError:
                    # A symbolic link, a pipe, something far too large: nothing that we have put there.
                    remove(folder, name)
                    return None
                if hashlib.sha256(data[_CHECKSUM_BYTES:]).digest() != data[:_CHECKSUM_BYTES]:
                    remove(folder, name)
                    return None
                self._touch(folder, name)
        except OSError:
            return None
        return data[_CHECKSUM_BYTES:]

    def put(self, key: str, data: bytes) -> None:
        """See `ThumbnailCache`."""
        limit = self._limit_bytes()
        size = len(data) + _CHECKSUM_BYTES
        # A full disk, or a folder that is not ours: pictures are made anew then, each time.
        with contextlib.suppress(OSError), self._open() as folder:
            if len(data) <= MAX_FILE_BYTES and size <= limit:
                self._write(folder, _name_of(key), hashlib.sha256(data).digest() + data)
            with self._lock:
                self._written_bytes += size
                if self._known_bytes is None or self._written_bytes > _LOOK_AGAIN_BYTES:
                    self._known_bytes = self._count(folder)
                else:
                    self._known_bytes += size
                if self._known_bytes > limit:
                    self._make_room(folder, int(limit * _ROOM))

    def clear(self) -> None:
        """See `ThumbnailCache`."""
        try:
            with self._open() as folder, self._lock, os.scandir(folder) as entries:
                for entry in entries:
                    if _NAME.fullmatch(entry.name) or _PART.fullmatch(entry.name):
                        remove(folder, entry.name)
                self._known_bytes = None
        except OSError as error:
            raise UserFacingError(
                f"The folder {self._folder} cannot be emptied: {error.strerror}.",
                remedy="Check its permissions.",
                part=Part.FOLDERS,
            ) from error

    @contextlib.contextmanager
    def _open(self) -> Iterator[int]:
        # Each time anew: people empty this folder with the file manager.
        folder = private_folder(self._folder)
        try:
            yield folder
        finally:
            os.close(folder)

    def _write(self, folder: int, name: str, data: bytes) -> None:
        part = f".{os.urandom(8).hex()}.part"
        fd = os.open(part, _NEW_FILE_FLAGS, 0o600, dir_fd=folder)
        try:
            try:
                write_all(fd, data)
                # Finer than the system's own times, so that the order of use is a real one.
                now = self._wall_clock()
                os.utime(fd, (now, now))
            finally:
                os.close(fd)
            os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            remove(folder, part)
            raise

    def _touch(self, folder: int, name: str) -> None:
        # Whoever removed it meanwhile does not mind.
        with contextlib.suppress(OSError):
            now = self._wall_clock()
            if abs(now - os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime) > _TOUCH_S:
                os.utime(name, (now, now), dir_fd=folder, follow_symlinks=False)

    def _count(self, folder: int) -> int:
        self._written_bytes = 0
        return sum(size for _, size, _ in self._files(folder))

    def _make_room(self, folder: int, goal: int) -> None:
        files = sorted(self._files(folder))
        total = sum(size for _, size, _ in files)
        for _, size, name in files:
            if total <= goal:
                break
            remove(folder, name)
            total -= size
        self._known_bytes = total
        self._written_bytes = 0

    def _files(self, folder: int) -> Iterator[tuple[float, int, str]]:
        """Last use, size and name of each of our files; what a crash has left is removed on the way."""
        now = self._wall_clock()
        with os.scandir(folder) as entries:
            for entry in entries:
                is_part = _PART.fullmatch(entry.name)
                if not is_part and not _NAME.fullmatch(entry.name):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if is_part:
                    if abs(now - status.st_mtime) > _OLD_PART_S:
                        remove(folder, entry.name)
                elif not stat.S_ISDIR(status.st_mode):
                    # A time to come would make a file stay for ever.
                    yield min(status.st_mtime, now), status.st_size, entry.name


def _name_of(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
