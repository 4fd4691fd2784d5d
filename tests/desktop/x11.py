"""An X client of the tests' own: what is on the screen, by another road than the program under test takes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageChops
from Xlib import X, Xatom, Xutil, display, error
from Xlib.protocol import event

from app.core.geometry import Rect

Rgb = tuple[int, int, int]


def pattern(width: int, height: int, origin_x: int = 0, origin_y: int = 0) -> Image.Image:
    """A picture in which every pixel tells its place: red is x mod 256, green y mod 256, blue which 256 × 256 tile.

    `origin_x` and `origin_y` (not negative) shift it, so that two windows can show different parts.
    """
    columns = range(origin_x, origin_x + width)
    rows = range(origin_y, origin_y + height)
    red = bytes(x & 255 for x in columns) * height
    green = b"".join(bytes([y & 255]) * width for y in rows)
    tiles = bytes((x >> 8) * 16 & 255 for x in columns)
    blue = b"".join(tiles.translate(_added(y >> 8)) for y in rows)
    return Image.merge("RGB", [Image.frombytes("L", (width, height), band) for band in (red, green, blue)])


def _added(amount: int) -> bytes:
    return bytes((value + amount) & 255 for value in range(256))


def find_pixels(picture: Image.Image, rgb: Rgb) -> Rect | None:
    """The smallest rectangle that holds every pixel of exactly this colour; None when there is none."""
    masks = [
        band.point([255 if value == wanted else 0 for value in range(256)])
        for band, wanted in zip(picture.convert("RGB").split(), rgb, strict=True)
    ]
    box = ImageChops.darker(ImageChops.darker(masks[0], masks[1]), masks[2]).getbbox()
    return None if box is None else Rect(box[0], box[1], box[2] - box[0], box[3] - box[1])


@dataclass(frozen=True, slots=True)
class ShownWindow:
    """A window on the screen, as the X server knows it."""

    id: int
    title: str
    wm_class: str
    pid: int | None
    rect_px: Rect
    """Without the window manager's decorations, in root coordinates."""
    is_managed: bool
    """False for override-redirect windows: menus, overlays, tray icons' popups."""


class PaintedWindow:
    """An ordinary window, managed by the window manager, that shows a picture exactly."""

    def __init__(self, client: XClient, window: Any, rect_px: Rect, picture: Image.Image) -> None:
        self._client = client
        self._window = window
        self.id: int = window.id
        self.rect_px = rect_px
        """The client area, in root coordinates."""
        self.picture = picture

    def close(self) -> None:
        """Take it from the screen."""
        self._window.destroy()
        self._client.sync()


