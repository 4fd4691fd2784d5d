"""Pictures that are no longer quite pictures: from small valid ones, the same for the same seed."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator

from PIL import Image

_SIZE = (48, 36)


def _noise(mode: str, seed: int) -> Image.Image:
    length = len(Image.new(mode, _SIZE).tobytes())
    return Image.frombytes(mode, _SIZE, random.Random(seed).randbytes(length))


def _save(image: Image.Image, kind: str, **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def valid_pictures() -> dict[str, list[bytes]]:
    """Small pictures of every sort that the four formats have, by format."""
    rgb, rgba, gray = _noise("RGB", 1), _noise("RGBA", 2), _noise("L", 3)
    palette = rgb.quantize(16)
    frames = [_noise("P", seed) for seed in (4, 5, 6)]
    deep = Image.frombytes("I;16", _SIZE, random.Random(7).randbytes(2 * _SIZE[0] * _SIZE[1]))
    return {
        "png": [
            *(_save(image, "PNG") for image in (rgb, rgba, gray, palette, deep, rgb.convert("1"))),
            _save(palette, "PNG", transparency=3),
            _interlaced(_save(rgb, "PNG")),
            _with_chunks(_save(rgba, "PNG")),
        ],
        "jpeg": [
            _save(rgb, "JPEG"),
            _save(rgb, "JPEG", progressive=True, quality=95, subsampling=0),
            _save(gray, "JPEG"),
            _save(_noise("CMYK", 8), "JPEG"),
            _save(rgb, "JPEG", exif=_orientation(), comment=b"a comment"),
        ],
        "webp": [
            _save(rgb, "WEBP"),
            _save(rgba, "WEBP"),
            _save(rgba, "WEBP", lossless=True),
            _save(frames[0].convert("RGB"), "WEBP", save_all=True, append_images=[rgb, rgb]),
        ],
        "gif": [
            _save(palette, "GIF"),
            _save(palette, "GIF", transparency=2, interlace=0),
            _save(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=2),
            _save(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=3, comment=b"a comment"),
        ],
    }


def _orientation() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def png_chunk(name: bytes, data: bytes) -> bytes:
    """A chunk with its checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _interlaced(png: bytes) -> bytes:
    # The pixels no longer fit, which is what a damaged file is like; the header is a whole one.
    head = bytearray(png[16:29])
    head[12] = 1
    return png[:8] + png_chunk(b"IHDR", bytes(head)) + png[33:]


def _with_chunks(png: bytes) -> bytes:
    texts = png_chunk(b"tEXt", b"Title\0a title") + png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a comment"))
    return png[:33] + png_chunk(b"gAMA", struct.pack(">I", 45455)) + texts + png[33:]


# --- mutations --------------------------------------------------------------------------------------------------------

Mutation = Callable[[bytearray, random.Random, str], bytes]

_SIDES = (0, 1, 2, 511, 512, 513, 1000, 3000, 4096, 20_000, 20_001, 32_767, 65_535)
_NUMBERS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\xff\xff", b"\xff\0\0\0")


def _flip(data: bytearray, chance: random.Random, _kind: str) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 5, 30))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _flip_in_header(data: bytearray, chance: random.Random, _kind: str) -> bytes:
    for _ in range(chance.choice((1, 2, 4))):
        data[chance.randrange(min(64, len(data)))] = chance.randrange(256)
    return bytes(data)


def _truncate(data: bytearray, chance: random.Random, _kind: str) -> bytes:
    return bytes(data[: chance.randrange(len(data))])


def _number(data: bytearray, chance: random.Random, _kind: str) -> bytes:
    at = chance.randrange(len(data) - 4)
    data[at : at + 4] = chance.choice(_NUMBERS)
    return bytes(data)


def _splice(data: bytearray, chance: random.Random, _kind: str) -> bytes:
    start, end = sorted(chance.randrange(len(data)) for _ in range(2))
    piece = bytes(data[start : min(end, start + 400)])
    at = chance.randrange(len(data))
    return bytes(data[:at]) + piece * chance.choice((1, 2, 50)) + bytes(data[at:])


def _remove(data: bytearray, chance: random.Random, _kind: str) -> bytes:
    start = chance.randrange(len(data))
    del data[start : start + chance.choice((1, 4, 12, 100))]
    return bytes(data)


def _append(data: bytearray, chance: random.Random, _kind: str) -> bytes:
    return bytes(data) + chance.randbytes(chance.choice((1, 100, 5000)))


