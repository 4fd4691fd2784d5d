"""The way of working that all formats share: read the file's skeleton, then copy the parts to keep.

A plan is a list of pieces, each a span of the source or what to put in its place. Making one reads only the headers
(and, for JPEG, looks for markers), so a file of any size takes little memory.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
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


@dataclass(frozen=True, slots=True)
class Blank:
    """So many zero bytes."""

    length: int


Piece = Span | Blank | bytes


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
        # Asked beforehand, because reading would make room for whatever length a broken file names.
        self.need(offset + length, f"part at {offset}")
        self.file.seek(offset)
        data = self.file.read(length)
        if len(data) != length:
            raise self.damaged("the file became shorter while it was read")
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
        for done in range(0, piece.length, _BLOCK):
            length = min(_BLOCK, piece.length - done)
            target.write(source.read(piece.offset + done, length) if isinstance(piece, Span) else bytes(length))


class Patches:
    """Changes to a file whose parts must stay where they are, because others point at them by their place."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._changes: dict[int, bytes | Blank] = {}

    def blank(self, offset: int, length: int) -> None:
        """Put zeros over a part that is not wanted. Raises DamagedImage when it lies outside the file."""
        self._source.need(offset + length, f"part at {offset}")
        if length:
            self._add(offset, Blank(length))

    def blank_all(self, parts: Iterable[tuple[int, int]]) -> None:
        """The same for several (begin, end), which may overlap each other."""
        merged: list[tuple[int, int]] = []
        for begin, end in sorted(parts):
            if merged and begin <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((begin, end))
        for begin, end in merged:
            self.blank(begin, end - begin)

    def replace(self, offset: int, data: bytes) -> None:
        """Put other bytes there."""
        self._add(offset, data)

    def _add(self, offset: int, change: bytes | Blank) -> None:
        if offset in self._changes:
            raise self._source.damaged(f"two parts at {offset}")
        self._changes[offset] = change

    def pieces(self) -> Sequence[Piece]:
        """The whole file with the changes. Raises DamagedImage when they overlap: a part is not what it says."""
        pieces: list[Piece] = []
        at = 0
        for offset, change in sorted(self._changes.items()):
            if offset < at:
                raise self._source.damaged(f"overlapping parts at {offset}")
            if offset > at:
                pieces.append(Span(at, offset - at))
            pieces.append(change)
            at = offset + (len(change) if isinstance(change, bytes) else change.length)
        return [*pieces, Span(at, self._source.size - at)]


def length_of(pieces: Sequence[Piece]) -> int:
    """How many bytes the pieces make together."""
    return sum(len(piece) if isinstance(piece, bytes) else piece.length for piece in pieces)
