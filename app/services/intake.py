"""What may be uploaded, decided before anything is sent: regular files and image data, each refusal with its reason.

Blocks for as long as the file system takes to open a file and read its first kilobyte; nothing is ever waited for (a
FIFO cannot hang it) and nothing is written. A symbolic link that the person named is followed: what counts is what it
leads to.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import InputError
from app.core.images import SNIFF_BYTES, ImageFormat, sniff
from app.core.imglink import MAX_FILE_BYTES, MAX_FILE_BYTES_ANONYMOUS

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_IMAGE_SUFFIXES = {f.extension for f in ImageFormat} | {".jpeg", ".jpe", ".jfif", ".tif", ".dib", ".svgz", ".avifs"}
_FORMATS = "JPG, PNG, GIF, WebP, SVG, BMP, ICO, TIFF or AVIF"
_KINDS = (
    (stat.S_ISDIR, "is a folder, not a file"),
    (stat.S_ISFIFO, "is a pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
    (stat.S_ISCHR, "is a device, not a file"),
    (stat.S_ISBLK, "is a device, not a file"),
)
_OPEN_ERRORS = {
    errno.ENOENT: "does not exist",
    errno.ENOTDIR: "does not exist",
    errno.ENAMETOOLONG: "does not exist: its name is too long",
    errno.ELOOP: "is a symbolic link that leads nowhere",
    errno.EACCES: "cannot be read: permission denied",
    errno.EPERM: "cannot be read: permission denied",
}


@dataclass(frozen=True, slots=True)
class CheckedData:
    """Image data that the service takes. `size` is in bytes."""

    size: int
    format: ImageFormat

    @property
    def mime(self) -> str:
        """Its media type."""
        return self.format.mime


@dataclass(frozen=True, slots=True)
class CheckedFile(CheckedData):
    """A file that the service takes, as far as its size and first bytes tell."""

    path: Path

    @property
    def shown_name(self) -> str:
        """Its name, fit to be shown and stored."""
        return shown_name(self.path)


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that is not sent, and why."""

    path: Path
    error: InputError


def check_file(path: Path, *, anonymous: bool) -> CheckedFile:
    """Check one file. `anonymous` uploads have a lower limit. Raises InputError with the one reason."""
    try:
        size, head = _look_at(path)
    except ValueError as error:  # A null byte in the name.
        raise _refused(path, "does not exist") from error
    except OSError as error:
        reason = _OPEN_ERRORS.get(error.errno or 0) or f"cannot be read: {(error.strerror or 'unknown reason').lower()}"
        if error.errno == errno.ENOENT and path.is_symlink():
            reason = "is a symbolic link that leads nowhere"
        raise _refused(path, reason, details=repr(error)) from error
    return CheckedFile(size, _check(size, head, shown_name(path), path.suffix, anonymous=anonymous), path)


def check_files(paths: Iterable[Path], *, anonymous: bool) -> tuple[CheckedFile | RefusedFile, ...]:
    """Check several, in the order given: one that is refused does not hold up the others."""
    results: list[CheckedFile | RefusedFile] = []
    for path in paths:
        try:
            results.append(check_file(path, anonymous=anonymous))
        except InputError as error:
            results.append(RefusedFile(path, error))
    return tuple(results)


def check_data(data: bytes, *, anonymous: bool, name: str = "The image") -> CheckedData:
    """Check image data from the clipboard or a drop; `name` is what to call it. Raises InputError."""
    return CheckedData(len(data), _check(len(data), data[:SNIFF_BYTES], name, "", anonymous=anonymous))


def shown_name(path: Path) -> str:
    """A file's name as text that can be shown: bytes that are no text and control characters are replaced."""
    text = os.fsencode(path.name or str(path)).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _look_at(path: Path) -> tuple[int, bytes]:
    """Size in bytes and head of a regular file. Raises InputError for anything else, ValueError or OSError."""
    # Looked at before it is opened: opening a device may already do something.
    _require_regular(path, path.stat().st_mode)
    fd = os.open(path, _FLAGS)
    try:
        status = os.fstat(fd)
        _require_regular(path, status.st_mode)
        return status.st_size, os.read(fd, SNIFF_BYTES)
    finally:
        os.close(fd)


def _require_regular(path: Path, mode: int) -> None:
    for is_kind, reason in _KINDS:
        if is_kind(mode):
            raise _refused(path, reason)
    if not stat.S_ISREG(mode):
        raise _refused(path, "is not a regular file")


def _check(size: int, head: bytes, name: str, suffix: str, *, anonymous: bool) -> ImageFormat:
    if size == 0:
        raise InputError(f"“{name}” is empty.")
    limit = MAX_FILE_BYTES_ANONYMOUS if anonymous else MAX_FILE_BYTES
    if size > limit:
        who = " without an account" if anonymous else ""
        raise InputError(f"“{name}” is too large: {_megabytes(size)}, and ImgLink takes {limit // 2**20} MB{who}.")
    image_format = sniff(head)
    if image_format is not None:
        return image_format
    if suffix.lower() in _IMAGE_SUFFIXES:
        what = "text" if _is_text(head) else "something else"
        raise InputError(f"“{name}” has the name of an image, but holds {what}.")
    raise InputError(f"“{name}” is not an image that ImgLink takes.", remedy=f"It takes {_FORMATS}.")


def _megabytes(size: int) -> str:
    # Rounded up, so that a file just over the limit does not seem to be at it.
    return f"{-(-size * 10 // 2**20) / 10:g} MB"


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3  # Only the last character is cut off.
    return True


def _refused(path: Path, reason: str, *, details: str = "") -> InputError:
    return InputError(f"“{shown_name(path)}” {reason}.", details=details)
