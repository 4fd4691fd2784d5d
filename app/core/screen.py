"""A frozen picture of the desktop: monitors, their pixels, the windows on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.core.geometry import Rect, bounding


@dataclass(frozen=True, slots=True)
class Monitor:
    """One screen of the desktop. `number` counts from 1, left to right, then top to bottom."""

    number: int
    name: str
    rect_px: Rect
    scale: float = 1.0
    """Device pixels per logical pixel, as the desktop scales this monitor."""
    is_primary: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Pixels of a rectangle of the desktop.

    `pixels` holds `rect_px.height` rows of `stride` bytes, top to bottom; each row begins with `rect_px.width` pixels
    of 4 bytes, in the order blue, green, red, unused. The buffer is never written to after the frame is made.
    """

    rect_px: Rect
    pixels: memoryview = field(repr=False)
    stride: int

    def crop(self, rect_px: Rect) -> Frame:
        """The part inside `rect_px` (clipped to this frame), sharing the same memory."""
        part = rect_px.intersected(self.rect_px)
        if part.is_empty:
            return Frame(part, memoryview(b""), self.stride)
        start = (part.y - self.rect_px.y) * self.stride + (part.x - self.rect_px.x) * 4
        end = start + (part.height - 1) * self.stride + part.width * 4
        return Frame(part, self.pixels[start:end], self.stride)

    def thumbnail(self, most_px: int) -> Frame:
        """Every n-th pixel of every n-th row, so that neither side is over `most_px`: quick, and rough."""
        step = -(-max(self.rect_px.width, self.rect_px.height) // most_px)
        if step <= 1:
            return self
        row = self.rect_px.width * 4
        lines = [
            self.pixels[y * self.stride : y * self.stride + row].cast("I")[::step].tobytes()
            for y in range(0, self.rect_px.height, step)
        ]
        width = -(-self.rect_px.width // step)
        return Frame(Rect(0, 0, width, len(lines)), memoryview(b"".join(lines)), width * 4)

    def packed(self) -> bytes:
        """The pixels without padding: `height` rows of exactly `width * 4` bytes."""
        row = self.rect_px.width * 4
        if row == self.stride and len(self.pixels) == row * self.rect_px.height:
            return bytes(self.pixels)
        return b"".join(self.pixels[y * self.stride : y * self.stride + row] for y in range(self.rect_px.height))


@dataclass(frozen=True, slots=True)
class WindowInfo:
    """A top-level window that can be taken with one click."""

    id: int
    title: str = field(repr=False)
    rect_px: Rect
    """With its decorations, clipped to the desktop."""
    client_rect_px: Rect
    """Without its decorations."""


def shown_title(text: str) -> str:
    """A window's title as a label bears it: on one line, without control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """A window to be found again: by its number while the program runs that made it, else by its title."""

    id: int
    title: str = field(repr=False)


def same_window(windows: Sequence[WindowInfo], known: KnownWindow) -> WindowInfo | None:
    """The window that is meant, among those on the screen now; None when it is not there.

    Numbers are given anew after a restart, so one whose title has nothing of the old one is another window.
    """
    by_title = [window for window in windows if window.title == known.title]
    by_id = [window for window in windows if window.id == known.id]
    if by_id and (by_id[0] in by_title or _program(by_id[0].title) == _program(known.title)):
        return by_id[0]
    return by_title[0] if by_title and known.title else None


def _program(title: str) -> str:
    """The part of a title that stays when its document changes: programs write “document - program”."""
    for dash in (" — ", " – ", " - "):
        title = title.rpartition(dash)[2]
    return title


@dataclass(frozen=True, slots=True)
class Desktop:
    """Everything that was on the screens at one moment."""

    monitors: tuple[Monitor, ...]
    frames: tuple[Frame, ...]
    """One for each monitor, in the same order."""
    windows: tuple[WindowInfo, ...] = ()
    """From the topmost to the lowest."""
    is_chosen: bool = False
    """True when the person has chosen the part already, in a dialog of the desktop's own: this is that part."""

    @property
    def rect_px(self) -> Rect:
        """The bounding box of all monitors."""
        return bounding(tuple(monitor.rect_px for monitor in self.monitors))

    def crop(self, rect_px: Rect) -> Frame:
        """The pixels inside `rect_px`, clipped to the desktop; what no monitor shows is black.

        Shares memory when the rectangle lies on one monitor, and copies once when it spans several.
        """
        part = rect_px.intersected(self.rect_px)
        touched = [frame for frame in self.frames if not frame.rect_px.intersected(part).is_empty]
        if len(touched) == 1 and touched[0].rect_px.encloses(part):
            return touched[0].crop(part)
        stride = part.width * 4
        canvas = bytearray(stride * part.height)
        for frame in touched:
            piece = frame.crop(part)
            row = piece.rect_px.width * 4
            left = (piece.rect_px.x - part.x) * 4
            for y in range(piece.rect_px.height):
                start = (piece.rect_px.y - part.y + y) * stride + left
                canvas[start : start + row] = piece.pixels[y * piece.stride : y * piece.stride + row]
        return Frame(part, memoryview(canvas).toreadonly(), stride)


def without_decorations(desktop: Desktop) -> Desktop:
    """The same desktop, its windows without title bars and borders."""
    windows = (replace(window, rect_px=window.client_rect_px) for window in desktop.windows)
    return replace(desktop, windows=tuple(window for window in windows if not window.rect_px.is_empty))
