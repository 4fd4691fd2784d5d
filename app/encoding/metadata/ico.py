"""ICO: a list of pictures, each a bare bitmap or a whole PNG file, which is cleaned as one."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

from app.core.images import ImageFormat
from app.encoding.metadata import png
from app.encoding.metadata.plan import Piece, Source, Span, write

_ENTRY = 16
_PNG = b"\x89PNG"
_BITMAP = struct.pack("<I", 40)
"""The length of a bitmap's header, which is its beginning."""
_LARGEST_PICTURE = 16 * 1024 * 1024


def plan(source: Source) -> Sequence[Piece]:
    """What to keep of an ICO file: the list, and the pictures one behind the other. Raises DamagedImage."""
    reserved, kind, count = struct.unpack("<HHH", source.read(0, 6))
    if reserved or kind != 1:
        raise source.damaged("no icon header")
    directory = source.read(6, count * _ENTRY)
    head = struct.pack("<HHH", 0, 1, count)
    body: list[Piece] = []
    place = 6 + count * _ENTRY
    for at in range(0, len(directory), _ENTRY):
        length, offset = struct.unpack_from("<II", directory, at + 8)
        source.need(offset + length, f"picture at {offset}")
        picture, length = _picture(source, offset, length)
        head += directory[at : at + 8] + struct.pack("<II", length, place)
        body.append(picture)
        place += length
    return [head, *body]


def _picture(source: Source, offset: int, length: int) -> tuple[Piece, int]:
    start = source.read(offset, min(4, length))
    if start == _BITMAP:
        return Span(offset, length), length
    if start != _PNG:
        raise source.damaged(f"unknown kind of picture at {offset}")
    if length > _LARGEST_PICTURE:
        raise source.damaged(f"picture at {offset} is too large for an icon")
    inner = Source(io.BytesIO(source.read(offset, length)), ImageFormat.PNG)
    target = io.BytesIO()
    write(inner, png.plan(inner), target)
    return target.getvalue(), len(target.getvalue())