class XClient:
    """One connection to the X server. For one thread."""

    def __init__(self, display_name: str) -> None:
        self._display: Any = display.Display(display_name)
        self._root: Any = self._display.screen().root
        self._gc: Any = self._root.create_gc()

    def close(self) -> None:
        """Disconnect; what it painted goes away with it."""
        self._display.close()

    def sync(self) -> None:
        """Return when the server has done everything asked of it so far."""
        self._display.sync()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole desktop in pixels."""
        geometry = self._root.get_geometry()
        return geometry.width, geometry.height

    def screenshot(self, rect_px: Rect | None = None) -> Image.Image:
        """The pixels that are on the screen now, without the mouse pointer; everything or a rectangle."""
        rect = rect_px or Rect(0, 0, *self.size)
        reply = self._root.get_image(rect.x, rect.y, rect.width, rect.height, X.ZPixmap, 0xFFFFFFFF)
        return Image.frombytes("RGB", (rect.width, rect.height), reply.data, "raw", "BGRX")

    def paint_root(self, picture: Image.Image) -> None:
        """Make the picture the desktop's background; the server repaints it whenever a window moves away."""
        pixmap = self._pixmap(picture)
        self._root.change_attributes(background_pixmap=pixmap)
        self._root.clear_area()
        pixmap.free()
        self.sync()

    def open_window(self, title: str, rect_px: Rect, picture: Image.Image) -> PaintedWindow:
        """Ask the window manager for a window whose client area lies exactly at `rect_px`."""
        pixmap = self._pixmap(picture)
        window = self._root.create_window(
            rect_px.x, rect_px.y, rect_px.width, rect_px.height, 0, X.CopyFromParent, background_pixmap=pixmap
        )
        window.set_wm_name(title)
        window.change_text_property(self._atom("_NET_WM_NAME"), self._atom("UTF8_STRING"), title)
        window.set_wm_class("painted", "Painted")
        # Static gravity keeps the inside where it was asked for, whatever decorations are put around it.
        flags = Xutil.USPosition | Xutil.USSize | Xutil.PWinGravity
        window.set_wm_normal_hints(flags=flags, win_gravity=X.StaticGravity)
        window.map()
        pixmap.free()
        self.sync()
        return PaintedWindow(self, window, rect_px, picture)

    def has_window_manager(self) -> bool:
        """True when one manages new windows; Openbox announces itself a little before, and loses what comes then."""
        if not self._property(self._root, "_NET_SUPPORTING_WM_CHECK", Xatom.WINDOW):
            return False
        window = self._root.create_window(0, 0, 9, 9, 0, X.CopyFromParent)
        window.map()
        is_managed = self._becomes(True, window.id)
        window.destroy()
        return self._becomes(False, window.id) and is_managed

    def _becomes(self, wanted: bool, window_id: int) -> bool:
        """Wait a little until the window manager lists a window, or no longer does."""
        deadline = time.monotonic() + 0.5
        while (window_id in self._property(self._root, "_NET_CLIENT_LIST", Xatom.WINDOW)) is not wanted:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    def has_tray(self) -> bool:
        """True when a tray host takes XEmbed icons."""
        owner: int = self._display.get_selection_owner(self._atom("_NET_SYSTEM_TRAY_S0"))
        return owner != 0

    def has_drag(self) -> bool:
        """True when a program has offered something by drag and drop; some leave it offered when that is over."""
        owner: int = self._display.get_selection_owner(self._atom("XdndSelection"))
        return owner != 0

    def active_window(self) -> int | None:
        """Id of the window that has the keyboard, as the window manager says."""
        values = self._property(self._root, "_NET_ACTIVE_WINDOW", Xatom.WINDOW)
        return int(values[0]) if values and values[0] else None

    def close_window(self, window_id: int) -> None:
        """Ask the window manager to close a window (EWMH's _NET_CLOSE_WINDOW), as a pager does."""
        # Data: when (now), and who asks (a pager, on behalf of the person).
        request = event.ClientMessage(
            window=self._display.create_resource_object("window", window_id),
            client_type=self._atom("_NET_CLOSE_WINDOW"),
            data=(32, [X.CurrentTime, 2, 0, 0, 0]),
        )
        self._root.send_event(request, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
        self._display.flush()

    def pointer(self) -> tuple[int, int]:
        """Where the mouse pointer is."""
        reply = self._root.query_pointer()
        return reply.root_x, reply.root_y

    def windows(self) -> tuple[ShownWindow, ...]:
        """Every visible window, from the topmost to the lowest; decorations are not windows of their own."""
        managed = set(self._property(self._root, "_NET_CLIENT_LIST", Xatom.WINDOW))
        desktop = Rect(0, 0, *self.size)
        shown = [window for window in self._shown(managed) if not window.rect_px.intersected(desktop).is_empty]
        return tuple(reversed(shown))

    def tray_icons(self) -> tuple[Rect, ...]:
        """Where the icons in the tray are, in root coordinates: the visible windows that speak XEmbed, inside others.

        Every window of Qt says that it speaks it: those of the window manager are none.
        """
        managed = set(self._property(self._root, "_NET_CLIENT_LIST", Xatom.WINDOW))
        found: list[Rect] = []
        for child in self._root.query_tree().children:
            with contextlib.suppress(error.XError):
                found += self._embedded_in(child, managed)
        return tuple(found)

    def _embedded_in(self, window: Any, managed: set[int]) -> Iterator[Rect]:
        info = self._atom("_XEMBED_INFO")
        for child in window.query_tree().children:
            is_shown = child.id not in managed and child.get_attributes().map_state == X.IsViewable
            if is_shown and child.get_full_property(info, info):
                yield self._describe(child, is_managed=False).rect_px
            else:
                yield from self._embedded_in(child, managed)

    def _shown(self, managed: set[int]) -> Iterator[ShownWindow]:
        for child in self._root.query_tree().children:
            # A window may go while we ask about it; then it is not shown.
            with contextlib.suppress(error.XError):
                client = self._managed_inside(child, managed)
                target = client or child
                attributes = target.get_attributes()
                if attributes.map_state == X.IsViewable and attributes.win_class == X.InputOutput:
                    yield self._describe(target, is_managed=client is not None)

    def _managed_inside(self, window: Any, managed: set[int]) -> Any | None:
        if window.id in managed:
            return window
        for child in window.query_tree().children:
            found = self._managed_inside(child, managed)
            if found is not None:
                return found
        return None

    def _describe(self, window: Any, *, is_managed: bool) -> ShownWindow:
        geometry = window.get_geometry()
        place = window.translate_coords(self._root, 0, 0)
        title = self._property(window, "_NET_WM_NAME", self._atom("UTF8_STRING"))
        pid = self._property(window, "_NET_WM_PID", Xatom.CARDINAL)
        wm_class = window.get_wm_class()
        return ShownWindow(
            id=window.id,
            title=bytes(title).decode("utf-8", "replace") if title else (window.get_wm_name() or ""),
            wm_class=wm_class[1] if wm_class else "",
            pid=int(pid[0]) if pid else None,
            # The reply gives the root's origin as seen from the window.
            rect_px=Rect(-place.x, -place.y, geometry.width, geometry.height),
            is_managed=is_managed,
        )

    def _atom(self, name: str) -> int:
        atom: int = self._display.intern_atom(name)
        return atom

    def _property(self, window: Any, name: str, kind: int) -> Any:
        # In one piece: a list that shrinks between two reads is an error that python-xlib cannot take.
        found = window.get_full_property(self._atom(name), kind, sizehint=4096)
        return () if found is None else found.value

    def _pixmap(self, picture: Image.Image) -> Any:
        width, height = picture.size
        pixmap = self._root.create_pixmap(width, height, self._display.screen().root_depth)
        # A request is at most 256 KiB, so the picture goes over in bands of whole rows.
        rows = max(1, 250_000 // (width * 4))
        for top in range(0, height, rows):
            band = picture.convert("RGB").crop((0, top, width, min(top + rows, height)))
            data = band.tobytes("raw", "BGRX")
            pixmap.put_image(self._gc, 0, top, width, band.height, X.ZPixmap, 24, 0, data)
        return pixmap
