"""Files that are really on the disk, written so that a crash leaves a whole file or none.

Everything here blocks, works relative to an open folder (so that nobody can swap it for a symbolic link on the way),
and raises OSError.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

PART_SUFFIX = ".part"
"""What ends the name of a file that is not whole yet."""

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def private_folder(path: Path) -> int:
    """Make sure that `path` is a folder of ours that nobody else may enter, and open it. Returns its descriptor."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, _FOLDER_FLAGS)
    try:
        status = os.fstat(fd)
        if status.st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "belongs to another user", str(path))
        if stat.S_IMODE(status.st_mode) != 0o700:
            os.fchmod(fd, 0o700)
    except OSError:
        os.close(fd)
        raise
    return fd


def sync(fd: int) -> None:
    """Wait until what was written to `fd` is on the disk, not only in its cache."""
    if sys.platform == "darwin":
        import fcntl

        # Network drives and those of other systems do not know it: for them the ordinary way has to do.
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
            return
    os.fsync(fd)


def write_part(folder: int, name: str, chunks: Iterable[bytes | memoryview]) -> None:
    """Write `name` + `PART_SUFFIX` and sync it; `os.rename` makes it `name` later. Leaves nothing behind on failure."""
    part = name + PART_SUFFIX
    fd = os.open(part, _NEW_FILE_FLAGS, 0o600, dir_fd=folder)
    try:
        try:
            for chunk in chunks:
                write_all(fd, chunk)
            sync(fd)
        finally:
            os.close(fd)
    except BaseException:
        remove(folder, part)
        raise


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write all of `data`, however little the system takes at once."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def publish(folder: int, name: str) -> None:
    """Give a finished part its name."""
    os.rename(name + PART_SUFFIX, name, src_dir_fd=folder, dst_dir_fd=folder)


def remove(folder: int, name: str) -> None:
    """Remove a file; nothing happens when there is none or it cannot be removed: recovery will see it again."""
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        return


def read_small(folder: int, name: str, limit: int) -> bytes:
    """Read a regular file of at most `limit` bytes (more is an OSError)."""
    fd = os.open(name, _READ_FLAGS, dir_fd=folder)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", name)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, "too large", name)
    return data
