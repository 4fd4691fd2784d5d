"""The mouse pointer, drawn into a frame that X delivers without it."""

from __future__ import annotations

from dataclasses import dataclass

from app.capture.x11.connection import Pending, XConnection
from app.core.geometry import Rect

_SINCE = (2, 0)


@dataclass(frozen=True, slots=True)
class CursorImage:
    """The pointer's picture at its place on the desktop."""

    rect_px: Rect
    argb: tuple[int, ...]
    """Row by row, 0xAARRGGBB, colours already multiplied by alpha."""


def ask_for_cursor(connection: XConnection) -> Pending | None:
    """Queue the question; None on a server that cannot tell (XFixes missing)."""
    from Xlib.ext import xfixes

    found = connection.extension("XFIXES", xfixes.QueryVersion, (4, 0))
    if found is None or found.version < _SINCE:
        return None
    return connection.send(xfixes.GetCursorImage, opcode=found.opcode)


def read_cursor(pending: Pending | None) -> CursorImage | None:
    """Wait for the answer; None when there is no pointer to draw."""
    reply = pending.reply() if pending else None
    if reply is None or not reply.width or not reply.height:
        return None
    rect = Rect(reply.x - reply.xhot, reply.y - reply.yhot, reply.width, reply.height)
    return CursorImage(rect, tuple(reply.cursor_image))


def draw_cursor(pixels: bytearray, rect_px: Rect, cursor: CursorImage) -> None:
    """Lay the pointer over `pixels` (BGRX rows without padding), the picture of `rect_px`."""
    part = cursor.rect_px.intersected(rect_px)
    for y in range(part.y, part.bottom):
        source = (y - cursor.rect_px.y) * cursor.rect_px.width + part.x - cursor.rect_px.x
        at = ((y - rect_px.y) * rect_px.width + part.x - rect_px.x) * 4
        for pixel in cursor.argb[source : source + part.width]:
            keep = 255 - (pixel >> 24)
            if keep < 255:
                for channel, shift in enumerate((0, 8, 16)):
                    # Rounded as X's own compositing does; clamped, because not every cursor is properly premultiplied.
                    under = (pixels[at + channel] * keep + 127) // 255
                    pixels[at + channel] = min(255, (pixel >> shift & 255) + under)
            at += 4
