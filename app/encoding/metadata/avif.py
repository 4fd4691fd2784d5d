"""AVIF: boxes within boxes, and a table that says where in the file each item lies.

Nothing moves. Items that are not pictures (EXIF, XMP, provenance), user data and boxes that nobody needs to show the
picture are overwritten with zeros; the orientation is a property of the picture itself here, and stays.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.encoding.metadata.plan import Patches, Piece, Source

_FILE_BOXES = frozenset({b"ftyp", b"styp", b"mdat", b"meta", b"moov"})
_META_BOXES = frozenset({b"hdlr", b"pitm", b"iloc", b"iinf", b"iprp", b"iref", b"idat", b"grpl", b"dinf"})
_FILM_NOTES = frozenset({b"udta", b"meta", b"uuid"})
_FILM_FOLDERS = frozenset({b"moov", b"trak", b"mdia"})
_FILM_TIMES = frozenset({b"mvhd", b"tkhd", b"mdhd"})
_PICTURES = frozenset({b"av01", b"grid", b"iovl", b"iden", b"tmap"})
_UNKNOWN = b"none"
_LARGEST_TABLE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class _Item:
    id: int
    method: int
    extents: tuple[tuple[int, int], ...]
    """Offset and length, from the beginning of the file or of `idat`, as the method says."""


def plan(source: Source) -> Sequence[Piece]:
    """What to keep of an AVIF file. Raises DamagedImage."""
    if source.read(4, 4) != b"ftyp":
        raise source.damaged("no file type")
    patches = Patches(source)
    for box in _boxes(source, 0, source.size):
        if box.kind not in _FILE_BOXES:
            _erase(patches, box)
        elif box.kind == b"meta":
            _clean_meta(source, patches, box)
        elif box.kind == b"moov":
            _clean_film(source, patches, box)
    return patches.pieces()


def _boxes(source: Source, at: int, end: int) -> Iterator[_Box]:
    while at < end:
        length, kind = struct.unpack(">I4s", source.read(at, 8))
        body = at + 8
        if length == 1:
            (length,) = struct.unpack(">Q", source.read(body, 8))
            body += 8
        stop = end if length == 0 else at + length
        if stop < body or stop > end:
            raise source.damaged(f"box {kind!r} at {at} does not fit")
        yield _Box(kind, at, body, stop)
        at = stop


def _erase(patches: Patches, box: _Box) -> None:
    """Make a box free space."""
    patches.replace(box.start + 4, b"free")
    patches.blank(box.body, box.end - box.body)


def _clean_meta(source: Source, patches: Patches, meta: _Box) -> None:
    tables: dict[bytes, _Box] = {}
    for box in _boxes(source, meta.body + 4, meta.end):
        tables[box.kind] = box
        if box.kind not in _META_BOXES:
            _erase(patches, box)
    if b"iinf" not in tables or b"iloc" not in tables:
        raise source.damaged("no table of items")
    kinds = _item_kinds(source, tables[b"iinf"])
    wanted: list[tuple[int, int]] = []
    unwanted: list[tuple[int, int]] = []
    for item in _items(source, _table(source, tables[b"iloc"])):
        place, kind = kinds.get(item.id, (0, b""))
        if kind in _PICTURES:
            wanted += _parts(source, item, tables.get(b"idat"))
            continue
        unwanted += _parts(source, item, tables.get(b"idat"))
        if place:
            # Readers refuse an EXIF item that is none, and leave alone what they do not know.
            patches.replace(place, _UNKNOWN)
    # Writers store equal bytes once, so unwanted items may overlap each other; never the picture.
    for begin, end in unwanted:
        if any(begin < other_end and other_begin < end for other_begin, other_end in wanted):
            raise source.damaged(f"notes lie within the picture at {begin}")
    patches.blank_all(unwanted)


def _parts(source: Source, item: _Item, idat: _Box | None) -> Iterator[tuple[int, int]]:
    """Where an item lies in the file: (begin, end) of each part."""
    if item.method not in (0, 1) or (item.method == 1 and idat is None):
        raise source.damaged(f"item {item.id} lies in an unknown place")
    base = idat.body if idat is not None and item.method == 1 else 0
    for offset, length in item.extents:
        if length == 0:
            raise source.damaged(f"item {item.id} has no length")
        yield base + offset, base + offset + length


def _item_kinds(source: Source, iinf: _Box) -> dict[int, tuple[int, bytes]]:
    """Item id → where its four letters stand, and which."""
    is_wide = source.read(iinf.body, 1)[0] > 0
    kinds = {}
    for box in _boxes(source, iinf.body + (8 if is_wide else 6), iinf.end):
        version = source.read(box.body, 1)[0]
        if box.kind != b"infe" or version not in (2, 3):
            raise source.damaged(f"unknown entry {box.kind!r} in the table of items")
        # Version and flags, id, protection, kind.
        form = ">4xH2x4s" if version == 2 else ">4xI2x4s"
        number, kind = struct.unpack(form, source.read(box.body, struct.calcsize(form)))
        kinds[number] = (box.body + struct.calcsize(form) - 4, kind)
    return kinds


def _table(source: Source, box: _Box) -> bytes:
    if box.end - box.body > _LARGEST_TABLE:
        raise source.damaged(f"box {box.kind!r} is too large")
    return source.read(box.body, box.end - box.body)


def _items(source: Source, table: bytes) -> Iterator[_Item]:
    """Read `iloc`, whose numbers have the lengths that it says itself."""
    at = 0

    def number(length: int) -> int:
        nonlocal at
        if at + length > len(table):
            raise source.damaged("the table of places breaks off")
        at += length
        return int.from_bytes(table[at - length : at], "big")

    version = number(1)
    number(3)
    sizes = number(2)
    offset_bytes, length_bytes = sizes >> 12, sizes >> 8 & 15
    base_bytes, index_bytes = sizes >> 4 & 15, sizes & 15 if version else 0
    if version > 2:
        raise source.damaged("unknown version of the table of places")
    id_bytes = 4 if version == 2 else 2
    for _ in range(number(id_bytes)):
        item_id = number(id_bytes)
        method = number(2) & 15 if version else 0
        if number(2):
            raise source.damaged(f"item {item_id} lies in another file")
        base = number(base_bytes)
        extents = []
        for _ in range(number(2)):
            number(index_bytes)
            offset = base + number(offset_bytes)
            extents.append((offset, number(length_bytes)))
        yield _Item(item_id, method, tuple(extents))


def _clean_film(source: Source, patches: Patches, folder: _Box) -> None:
    """Animations: no user data, no notes of a track, no times of making and changing."""
    for box in _boxes(source, folder.body, folder.end):
        if box.kind in _FILM_NOTES:
            _erase(patches, box)
        elif box.kind in _FILM_FOLDERS:
            _clean_film(source, patches, box)
        elif box.kind in _FILM_TIMES:
            length = 16 if source.read(box.body, 1)[0] == 1 else 8
            source.need(box.body + 4 + length, f"box {box.kind!r}")
            patches.replace(box.body + 4, bytes(length))