def _resize(data: bytearray, chance: random.Random, kind: str) -> bytes:
    """Another size in the header, with a right checksum where there is one; among them 65535 × 65535."""
    width, height = chance.choice(_SIDES), chance.choice(_SIDES)
    return with_size(bytes(data), kind, width, height)


def with_size(data: bytes, kind: str, width: int, height: int) -> bytes:
    """The same bytes under a header that says another size."""
    if kind == "png":
        return data[:8] + png_chunk(b"IHDR", struct.pack(">II", width, height) + data[24:29]) + data[33:]
    if kind == "gif":
        at = data.index(b"\x2c", 13)
        data = data[:6] + struct.pack("<HH", width, height) + data[10:]
        return data[: at + 5] + struct.pack("<HH", width, height) + data[at + 9 :]
    if kind == "jpeg":
        at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
        return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]
    return _webp_with_size(data, width, height)


def _webp_with_size(data: bytes, width: int, height: int) -> bytes:
    changed = bytearray(data)
    if changed[12:16] == b"VP8X":
        changed[24:27] = max(0, width - 1).to_bytes(3, "little")
        changed[27:30] = max(0, height - 1).to_bytes(3, "little")
    at = changed.find(b"VP8 ")
    if at >= 0:
        changed[at + 14 : at + 18] = struct.pack("<HH", width & 0x3FFF, height & 0x3FFF)
    at = changed.find(b"VP8L")
    if at >= 0:
        bits = (max(0, width - 1) & 0x3FFF) | (max(0, height - 1) & 0x3FFF) << 14
        changed[at + 9 : at + 13] = struct.pack("<I", bits | changed[at + 12] >> 4 << 28)
    return bytes(changed)


def _mixed_chunks(data: bytearray, chance: random.Random, kind: str) -> bytes:
    """Chunks in another order, twice or not at all, each whole; for other formats than PNG a splice."""
    if kind != "png":
        return _splice(data, chance, kind)
    chunks, at = [], 8
    while at + 8 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        chunks.append(bytes(data[at:end]))
        at = end
    chunks.insert(chance.randrange(len(chunks) + 1), chance.choice(chunks))
    if chance.random() < 0.5:
        chance.shuffle(chunks)
    if chance.random() < 0.3:
        chunks.pop(chance.randrange(len(chunks)))
    return bytes(data[:8]) + b"".join(chunks)


_MUTATIONS: tuple[Mutation, ...] = (
    *(_flip, _flip_in_header, _truncate, _number, _splice, _remove, _append, _resize, _resize, _mixed_chunks),
)


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """So many damaged pictures, a quarter of each format; one in five was damaged twice."""
    chance = random.Random(seed)
    pictures = valid_pictures()
    kinds = sorted(pictures)
    for index in range(count):
        kind = kinds[index % len(kinds)]
        data = chance.choice(pictures[kind])
        for _ in range(chance.choice((1, 1, 1, 1, 2))):
            if len(data) > 80:
                data = _once(data, chance, kind)
        yield data


def _once(data: bytes, chance: random.Random, kind: str) -> bytes:
    try:
        return chance.choice(_MUTATIONS)(bytearray(data), chance, kind)
    except (ValueError, IndexError, struct.error):
        # The second time there may be no header left to change.
        return data[: len(data) // 2]


# --- bombs ------------------------------------------------------------------------------------------------------------


_BOMB_SIZES = ((65_535, 65_535), (20_000, 20_000), (65_535, 1), (1, 65_535), (3000, 3000), (3000, 2000))


def bombs() -> Iterator[bytes]:
    """Few bytes that want to be many, or to take long."""
    pictures = valid_pictures()
    for kind, each in pictures.items():
        for data in each:
            for width, height in _BOMB_SIZES:
                yield with_size(data, kind, width, height)
    blank = Image.new("1", (3000, 2000))
    yield _save(blank, "PNG")
    yield _save(blank.convert("RGBA"), "PNG")
    yield _save(blank.convert("L"), "GIF")
    yield _save(blank.convert("RGB"), "JPEG", progressive=True, subsampling=0, quality=5)
    yield _save(blank.convert("RGB"), "WEBP", lossless=True, method=0, quality=0)
    text = zlib.compress(bytes(7_900_000), 9)
    png = pictures["png"][0]
    yield png[:33] + b"".join(png_chunk(b"zTXt", b"k%d\0\0" % index + text) for index in range(60)) + png[33:]
    scans = _save(_noise("L", 9), "JPEG", progressive=True)
    scan = scans[scans.rindex(b"\xff\xda") : -2]
    yield scans[:-2] + scan * 5000 + scans[-2:]
