"""WebP: a RIFF file of chunks, each padded to an even length.

Kept are the picture, its transparency, the frames of an animation and the ICC profile. The header counts and flags what
follows, so it is written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.encoding.metadata.exif import EXIF_READ_BYTES, exif_with, is_worth_keeping, orientation
from app.encoding.metadata.plan import Piece, Source, Span, length_of

_EXTENDED = b"VP8X"
_PICTURES = (b"VP8 ", b"VP8L")
_KEPT = frozenset({b"ICCP", b"ANIM", b"ANMF", b"ALPH", *_PICTURES})
_FRAME_PARTS = frozenset({b"ALPH", *_PICTURES})
_FRAME_HEADER = 16
_EXIF_FLAG, _XMP_FLAG = 0x08, 0x04
_EXTENDED_BYTES = 10


def plan(source: Source) -> Sequence[Piece]:
    """What to keep of a WebP file. Raises DamagedImage."""
    header = source.read(0, 12)
    if header[:4] != b"RIFF" or header[8:] != b"WEBP":
        raise source.damaged("no WebP header")
    limit = 8 + int.from_bytes(header[4:8], "little")
    source.need(limit, "the RIFF container")
    body: list[Piece] = []
    extended: bytes | None = None
    turned = 1
    for number, (kind, at, length) in enumerate(_chunks(source, 12, limit)):
        if number == 0 and kind not in (_EXTENDED, *_PICTURES):
            raise source.damaged(f"it begins with {kind!r}")
        if number == 0 and kind == _EXTENDED:
            extended = source.read(at + 8, min(length, _EXTENDED_BYTES))
            if len(extended) < _EXTENDED_BYTES:
                raise source.damaged("its header is too short")
        elif kind in _KEPT:
            if kind == b"ANMF":
                _check_frame(source, at, length)
            body += [Span(at, 8 + length), b"\0" * (length % 2)]
        elif kind == b"EXIF" and extended is not None:
            turned = orientation(source.read(at + 8, min(length, EXIF_READ_BYTES)))
        if number == 0 and kind in _PICTURES:
            # A simple file ends here, whatever follows.
            break
    if not body:
        raise source.damaged("no picture")
    if extended is not None:
        keeps_exif = is_worth_keeping(turned)
        flags = extended[0] & ~(_EXIF_FLAG | _XMP_FLAG) | (_EXIF_FLAG if keeps_exif else 0)
        body.insert(0, _chunk(_EXTENDED, bytes([flags]) + extended[1:]))
        if keeps_exif:
            body.append(_chunk(b"EXIF", exif_with(turned)))
    return [b"RIFF" + (4 + length_of(body)).to_bytes(4, "little") + b"WEBP", *body]


def _chunks(source: Source, at: int, limit: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and length of each chunk up to `limit`."""
    while at + 8 <= limit:
        header = source.read(at, 8)
        length = int.from_bytes(header[4:], "little")
        if at + 8 + length > limit:
            raise source.damaged(f"chunk at {at} reaches beyond its container")
        yield header[:4], at, length
        at += 8 + length + length % 2


def _check_frame(source: Source, at: int, length: int) -> None:
    """A frame may hold chunks of its own; one that is not a picture has no business there."""
    if length < _FRAME_HEADER:
        raise source.damaged(f"frame at {at} is too short")
    for kind, inner, _ in _chunks(source, at + 8 + _FRAME_HEADER, at + 8 + length):
        if kind not in _FRAME_PARTS:
            raise source.damaged(f"unknown chunk {kind!r} at {inner}")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)
