"""Frames: four bytes of length, then a JSON object of at most 64 KiB. Light: every handed-over command loads it."""

from __future__ import annotations

import json
from collections.abc import Mapping

PROTOCOL = 1
"""Raised when an older program could misunderstand a newer one."""
MAX_FRAME_BYTES = 65536
HEADER_BYTES = 4
DEADLINE_S = 2.0
"""How long either side waits for the other's part of the introduction, in seconds."""
CHUNK_CHARS = 8192
"""How much text goes into one frame: even when each character needs an escape of six bytes, it fits."""


class ProtocolError(Exception):
    """The other side does not speak as it should. Never shown as it is."""


def encode(message: Mapping[str, object]) -> bytes:
    """One frame. ASCII, with escapes for what is not: file names that are no text survive it. Raises ProtocolError."""
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    if len(body) > MAX_FRAME_BYTES:
        raise ProtocolError(f"too large: {len(body)} bytes")
    return len(body).to_bytes(HEADER_BYTES, "big") + body


def body_size(header: bytes) -> int:
    """How many bytes follow this header. Raises ProtocolError."""
    size = int.from_bytes(header, "big")
    if not 2 <= size <= MAX_FRAME_BYTES:
        raise ProtocolError(f"a frame of {size} bytes")
    return size


def decode(body: bytes) -> dict[str, object]:
    """The object in a frame. Raises ProtocolError, however deep or odd it is."""
    try:
        # As text, because from bytes json would guess at other encodings.
        message = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("not JSON") from error
    if not isinstance(message, dict):
        raise ProtocolError("not an object")
    return message


def _refuse(name: str) -> object:
    raise ValueError(name)
