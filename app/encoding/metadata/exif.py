"""The one entry of EXIF that belongs to the picture: which way up it is."""

from __future__ import annotations

import struct

EXIF_READ_BYTES = 64 * 1024
"""Enough of an EXIF block to find its first directory."""

_ORIENTATION = 0x0112
_SHORT = 3
_UPRIGHT = 1


def orientation(tiff: bytes) -> int:
    """The orientation (1 to 8) in an EXIF block, which is a little TIFF file; 1 when it says nothing sensible."""
    tiff = tiff.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return _UPRIGHT
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for entry in range(count):
            tag, kind, values, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + entry * 12)
            if tag == _ORIENTATION:
                return value if (kind, values) == (_SHORT, 1) and 1 <= value <= 8 else _UPRIGHT
    except struct.error:
        return _UPRIGHT
    return _UPRIGHT


def exif_with(value: int) -> bytes:
    """An EXIF block that holds an orientation and nothing else."""
    return struct.pack("<4sIHHHIHHI", b"II*\0", 8, 1, _ORIENTATION, _SHORT, 1, value, 0, 0)


def is_worth_keeping(value: int) -> bool:
    """False for pictures that are upright anyway."""
    return value != _UPRIGHT
