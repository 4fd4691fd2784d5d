"""The way of working that all formats share: read the file's skeleton, then copy the parts to keep.

A plan is a list of pieces, each a span of the source or bytes to put in its place. Making one reads only the headers
(and, for JPEG, looks for markers), so a file of any size takes little memory.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from app.core.errors import InputError
from app.core.images import ImageFormat

_BLOCK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of the source, to be copied."""

    offset: int
    length: int


Piece = Span | bytes


class DamagedImage(InputError):
    """A file whose structure cannot be followed to its end, so nobody can say what it still holds."""

    def __init__(self, image_format: ImageFormat, details: str) -> None:
        super().__init__(
            f"This {image_format.name} file is damaged or unusual, so its metadata cannot be removed with certainty.",
            remedy="Save it anew with a picture editor, or send it as it is by turning off “Remove metadata”.",
            details=details,
        )


class Source:
    """A seekable file of a known format, read in exact amounts."""

    def __init__(self, file: BinaryIO, image_format: ImageFormat) -> None:
        self.file = file
        self.image_format = image_format
        self.size = file.seek(0, io.SEEK_END)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly these bytes. Raises DamagedImage when the file ends before."""
        self.file.seek(offset)
        data = self.file.read(length)
        if len(data) != length:
            raise self.damaged(f"the file ends within {length} bytes at {offset}")
        return data

    def need(self, end: int, what: str) -> None:
        """Check that the file reaches to `end`. Raises DamagedImage."""
        if end > self.size:
            raise self.damaged(f"{what} reaches beyond the end of the file")

    def damaged(self, details: str) -> DamagedImage:
        """The error to raise."""
        return DamagedImage(self.image_format, details)


def write(source: Source, pieces: Sequence[Piece], target: BinaryIO) -> None:
    """Copy the pieces, in blocks. Raises DamagedImage when the source has become shorter meanwhile."""
    for piece in pieces:
        if isinstance(piece, bytes):
            target.write(piece)
            continue
        for at in range(piece.offset, piece.offset + piece.length, _BLOCK):
            target.write(source.read(at, min(_BLOCK, piece.offset + piece.length - at)))


def length_of(pieces: Sequence[Piece]) -> int:
    """How many bytes the pieces make together."""
    return sum(len(piece) if isinstance(piece, bytes) else piece.length for piece in pieces)
