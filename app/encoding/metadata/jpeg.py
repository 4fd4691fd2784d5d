"""JPEG: segments behind markers, and compressed data between them.

Kept are the tables and headers that decoding needs, JFIF's pixel density (not its thumbnail), the ICC profile, and
Adobe's note of the colour transform. Everything behind the end of the picture goes: previews, films, gain maps,
whatever was appended. A file that breaks off within its compressed data is taken as it is, for viewers show those.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.encoding.metadata.exif import exif_with, is_worth_keeping, orientation
from app.encoding.metadata.plan import Piece, Source, Span

_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_RESTARTS = range(0xD0, 0xD8)
_APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
# Frame headers, Huffman and arithmetic tables, quantisation, lines, restart interval, hierarchy.
_TABLES = frozenset({*range(0xC0, 0xC8), *range(0xC9, 0xD0), 0xDB, 0xDC, 0xDD, 0xDE, 0xDF})
_JFIF_BYTES = 14
_HEAD_BYTES = 16
_BLOCK = 256 * 1024
# In compressed data 0xFF stands before a zero, a restart marker or, as a filler, another 0xFF.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


def plan(source: Source) -> Sequence[Piece]:
    """What to keep of a JPEG file. Raises DamagedImage."""
    if source.read(0, 2) != b"\xff\xd8":
        raise source.damaged("no start of image")
    # The place for an orientation is behind SOI and JFIF, before all else.
    head: list[Piece] = [b"\xff\xd8"]
    body: list[Piece] = []
    at, turned, has_exif = 2, 1, False
    while True:
        at, marker = _marker(source, at)
        if marker == _EOI:
            body.append(b"\xff\xd9")
            break
        if marker == _TEM or marker in _RESTARTS:
            body.append(Span(at, 2))
            at += 2
            continue
        end = _segment_end(source, at)
        if marker == _SOS:
            end = _end_of_scan(source, end)
            body.append(Span(at, end - at))
            if end == source.size:
                break
        elif marker == _APP1 and not has_exif:
            found = _exif(source, at, end)
            has_exif = found is not None
            turned = found or turned
        elif marker == _APP0 and len(head) == 1 and not body:
            head += _jfif(source, at, end)
        elif _is_kept(source, marker, at, end):
            body.append(Span(at, end - at))
        at = end
    if is_worth_keeping(turned):
        payload = b"Exif\0\0" + exif_with(turned)
        head.append(b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload)
    return [*head, *body]


def _marker(source: Source, at: int) -> tuple[int, int]:
    """Where the next marker begins, past filling bytes, and which it is."""
    if source.read(at, 1) != b"\xff":
        raise source.damaged(f"no marker at {at}")
    while (code := source.read(at + 1, 1)[0]) == 0xFF:
        at += 1
    return at, code


def _segment_end(source: Source, at: int) -> int:
    length = int.from_bytes(source.read(at + 2, 2), "big")
    if length < 2:
        raise source.damaged(f"segment of impossible length at {at}")
    end = at + 2 + length
    source.need(end, f"segment at {at}")
    return end


def _is_kept(source: Source, marker: int, at: int, end: int) -> bool:
    if marker in _TABLES:
        return True
    start = source.read(at + 4, min(_HEAD_BYTES, end - at - 4))
    if marker == _APP2:
        return start.startswith(b"ICC_PROFILE\0")
    if marker == _APP14:
        return start.startswith(b"Adobe")
    if _APP0 <= marker <= _APP15 or marker == _COM:
        return False
    raise source.damaged(f"unknown marker {marker:02x} at {at}")


def _jfif(source: Source, at: int, end: int) -> list[Piece]:
    """JFIF's header with an empty thumbnail; nothing when the segment is another program's."""
    payload = source.read(at + 4, min(_JFIF_BYTES, end - at - 4))
    if len(payload) < _JFIF_BYTES or not payload.startswith(b"JFIF\0"):
        return []
    return [b"\xff\xe0" + (_JFIF_BYTES + 2).to_bytes(2, "big") + payload[:12] + b"\0\0"]


def _exif(source: Source, at: int, end: int) -> int | None:
    """The orientation when this is an EXIF segment; None when it is not."""
    payload = source.read(at + 4, end - at - 4)
    return orientation(payload) if payload.startswith(b"Exif\0") else None


def _end_of_scan(source: Source, start: int) -> int:
    """Where the marker behind the compressed data begins; the file's size when there is none."""
    for at in range(start, source.size, _BLOCK):
        # One byte more than a block: a marker's two may lie on both sides of its end.
        found = _NEXT_MARKER.search(source.read(at, min(_BLOCK + 1, source.size - at)))
        if found:
            return at + found.start()
    return source.size
