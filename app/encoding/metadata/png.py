"""PNG: chunks, each with its length and name.

Kept are the pixels, palette and transparency, colour space, pixel size, and the chunks of animations. What follows the
end goes: cropping tools have left the rest of the old picture there.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from app.encoding.metadata.exif import EXIF_READ_BYTES, exif_with, is_worth_keeping, orientation
from app.encoding.metadata.plan import Piece, Source, Span

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = frozenset(b"IHDR PLTE IDAT tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD pHYs acTL fcTL fdAT".split())
_EXIF = b"eXIf"
_CRITICAL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def plan(source: Source) -> Sequence[Piece]:
    """What to keep of a PNG file. Raises DamagedImage."""
    if source.read(0, 8) != _SIGNATURE:
        raise source.damaged("no PNG signature")
    pieces: list[Piece] = [_SIGNATURE]
    at, turned = 8, 1
    while True:
        header = source.read(at, 8)
        length, kind = int.from_bytes(header[:4], "big"), header[4:]
        end = at + 12 + length
        source.need(end, f"chunk at {at}")
        if (len(pieces) == 1) != (kind == b"IHDR"):
            raise source.damaged(f"chunk {kind!r} at {at} is out of place")
        if kind == b"IEND":
            pieces.append(_chunk(kind, b""))
            break
        if kind in _KEPT:
            pieces.append(Span(at, end - at))
        elif kind == _EXIF:
            turned = orientation(source.read(at + 8, min(length, EXIF_READ_BYTES)))
        elif not kind.isalpha() or kind[0] in _CRITICAL:
            raise source.damaged(f"unknown chunk {kind!r} at {at}")
        at = end
    if is_worth_keeping(turned):
        # It may stand at the end of a file, but not every reader looks there: put it behind IHDR.
        pieces.insert(2, _chunk(_EXIF, exif_with(turned)))
    return pieces


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
