"""The outbox: a folder with one file for each upload, and beside it a sidecar from which its row can be made again.

The order on the disk is: bytes and sidecar written and synced under other names, sidecar renamed, bytes renamed, folder
synced. A file that has its name is therefore whole and has its sidecar. Everything here blocks and raises OSError.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from app.core.errors import InputError
from app.core.images import SNIFF_BYTES, ImageFormat, sniff
from app.core.imglink import MAX_FILE_BYTES, Image, UploadOptions, Visibility
from app.core.ports import NewUpload
from app.core.uploads import UploadId, UploadItem
from app.core.workflow import SourceKind
from app.store import durable
from app.store.codec import Sidecar, dump_sidecar, load_sidecar

_SIDECAR_SUFFIX = ".json"
_MAX_SIDECAR_BYTES = 256 * 1024
_BLOCK_BYTES = 1024 * 1024
_EXTENSIONS = {image_format.mime: image_format.extension for image_format in ImageFormat}


@dataclass(frozen=True, slots=True)
class Listing:
    """What lies in the outbox: names of files with bytes, of sidecars, and of parts that were never finished."""

    files: frozenset[str]
    sidecars: frozenset[str]
    parts: frozenset[str]


class Outbox:
    """Writes, lists and removes. Safe to use from several threads: every upload has names of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = durable.private_folder(path)

    def close(self) -> None:
        """Close the folder."""
        os.close(self._folder)

    def add(self, chunks: Iterator[bytes | memoryview], new: NewUpload, created_at: datetime) -> Sidecar:
        """Store bytes under a new id; they are on the disk when it returns. Leaves nothing behind on failure."""
        upload_id = UploadId(secrets.token_hex(5))
        file = upload_id + _EXTENSIONS.get(new.mime, ".img")
        meter = _Meter()
        durable.write_part(self._folder, file, meter.through(chunks))
        sidecar = Sidecar(upload_id, file, new, meter.size, meter.sha256, created_at)
        try:
            self._write_sidecar(sidecar)
            durable.publish(self._folder, file)
            durable.sync(self._folder)
        except BaseException:
            durable.remove(self._folder, file + durable.PART_SUFFIX)
            self.discard(file)
            raise
        return sidecar

    def finish(self, sidecar: Sidecar, image: Image) -> None:
        """Note beside the file what became of it."""
        self._write_sidecar(replace(sidecar, image=image))

    def discard(self, file: str) -> None:
        """Remove a file and its sidecar, bytes first: a sidecar alone means nothing."""
        durable.remove(self._folder, file)
        durable.remove(self._folder, sidecar_name(file))

    def discard_leftover(self, name: str) -> None:
        """Remove a part, or a sidecar without its file."""
        durable.remove(self._folder, name)

    def size(self, file: str) -> int | None:
        """In bytes; None when there is no such regular file."""
        try:
            status = os.stat(file, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def listing(self) -> Listing:
        """What is there now."""
        files: set[str] = set()
        sidecars: set[str] = set()
        parts: set[str] = set()
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(durable.PART_SUFFIX):
                    parts.add(entry.name)
                elif entry.name.endswith(_SIDECAR_SUFFIX):
                    sidecars.add(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    files.add(entry.name)
        return Listing(frozenset(files), frozenset(sidecars), frozenset(parts))

    def describe(self, file: str, now: datetime) -> Sidecar | None:
        """A file's sidecar, or as much as its bytes tell when that cannot be read; None when it is no image.

        Without a sidecar nothing is known of what the person chose, so it is private.
        """
        try:
            sidecar = load_sidecar(durable.read_small(self._folder, sidecar_name(file), _MAX_SIDECAR_BYTES))
            if sidecar.file == file and sidecar.id == Path(file).stem:
                return sidecar
        except (OSError, ValueError):
            pass
        return self._describe_bytes(file, now)

    def _describe_bytes(self, file: str, now: datetime) -> Sidecar | None:
        meter, head = _Meter(), b""
        for chunk in meter.through(read_file(self.path / file)):
            head = head or bytes(chunk[:SNIFF_BYTES])
        image_format = sniff(head)
        if image_format is None:
            return None
        options = UploadOptions(visibility=Visibility.PRIVATE)
        new = NewUpload(file, file, SourceKind.FILE, image_format.mime, options)
        return Sidecar(UploadId(Path(file).stem), file, new, meter.size, meter.sha256, now)

    def _write_sidecar(self, sidecar: Sidecar) -> None:
        name = sidecar_name(sidecar.file)
        durable.write_part(self._folder, name, [dump_sidecar(sidecar)])
        try:
            durable.publish(self._folder, name)
        except OSError:
            durable.remove(self._folder, name + durable.PART_SUFFIX)
            raise


class _Meter:
    """Counts and hashes what passes through."""

    def __init__(self) -> None:
        self.size = 0
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def through(self, chunks: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
        for chunk in chunks:
            self.size += len(chunk)
            self._digest.update(chunk)
            yield chunk


def sidecar_of(item: UploadItem) -> Sidecar:
    """The sidecar that belongs to an item."""
    new = NewUpload(
        item.file_name,
        item.upload_name,
        item.kind,
        item.mime,
        item.options,
        width=item.width,
        height=item.height,
        after=item.after,
    )
    return Sidecar(item.id, item.path.name, new, item.size, item.sha256, item.created_at)


def sidecar_name(file: str) -> str:
    """What the sidecar of a file is called."""
    return file + _SIDECAR_SUFFIX


def read_bytes(data: bytes) -> Iterator[bytes | memoryview]:
    """Bytes in memory, in blocks."""
    view = memoryview(data)
    for start in range(0, len(view), _BLOCK_BYTES):
        yield view[start : start + _BLOCK_BYTES]


def read_file(path: Path) -> Iterator[bytes | memoryview]:
    """A regular file in blocks. Never hangs on a FIFO; raises InputError when it cannot be read or grows too large."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise InputError(f"“{path.name}” is not a regular file any more.")
        total = 0
        while block := _read_block(path, fd):
            total += len(block)
            if total > MAX_FILE_BYTES:
                raise InputError(f"“{path.name}” has grown over the limit of {MAX_FILE_BYTES // 2**20} MB.")
            yield block
    finally:
        os.close(fd)


def _read_block(path: Path, fd: int) -> bytes:
    try:
        return os.read(fd, _BLOCK_BYTES)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InputError:
    reason = (error.strerror or "unknown reason").lower()
    return InputError(f"“{path.name}” could not be read: {reason}.", details=repr(error))
