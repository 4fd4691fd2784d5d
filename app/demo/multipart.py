"""Reads an upload's multipart body straight to disk: parsed and hashed off the event loop, never held whole."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.demo.replies import ApiError

_BATCH_BYTES = 1024 * 1024
"""What is handed to the worker thread at once: large enough that changing threads costs nothing."""
_MAX_FIELDS = 32
_MAX_FIELD_BYTES = 64 * 1024
_MAX_HEADER_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Allowance:
    """What this uploader may send."""

    max_files: int
    max_file_bytes: int

    @property
    def max_body_bytes(self) -> int:
        """The longest body that can be within the allowance, form fields and part headers included."""
        return self.max_files * self.max_file_bytes + (_MAX_FIELDS + self.max_files) * _MAX_FIELD_BYTES


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A `file` part on disk. `head` is its beginning, for telling its format."""

    path: Path
    file_name: str
    size: int
    sha256: str
    head: bytes


@dataclass(slots=True)
class Form:
    """A whole multipart body."""

    files: list[ReceivedFile] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)

    def discard(self) -> None:
        """Remove files that were not moved away."""
        for file in self.files:
            file.path.unlink(missing_ok=True)


def boundary_of(content_type: str) -> bytes:
    """The boundary of a multipart/form-data type. Raises ApiError 400 when it is another type or has none."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise ApiError(400, "The request must be multipart/form-data with a boundary")
    return boundary


async def read_form(chunks: AsyncIterator[bytes], boundary: bytes, incoming: Path, allowance: Allowance) -> Form:
    """Read the body. Raises ApiError 400 for a malformed or unfinished body or too many files, 413 for a large file.

    On any failure nothing is left in `incoming`; otherwise the caller moves the files or calls `Form.discard`.
    """
    try:
        receiver = _Receiver(boundary, incoming, allowance)
    except FormParserError as error:
        raise ApiError(400, "Malformed multipart body") from error
    try:
        batch = bytearray()
        async for chunk in chunks:
            batch += chunk
            if len(batch) >= _BATCH_BYTES:
                await asyncio.to_thread(receiver.feed, bytes(batch))
                batch.clear()
        await asyncio.to_thread(receiver.feed, bytes(batch))
        return receiver.finish()
    except BaseException:
        receiver.abort()
        raise


class _Receiver:
    """The parser's call-backs. `feed` runs on one worker thread at a time."""

    def __init__(self, boundary: bytes, incoming: Path, allowance: Allowance) -> None:
        self._incoming = incoming
        self._allowance = allowance
        self._form = Form()
        self._field_count = 0
        self._is_complete = False
        self._output: BinaryIO | None = None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_data,
                "on_part_data": self._data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def feed(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise ApiError(400, "Malformed multipart body") from error

    def finish(self) -> Form:
        # A body without its closing boundary is an upload cut short: it must never be committed.
        if not self._is_complete:
            raise ApiError(400, "The multipart body ends early")
        return self._form

    def abort(self) -> None:
        if self._output is not None:
            self._output.close()
            self._path.unlink(missing_ok=True)
        self._form.discard()

    def _begin_part(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._header_bytes = 0
        self._size = 0
        self._head = bytearray()
        self._hash = hashlib.sha256()
        self._text: bytearray | None = None

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._count_header(end - start)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._count_header(end - start)

    def _count_header(self, length: int) -> None:
        self._header_bytes += length
        if self._header_bytes > _MAX_HEADER_BYTES:
            raise ApiError(400, "Malformed multipart body")

    def _end_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _begin_data(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._field_name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            self._field_count += 1
            if self._field_count > _MAX_FIELDS:
                raise ApiError(400, "Too many form fields")
            self._text = bytearray()
        elif self._field_name == "file":
            if len(self._form.files) >= self._allowance.max_files:
                raise ApiError(400, f"Too many files: at most {self._allowance.max_files} per upload")
            self._file_name = options[b"filename"].decode("utf-8", "replace")[:255]
            self._path = self._incoming / secrets.token_hex(16)
            self._output = self._path.open("xb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._text is not None:
            if self._size > _MAX_FIELD_BYTES:
                raise ApiError(400, f"The form field {self._field_name} is too long")
            self._text += data[start:end]
        elif self._output is not None:
            if self._size > self._allowance.max_file_bytes:
                limit_mb = self._allowance.max_file_bytes / (1024 * 1024)
                raise ApiError(413, f"File too large: {self._file_name} is over {limit_mb:g} MB")
            view = memoryview(data)[start:end]
            self._output.write(view)
            self._hash.update(view)
            if len(self._head) < 1024:
                self._head += view[: 1024 - len(self._head)]

    def _end_part(self) -> None:
        if self._text is not None:
            self._form.fields[self._field_name] = self._text.decode("utf-8", "replace")
        elif self._output is not None:
            self._output.close()
            self._output = None
            self._form.files.append(
                ReceivedFile(self._path, self._file_name, self._size, self._hash.hexdigest(), bytes(self._head))
            )

    def _end(self) -> None:
        self._is_complete = True
