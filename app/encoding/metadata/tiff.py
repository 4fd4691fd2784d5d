"""TIFF: directories of numbered entries, which point at their values anywhere in the file.

Nothing moves. Each page's directory is written anew, in its place, with only the entries that decoding and showing
need. Whatever no such entry points at becomes zeros: EXIF, GPS, notes of the camera's maker, what editors left behind.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.encoding.metadata.plan import Patches, Piece, Source

_KEPT = frozenset(
    {
        *range(254, 260),  # what sort of page, size, depth, compression
        *range(262, 267),  # meaning of the samples, thresholds, order of bits
        *(273, 274, 277, 278, 279, 280, 281, 282, 283, 284),  # strips, orientation, resolution, planes
        *range(290, 294),  # grey response, fax options
        *(296, 297, 301, 317, 318, 319, 320, 321),  # units, page number, transfer, predictor, primaries, colour map
        *(322, 323, 324, 325, 330, 332, 334, 336, 338, 339, 340, 341, 342, 347),  # tiles, sub-pages, inks, samples
        *(529, 530, 531, 532, 34675),  # YCbCr, ICC profile
    }
)
_COMPRESSION, _OLD_JPEG = 259, 6
_STRIPS, _STRIP_LENGTHS, _TILES, _TILE_LENGTHS, _SUB_PAGES = 273, 279, 324, 325, 330
_FORMS = {1: "B", 2: "B", 3: "H", 4: "I", 5: "Q", 6: "B", 7: "B", 8: "H", 9: "I", 10: "Q", 11: "I", 12: "Q", 13: "I"}
"""Numbers of the length of each type; which kind of number matters only for lengths and places."""
_ENTRY = 12
_MOST_PAGES = 4096
_HEADER = 8


@dataclass(frozen=True, slots=True)
class _Entry:
    raw: bytes
    form: str
    place: int
    length: int
    """Of its value, in bytes."""


def plan(source: Source) -> Sequence[Piece]:
    """What to keep of a TIFF file. Raises DamagedImage."""
    return _Walk(source).pieces()


class _Walk:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._patches = Patches(source)
        self._wanted: list[tuple[int, int]] = [(0, _HEADER)]
        self._seen: set[int] = set()
        header = source.read(0, _HEADER)
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(header[:4])
        if order is None:
            raise source.damaged("no TIFF header")
        self._order = order
        self._first: int = struct.unpack(f"{order}I", header[4:])[0]

    def pieces(self) -> Sequence[Piece]:
        pages = [self._first]
        while pages:
            offset = pages.pop()
            if offset:
                pages += self._clean(offset)
        if not self._seen:
            raise self._source.damaged("no page")
        end = 0
        for start, stop in sorted(self._wanted):
            if start > end:
                self._patches.blank(end, start - end)
            end = max(end, stop)
        self._patches.blank(end, self._source.size - end)
        return self._patches.pieces()

    def _clean(self, offset: int) -> list[int]:
        """Write a page's directory anew; returns where the next one and its sub-pages are."""
        if offset in self._seen or len(self._seen) > _MOST_PAGES:
            raise self._source.damaged(f"directory at {offset} comes twice")
        self._seen.add(offset)
        (count,) = struct.unpack(f"{self._order}H", self._source.read(offset, 2))
        length = 2 + count * _ENTRY + 4
        data = self._source.read(offset, length)
        following = data[-4:]
        kept: dict[int, _Entry] = {}
        for at in range(offset + 2, offset + length - 4, _ENTRY):
            raw = data[at - offset : at - offset + _ENTRY]
            (tag,) = struct.unpack(f"{self._order}H", raw[:2])
            if tag in _KEPT:
                kept[tag] = self._entry(raw, at)
        directory = struct.pack(f"{self._order}H", len(kept)) + b"".join(entry.raw for entry in kept.values())
        self._want(offset, length)
        self._patches.replace(offset, (directory + following).ljust(length, b"\0"))
        for entry in kept.values():
            self._want(entry.place, entry.length)
        self._want_pixels(kept)
        next_page: int = struct.unpack(f"{self._order}I", following)[0]
        return [next_page, *(self._numbers(kept[_SUB_PAGES]) if _SUB_PAGES in kept else ())]

    def _entry(self, raw: bytes, at: int) -> _Entry:
        tag, kind, count, place = struct.unpack(f"{self._order}HHII", raw)
        if kind not in _FORMS:
            raise self._source.damaged(f"entry {tag} of unknown type {kind}")
        length = struct.calcsize(_FORMS[kind]) * count
        return _Entry(raw, _FORMS[kind], place if length > 4 else at + 8, length)

    def _want_pixels(self, page: dict[int, _Entry]) -> None:
        if _COMPRESSION in page and list(self._numbers(page[_COMPRESSION])) == [_OLD_JPEG]:
            raise self._source.damaged("JPEG of the old kind, whose parts lie anywhere")
        found = False
        for places, lengths in ((_STRIPS, _STRIP_LENGTHS), (_TILES, _TILE_LENGTHS)):
            if places not in page:
                continue
            found = True
            if lengths not in page or page[places].length == 0:
                raise self._source.damaged("pixels of unknown length")
            pairs = list(self._numbers(page[places])), list(self._numbers(page[lengths]))
            if len(pairs[0]) != len(pairs[1]):
                raise self._source.damaged("pixels of unknown length")
            for place, length in zip(*pairs, strict=True):
                self._want(place, length)
        if not found:
            raise self._source.damaged("a page without pixels")

    def _numbers(self, entry: _Entry) -> Iterator[int]:
        data = self._source.read(entry.place, entry.length)
        return (number for (number,) in struct.iter_unpack(self._order + entry.form, data))

    def _want(self, offset: int, length: int) -> None:
        self._source.need(offset + length, f"part at {offset}")
        self._wanted.append((offset, offset + length))
