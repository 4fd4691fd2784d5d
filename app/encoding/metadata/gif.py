"""GIF: blocks, whose contents lie in strings of at most 255 bytes.

Comments, texts (which no viewer shows) and the extensions of applications go, but for the one that repeats an animation
and the one with an ICC profile.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.encoding.metadata.plan import Piece, Source, Span

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_PLAIN_TEXT, _CONTROL, _COMMENT, _APPLICATION = 0x01, 0xF9, 0xFE, 0xFF
_KEPT_APPLICATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")


def plan(source: Source) -> Sequence[Piece]:
    """What to keep of a GIF file. Raises DamagedImage."""
    header = source.read(0, 13)
    if header[:6] not in (b"GIF87a", b"GIF89a"):
        raise source.damaged("no GIF header")
    at = 13 + _table_bytes(header[10])
    source.need(at, "the colour table")
    pieces: list[Piece] = [Span(0, at)]
    while at < source.size:
        kind = source.read(at, 1)[0]
        if kind == _TRAILER:
            break
        if kind == _IMAGE:
            packed = source.read(at + 9, 1)[0]
            end = _end_of_strings(source, at + 10 + _table_bytes(packed) + 1)
            pieces.append(Span(at, end - at))
        elif kind == _EXTENSION:
            end = _end_of_strings(source, at + 2)
            if _is_kept(source, at):
                pieces.append(Span(at, end - at))
        elif kind == 0:
            # Some writers leave an empty string too many between blocks; readers skip it.
            end = at + 1
        else:
            raise source.damaged(f"unknown block {kind:02x} at {at}")
        at = end
    return [*pieces, bytes([_TRAILER])]


def _table_bytes(packed: int) -> int:
    """Length of the colour table that a flag byte announces."""
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0


def _end_of_strings(source: Source, at: int) -> int:
    """Where a row of strings ends: behind its empty one."""
    while (length := source.read(at, 1)[0]) != 0:
        at += 1 + length
    return at + 1


def _is_kept(source: Source, at: int) -> bool:
    label = source.read(at + 1, 1)[0]
    if label == _APPLICATION:
        return source.read(at + 2, 1) == b"\x0b" and source.read(at + 3, 11) in _KEPT_APPLICATIONS
    if label in (_PLAIN_TEXT, _COMMENT):
        return False
    if label == _CONTROL:
        if source.read(at + 2, 1) + source.read(at + 7, 1) != b"\x04\0":
            raise source.damaged(f"control block of impossible length at {at}")
        return True
    raise source.damaged(f"unknown extension {label:02x} at {at}")
